"""The columns of a state's tables; ``state.py`` says which tables there are."""

from collections.abc import Iterator, Sequence
from typing import Final

import polars as pl

from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource
from engine.backends.online.partials import Partial, Place
from engine.definition.infer import type_of
from engine.definition.nodes import Aggregate
from engine.definition.schema import Schema
from engine.events.canonical import EVENT_ID, event_dtype, event_schema

Columns = dict[str, pl.DataType]

OWNER: Final = "row"  # of an entry or a value: the row of its key
OWNERS: Final = pl.UInt32()
TIMES: Final = pl.Int64()
SLIP: Final = "slip"
SLIPS: Final[Columns] = {EVENT_ID: pl.String(), "due": TIMES}
IDS: Final[Columns] = {EVENT_ID: pl.String(), "older": pl.Boolean()}
# Sums of squares pass 63 bits.
WIDE: Final = pl.Int128()


def aside_columns(schema: Schema, names: Sequence[str]) -> Columns:
    """The columns of events that are aside, as rows hold them: the id, then ``names``."""
    return event_schema(schema, tuple(names)[1:])


def said_columns(schema: Schema) -> Columns:
    """The columns of what was said about the labels of events that are aside."""
    return {EVENT_ID: pl.String(), "label": _label_dtype(schema), "known": TIMES, "seen": TIMES}


def note_columns(schema: Schema) -> Columns:
    """The columns of what was noted about labels."""
    return {SLIP: OWNERS, "label": _label_dtype(schema), "known": TIMES, "seen": TIMES}


def key_columns(key: KeySource) -> Columns:
    """The columns of a key's states."""
    columns = {f"key{place}": _dtype(key.schema, name) for place, name in enumerate(key.key)}
    columns["t"] = TIMES
    for each in key.lanes:
        columns[f"off{each.number}"] = TIMES
        if each.is_ever:
            columns |= {f"past{each.number}": TIMES, **partial_columns(key, each)}
        for name in entry_fields(each):
            columns |= entry_columns(key, each, f"{name}_")
    return columns


def entry_columns(key: KeySource, each: LaneSource, prefix: str = "") -> Columns:
    """The columns of an entry: its time, then its arguments."""
    arguments = [event_dtype(key.layout.type_of(argument)) for argument in each.arguments]
    return {f"{prefix}{place}": dtype for place, dtype in enumerate([TIMES, *arguments])}


def pending_columns(key: KeySource, each: LaneSource) -> Columns:
    """The columns of what waits in a lane: an entry, or what one will be made of."""
    if not each.lane.labelled:
        return entry_columns(key, each)
    kept = each.kept_columns()
    dtypes = {f"{2 + place}": _dtype(key.schema, name) for place, name in enumerate(kept)}
    return {"0": TIMES, SLIP: OWNERS, **dtypes}


def partial_columns(key: KeySource, each: LaneSource) -> Columns:
    """The fields of windows without an end that hold a number or a value."""
    return {
        name: _partial_dtype(key, aggregate)
        for aggregate, _, partial in ever_partials(each)
        for name in partial.fields
        if aggregate.name in {"count", "sum", "sum_of_squares", "min", "max"}
    }


def entry_fields(each: LaneSource) -> list[str]:
    """The fields that hold an entry from before the log: the first, the latest."""
    wanted = {"first", "last"}
    fields = (
        name
        for aggregate, _, partial in ever_partials(each)
        for name in partial.fields
        if aggregate.name in wanted
    )
    return list(dict.fromkeys(fields))


def value_fields(key: KeySource, each: LaneSource) -> dict[str, tuple[Aggregate, Columns]]:
    """The fields that count values, with the columns of their tables."""
    return {
        name: (aggregate, {"value": event_dtype(key.layout.type_of(argument)), "count": TIMES})
        for aggregate, _, partial in ever_partials(each)
        for name in partial.fields
        if aggregate.name == "n_unique" and (argument := aggregate.argument) is not None
    }


def ever_partials(each: LaneSource) -> Iterator[tuple[Aggregate, Place, Partial]]:
    """The aggregates of windows without an end, with their places and partials."""
    for window in each.windows:
        if window.length is None:
            for aggregate, (place, partial) in zip(window.aggregates, window.partials, strict=True):
                yield aggregate, place, partial


def _partial_dtype(key: KeySource, aggregate: Aggregate) -> pl.DataType:
    if aggregate.name in {"min", "max"}:
        return event_dtype(type_of(aggregate, key.schema))
    return WIDE


def _label_dtype(schema: Schema) -> pl.DataType:
    return pl.Null() if schema.label is None else _dtype(schema, schema.label)


def _dtype(schema: Schema, name: str) -> pl.DataType:
    return event_dtype(schema.by_name[name].type)
