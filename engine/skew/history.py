"""The history that explains a value: the events that each aggregate's window shows to an event."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import polars as pl

from engine.definition.needs import aggregates_in, columns_in
from engine.definition.nodes import Aggregate, Call, Column, Expression, Feature
from engine.definition.schema import Schema
from engine.events.canonical import EVENT_ID, event_dtype
from engine.events.log import POSITION
from engine.skew.shown import Cell, shown_cell

MOST_ROWS: Final = 20

Batches = Callable[[], Iterable[pl.DataFrame]]


@dataclass(slots=True)
class Window:
    """What one aggregate's window shows to one event.

    Parameters
    ----------
    aggregate
        The aggregate. Its condition is not applied: the columns of it are among those shown.
    columns
        Names of the columns of ``rows``.
    rows
        The latest events it shows, in order, at most ``MOST_ROWS``.
    total
        How many it shows.
    later
        How many of these came only after the event: what was served when it came saw none of them.
    """

    aggregate: Aggregate
    columns: tuple[str, ...]
    rows: deque[tuple[Cell, ...]] = field(default_factory=lambda: deque(maxlen=MOST_ROWS))
    total: int = 0
    later: int = 0


@dataclass(slots=True)
class Explanation:
    """An event, and what it sees of its past.

    Parameters
    ----------
    event
        The columns of the event that the feature reads, its time among them, as they may be shown.
    time
        Its event_time, in ticks.
    windows
        One for each aggregate of the feature.
    """

    event: dict[str, Cell]
    time: int
    windows: list[Window]


def explain(
    questions: Sequence[tuple[Feature, str]], batches: Batches, schema: Schema
) -> list[Explanation]:
    """For each feature and event what explains its value there.

    Parameters
    ----------
    questions
        Features, each with the id of an event.
    batches
        The log in the order of events, with ``position`` and ``event_id``; it is read twice.
    schema
        The schema of the log.
    """
    events = _events({event_id for _, event_id in questions}, batches())
    seekers = [_Seeker(feature, events[event_id], schema) for feature, event_id in questions]
    for batch in batches():
        for seeker in seekers:
            seeker.look_at(batch)
    return [seeker.found for seeker in seekers]


def _events(ids: set[str], batches: Iterable[pl.DataFrame]) -> dict[str, dict[str, Any]]:
    found = {}
    for batch in batches:
        for event in batch.filter(pl.col(EVENT_ID).is_in(list(ids))).iter_rows(named=True):
            found[event[EVENT_ID]] = event
    return found


class _Seeker:
    """Gathers what one feature sees at one event."""

    def __init__(self, feature: Feature, event: dict[str, Any], schema: Schema) -> None:
        self._event = event
        self._schema = schema
        aggregates = dict.fromkeys(aggregates_in(feature.expression))
        time = schema.event_time
        keys = [name for aggregate in aggregates for name in aggregate.key]
        names = dict.fromkeys((time, *keys, *_own_columns(feature.expression)))
        windows = [Window(aggregate, self._columns(aggregate)) for aggregate in aggregates]
        self.found = Explanation(dict(self._cells(names, event)), event[time], windows)
        self._shown = [self._condition(aggregate) for aggregate in aggregates]

    def look_at(self, batch: pl.DataFrame) -> None:
        """Take in what windows show of a further batch."""
        for window, shown in zip(self.found.windows, self._shown, strict=True):
            seen = batch.filter(shown)
            window.total += len(seen)
            window.later += int((seen[POSITION] > self._event[POSITION]).sum())
            names = [name for name in window.columns if name in seen.columns]
            for row in seen.tail(MOST_ROWS).select(names).iter_rows(named=True):
                window.rows.append(tuple(cell for _, cell in self._cells(window.columns, row)))

    def _columns(self, aggregate: Aggregate) -> tuple[str, ...]:
        """The time, and what the argument and the condition read."""
        inner = [part for part in (aggregate.argument, aggregate.where) if part is not None]
        names = [name for part in inner for name in columns_in(part)]
        if self._schema.label in names and self._schema.label_time is not None:
            names.append(self._schema.label_time)
        return tuple(dict.fromkeys((self._schema.event_time, *names)))

    def _condition(self, aggregate: Aggregate) -> pl.Expr:
        """Whether an event is in the aggregate's window as of this one."""
        time, now = pl.col(self._schema.event_time), int(self._event[self._schema.event_time])
        latest = now - self._schema.to_ticks(aggregate.window.delay)
        earlier_arrival = pl.col(POSITION) < int(self._event[POSITION])
        shown = (time <= latest) & ((time < now) | earlier_arrival)
        if aggregate.window.length is not None:
            shown &= time >= latest - self._schema.to_ticks(aggregate.window.length)
        for name in aggregate.key:
            mine = self._event[name]
            dtype = event_dtype(self._schema.by_name[name].type)
            shown &= pl.lit(value=False) if mine is None else pl.col(name) == pl.lit(mine, dtype)
        return shown

    def _cells(self, names: Iterable[str], event: dict[str, Any]) -> Iterator[tuple[str, Cell]]:
        schema = self._schema
        for name in names:
            yield name, shown_cell(event.get(name), schema.by_name[name], schema.time_unit)


def _own_columns(expression: Expression) -> Iterator[str]:
    """The columns that an expression reads of the event itself."""
    match expression:
        case Column(name):
            yield name
        case Call(_, args):
            for arg in args:
                yield from _own_columns(arg)
        case _:
            pass
