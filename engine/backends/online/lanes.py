"""What has to be remembered: the feature set's aggregates, sorted by what they look at.

A *lane* is one sequence of past events: those of a key, which fulfil a condition, from the moment
on at which a delay lets them be seen. All windows over the same sequence share it and differ in
where they begin; all aggregates over the same window share where it begins.

An aggregate over a longer key may *follow* a lane of a shorter one: the latest event of a card at
this merchant within a day is found among the card's events of a day, which are held anyway. A key
of followers alone needs no state of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from engine.backends.online.algebra import check_algebra
from engine.definition.infer import type_of
from engine.definition.lower import lower
from engine.definition.needs import aggregates_in, columns_in, columns_of
from engine.definition.nodes import Aggregate, Column, Expression, FeatureSet, Window
from engine.definition.types import Type

_DAY: Final = 86_400_000_000  # µs


@dataclass(frozen=True, slots=True)
class Lane:
    """One sequence of past events.

    Parameters
    ----------
    key
        The columns that must be equal.
    where
        What else an event must fulfil to be in it.
    delay
        Ticks after its time from which on an event is in it.
    labelled
        Whether its condition or some argument reads the label, which is looked up then.
    recent
        Whether only windows of a day or less look at its arguments, and others at another lane of
        the same events: what is held for them is held apart, for as long as they see it.
    """

    key: tuple[str, ...]
    where: Expression | None
    delay: int
    labelled: bool
    recent: bool = False


@dataclass(frozen=True, slots=True)
class Following:
    """How an aggregate follows the lane of a shorter key.

    Parameters
    ----------
    lane
        The lane in which its events are found.
    columns
        The columns of its own key that the lane's has not.
    """

    lane: Lane
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """A feature set as lanes.

    Parameters
    ----------
    features
        The feature set.
    expressions
        The features' expressions, with primitive aggregates only.
    """

    features: FeatureSet
    expressions: tuple[Expression, ...]

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """The distinct primitive aggregates."""
        return tuple(
            dict.fromkeys(node for root in self.expressions for node in aggregates_in(root))
        )

    @cached_property
    def following(self) -> dict[Aggregate, Following]:
        """The aggregates that follow the lane of a shorter key, and how."""
        lanes = self._lanes_of(self.aggregates)
        by_key: dict[tuple[str, ...], list[Aggregate]] = {}
        for aggregate in self.aggregates:
            by_key.setdefault(aggregate.key, []).append(aggregate)
        found: dict[Aggregate, Following] = {}
        following = set[tuple[str, ...]]()
        for key in sorted(by_key, key=len):
            # All events of the stream are too many to look for one among them.
            for shorter in (each for each in by_key if each and each not in following):
                ways = [self._follows(aggregate, shorter, lanes) for aggregate in by_key[key]]
                if None not in ways:
                    found |= zip(by_key[key], ways, strict=True)  # type: ignore[arg-type]  # none is None
                    following.add(key)
                    break
        return found

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The distinct keys that have a state."""
        held = (each.key for each in self.aggregates if each not in self.following)
        return tuple(dict.fromkeys(held))

    @cached_property
    def lanes(self) -> dict[Lane, dict[int | None, list[Aggregate]]]:
        """For each lane its windows by length in ticks (None: for ever), with their aggregates."""
        found = self._lanes_of(each for each in self.aggregates if each not in self.following)
        for aggregate, way in self.following.items():
            found[way.lane].setdefault(self.ticks(aggregate.window.length), [])
        return found

    def lanes_of(self, key: tuple[str, ...]) -> list[Lane]:
        """The lanes of a key."""
        return [lane for lane in self.lanes if lane.key == key]

    def followers(self, lane: Lane, length: int | None) -> list[Aggregate]:
        """The aggregates of longer keys that are found in a lane's window."""
        return [
            aggregate
            for aggregate, way in self.following.items()
            if way.lane == lane and self.ticks(aggregate.window.length) == length
        ]

    def lane_of(self, aggregate: Aggregate) -> Lane:
        """The lane of an aggregate's own key."""
        lane = self._all_of(aggregate)
        return replace(lane, recent=True) if aggregate in self._recent else lane

    def _all_of(self, aggregate: Aggregate) -> Lane:
        return Lane(
            aggregate.key,
            aggregate.where,
            self.delay_of(aggregate.window),
            self.features.schema.label in set(columns_in(aggregate)),
        )

    @cached_property
    def _recent(self) -> set[Aggregate]:
        """The aggregates whose arguments are asked for a day at most, in lanes that see longer.

        Windows without an end hold what they have seen, and entries no longer than others. Only
        an event that comes too late can tell: there are fewer left of those before it.
        """
        held: dict[tuple[Lane, Expression | None], int] = {}
        longest: dict[Lane, int] = {}
        for each in self.aggregates:
            lane, length = self._all_of(each), self.ticks(each.window.length) or 0
            longest[lane] = max(longest.get(lane, 0), length)
            held[lane, each.argument] = max(held.get((lane, each.argument), 0), length)
        day = self.features.schema.to_ticks(_DAY)
        time = Column(self.features.schema.event_time)
        return {
            each
            for each in self.aggregates
            if each.argument not in {None, time}
            and held[lane := self._all_of(each), each.argument] <= day < longest[lane]
            and not lane.delay
        }

    def arguments(self, lane: Lane) -> tuple[Expression, ...]:
        """What a lane remembers of each event beside its time, which comes first."""
        time = Column(self.features.schema.event_time)
        windows = self.lanes[lane]
        own = [aggregate for aggregates in windows.values() for aggregate in aggregates]
        others = [aggregate for length in windows for aggregate in self.followers(lane, length)]
        found = [
            *(each.argument for each in own + others),
            *(Column(name) for each in others for name in self.following[each].columns),
        ]
        return tuple(dict.fromkeys(each for each in found if each is not None and each != time))

    def reach(self, lane: Lane) -> int:
        """How many ticks back some window of the lane sees that has an end there."""
        lengths = [length for length in self.lanes[lane] if length is not None]
        return max(lengths, default=0) + lane.delay

    def delay_of(self, window: Window) -> int:
        """A window's delay in ticks."""
        return self.features.schema.to_ticks(window.delay)

    def ticks(self, microseconds: int | None) -> int | None:
        """A span in ticks of the schema's unit."""
        return None if microseconds is None else self.features.schema.to_ticks(microseconds)

    def type_of(self, expression: Expression) -> Type:
        """The type of an expression."""
        return type_of(expression, self.features.schema)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of an event that are read, event_time first, but for what comes later."""
        schema = self.features.schema
        later = {schema.label, schema.label_time, schema.event_time}
        others = (name for name in columns_of(self.features) if name not in later)
        return (schema.event_time, *others)

    @cached_property
    def longest_delay(self) -> int:
        """Ticks after which no lane asks for an event's label any more; −1 if none does."""
        return max((lane.delay for lane in self.lanes if lane.labelled), default=-1)

    def _lanes_of(
        self, aggregates: Iterator[Aggregate] | tuple[Aggregate, ...]
    ) -> dict[Lane, dict[int | None, list[Aggregate]]]:
        found: dict[Lane, dict[int | None, list[Aggregate]]] = {}
        for aggregate in aggregates:
            windows = found.setdefault(self.lane_of(aggregate), {})
            windows.setdefault(self.ticks(aggregate.window.length), []).append(aggregate)
        return found

    def _follows(
        self,
        aggregate: Aggregate,
        shorter: tuple[str, ...],
        lanes: dict[Lane, dict[int | None, list[Aggregate]]],
    ) -> Following | None:
        """How an aggregate follows a lane of a shorter key; None if it cannot."""
        if aggregate.name != "last" or not set(shorter) < set(aggregate.key):
            return None
        own = self.lane_of(aggregate)
        lane = Lane(shorter, own.where, own.delay, own.labelled)
        length = self.ticks(aggregate.window.length)
        held = max((each for each in lanes.get(lane, {}) if each is not None), default=-1)
        if own.labelled or length is None or length > held:
            return None
        return Following(lane, tuple(name for name in aggregate.key if name not in shorter))


def lay_out(features: FeatureSet) -> Layout:
    """The lanes of a verified feature set.

    Raises
    ------
    DefinitionError
        If an aggregate's declared algebra does not allow how this backend keeps it up to date.
    """
    layout = Layout(features, lower(features))
    for aggregate in layout.aggregates:
        check_algebra(aggregate)
    return layout
