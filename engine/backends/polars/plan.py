"""Compile a feature set for the polars backend: what is computed, over which keys and windows.

Pure: no data, no engine. Everything here is decided once and read by every chunk.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from engine.definition.infer import type_of
from engine.definition.lower import lower
from engine.definition.needs import aggregates_in, columns_in, columns_of
from engine.definition.nodes import Aggregate, Call, Expression, FeatureSet, Window
from engine.definition.schema import Schema
from engine.definition.types import Kind, Type

_MOMENTS: Final = frozenset({"exact_mean", "exact_var", "exact_std"})
# What partials can be kept of from chunk to chunk, in a few numbers for each key.
_KEPT: Final = frozenset({"count", "sum", "sum_of_squares", "min", "max", "last"})
_HELD_IN_64_BITS: Final = frozenset({Kind.INT, Kind.MONEY, Kind.TIME, Kind.FLOAT})
# A halo is computed anew with each chunk: a day's costs little beside a chunk, weeks' do not.
LONGEST_HALO_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Span:
    """A window in ticks: ``[t − delay − length, t − delay]``; no length is for ever."""

    length: int | None
    delay: int


@dataclass(frozen=True)
class Plan:
    """A compiled feature set.

    Parameters
    ----------
    features
        The feature set.
    expressions
        Its lowered expressions, in order.
    windowed
        The distinct expressions that are computed over windows: aggregates, and the formulas over
        power sums (mean, var, std), which are finished before they leave the key's layout.
    """

    features: FeatureSet
    expressions: tuple[Expression, ...]
    windowed: tuple[Expression, ...]

    @property
    def schema(self) -> Schema:
        """The schema of the events."""
        return self.features.schema

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns of an event that are read."""
        return columns_of(self.features)

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The distinct primitive aggregates."""
        found = [node for root in self.windowed for node in aggregates_in(root)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def running(self) -> tuple[Expression, ...]:
        """The windowed expressions whose partials are carried on from chunk to chunk."""
        return tuple(node for node in self.windowed if self._runs(node))

    @cached_property
    def in_halo(self) -> tuple[Expression, ...]:
        """The windowed expressions that are computed anew in each chunk, from it and its halo."""
        return tuple(node for node in self.windowed if not self._runs(node))

    @cached_property
    def halo_aggregates(self) -> tuple[Aggregate, ...]:
        """The distinct primitive aggregates in ``in_halo``."""
        found = [node for root in self.in_halo for node in aggregates_in(root)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def _running_keys(self) -> frozenset[tuple[str, ...]]:
        """The keys with an aggregate that a halo is no place for and partials can be kept of."""
        return frozenset(
            aggregate.key
            for aggregate in self.aggregates
            if self._can_run(aggregate) and self._sees_far(aggregate)
        )

    def _runs(self, windowed: Expression) -> bool:
        found = tuple(aggregates_in(windowed))
        return found[0].key in self._running_keys and all(map(self._can_run, found))

    def _can_run(self, aggregate: Aggregate) -> bool:
        if aggregate.name == "last" and aggregate.argument is not None:
            return self.type_of(aggregate.argument).kind in _HELD_IN_64_BITS
        if aggregate.name == "n_unique":
            # Its partial is a number for each value too: a day of them is found faster in a halo.
            return self._sees_far(aggregate)
        return aggregate.name in _KEPT

    def _sees_far(self, aggregate: Aggregate) -> bool:
        span = self.span(aggregate.window)
        if span.length is None:
            return not needs_last_row_only(aggregate)
        return span.length + span.delay > LONGEST_HALO_SECONDS * self.schema.ticks_per_second

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The distinct keys."""
        return tuple(dict.fromkeys(aggregate.key for aggregate in self.aggregates))

    @cached_property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that occur in keys."""
        return tuple(dict.fromkeys(name for key in self.keys for name in key))

    @cached_property
    def history(self) -> tuple[str, ...]:
        """The columns that an event's past is asked for, event_time first."""
        return self._history_of(self.aggregates)

    @cached_property
    def halo_history(self) -> tuple[str, ...]:
        """The columns that a halo is asked for, event_time first."""
        return self._history_of(self.halo_aggregates)

    def _history_of(self, aggregates: tuple[Aggregate, ...]) -> tuple[str, ...]:
        found = [self.schema.event_time]
        for aggregate in aggregates:
            found.extend(columns_in(aggregate))
        label_time = self.schema.label_time
        if self.schema.label in found and label_time is not None:
            found.append(label_time)
        return tuple(dict.fromkeys(found))

    @cached_property
    def reach(self) -> int:
        """How many ticks back the longest finite window over a halo sees."""
        spans = [self.span(aggregate.window) for aggregate in self.halo_aggregates]
        return max(
            (span.length + span.delay for span in spans if span.length is not None), default=0
        )

    @cached_property
    def carried(self) -> tuple[Aggregate, ...]:
        """The aggregates over a halo that see for ever: of most, the last row of their key."""
        return tuple(
            aggregate
            for aggregate in self.halo_aggregates
            if self.span(aggregate.window).length is None
        )

    @cached_property
    def unbounded(self) -> tuple[Aggregate, ...]:
        """The aggregates that see for ever and need all of it, such as ``first``."""
        return tuple(aggregate for aggregate in self.carried if not needs_last_row_only(aggregate))

    @cached_property
    def is_chunkable(self) -> bool:
        """Whether a chunk needs no more than partials, a halo and the last row of each key."""
        return not self.unbounded

    def span(self, window: Window) -> Span:
        """A window in ticks of the schema's unit."""
        length = None if window.length is None else self.schema.to_ticks(window.length)
        return Span(length, self.schema.to_ticks(window.delay))

    def label_delay(self, expression: Expression, delay: int) -> int:
        """``delay`` if what an expression is depends on when a label is asked for, else 0."""
        return delay if self.schema.label in set(columns_in(expression)) else 0

    def type_of(self, expression: Expression) -> Type:
        """The type of an expression."""
        if expression not in self._types:
            self._types[expression] = type_of(expression, self.schema)
        return self._types[expression]

    @cached_property
    def _types(self) -> dict[Expression, Type]:
        return {}


def needs_last_row_only(aggregate: Aggregate) -> bool:
    """Whether an aggregate that sees for ever is answered by the last row of its key."""
    return aggregate.name == "last" and aggregate.window.delay == 0


def compile_features(features: FeatureSet) -> Plan:
    """The plan of a verified feature set."""
    expressions = lower(features)
    windowed = dict.fromkeys(node for root in expressions for node in _windowed_in(root))
    return Plan(features, expressions, tuple(windowed))


def is_windowed(expression: Expression) -> bool:
    """Whether an expression is computed over windows rather than from an event's own columns."""
    return isinstance(expression, Aggregate) or (
        isinstance(expression, Call) and expression.function in _MOMENTS
    )


def _windowed_in(expression: Expression) -> Iterator[Expression]:
    if is_windowed(expression):
        yield expression
    elif isinstance(expression, Call):
        for arg in expression.args:
            yield from _windowed_in(arg)
