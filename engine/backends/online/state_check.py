"""What is told of the tables of a state before they are made into a running set.

A file's checksum tells that it is as it was written, and not that a state was. What a running set
relies on is looked at here a column at a time: dtypes, nulls, which rows tables name of each other,
and the order of times.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import polars as pl

from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import (
    IDS,
    OWNER,
    OWNERS,
    SLIP,
    SLIPS,
    Columns,
    aside_columns,
    entry_columns,
    entry_fields,
    key_columns,
    note_columns,
    partial_columns,
    pending_columns,
    said_columns,
    value_fields,
)
from engine.definition.schema import Schema
from engine.events.canonical import EVENT_ID

_TIME = "0"  # of an entry
_COUNTED = pl.Int128()

Tables = Mapping[str, pl.DataFrame]


def check_tables(
    schema: Schema, columns: Sequence[str], keys: Sequence[KeySource], tables: Tables
) -> None:
    """Refuse tables that no state of these keys has.

    Parameters
    ----------
    schema
        Of the events.
    columns
        What the rows of events hold.
    keys
        Those of the feature set.
    tables
        ``state.py`` says which.

    Raises
    ------
    ValueError
        If there are others, or some are not as they are written.
    """
    expected = dict(_expected(schema, columns, keys))
    if tables.keys() != expected.keys():
        raise ValueError(f"other tables: {sorted(tables.keys() ^ expected.keys())}")
    for name, (shape, check) in expected.items():
        table = tables[name]
        if dict(table.schema) != shape or table.columns != list(shape):
            raise ValueError(f"{name}: other columns (was {dict(table.schema)})")
        try:
            check(table, tables)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error


Check = Callable[[pl.DataFrame, Tables], None]


def _expected(
    schema: Schema, columns: Sequence[str], keys: Sequence[KeySource]
) -> Iterator[tuple[str, tuple[Columns, Check]]]:
    """The tables by name, with their columns and what else is looked at."""
    yield "ids", (IDS, lambda ids, _: _no_nulls(ids, IDS))
    yield "slips", (SLIPS, _check_slips)
    yield "notes", (note_columns(schema), _check_notes)
    time = schema.event_time
    yield (
        "aside",
        (aside_columns(schema, columns), lambda aside, _: _no_nulls(aside, (EVENT_ID, time))),
    )
    yield (
        "aside_labels",
        (said_columns(schema), lambda said, _: _no_nulls(said, (EVENT_ID, "seen"))),
    )
    for key in keys:
        owners = f"keys{key.number}"
        yield owners, (key_columns(key), _of_key(key))
        for each in key.lanes:
            here = f"{key.number}_{each.number}"
            own = {OWNER: OWNERS}
            yield f"log{here}", (own | entry_columns(key, each), _in_order(owners))
            if each.lane.delay:
                yield f"pend{here}", (own | pending_columns(key, each), _in_order(owners))
            for name, (_, counted) in value_fields(key, each).items():
                yield f"values{key.number}_{name}", (own | counted, _counts(owners))


def _check_slips(slips: pl.DataFrame, _: Tables) -> None:
    if (slips[EVENT_ID].is_null() != slips["due"].is_null()).any():
        raise ValueError("an id without an end of its waiting, or an end without an id")
    _different(slips.select(EVENT_ID).drop_nulls())


def _check_notes(notes: pl.DataFrame, tables: Tables) -> None:
    _rows_of(notes, SLIP, tables["slips"])


def _of_key(key: KeySource) -> Check:
    names = [f"key{place}" for place in range(len(key.key))]

    def check(keys: pl.DataFrame, _: Tables) -> None:
        _no_nulls(keys, names)
        if names:
            _different(keys.select(names))
        elif len(keys) > 1:
            raise ValueError("one key more than once")
        for each in key.lanes:
            _no_nulls(keys, (dropped := f"off{each.number}",))
            if (keys[dropped] < 0).any():
                raise ValueError("fewer than no entries dropped")
            if each.is_ever:
                _check_before(key, each, keys)

    return check


def _check_before(key: KeySource, each: LaneSource, keys: pl.DataFrame) -> None:
    """What came before the log: sums are there, and entries have their times or nothing."""
    sums = partial_columns(key, each)
    _no_nulls(keys, (name for name, dtype in sums.items() if dtype == _COUNTED))
    for name in entry_fields(each):
        time, *values = entry_columns(key, each, f"{name}_")
        there = keys[time].is_not_null()
        if any((keys[value].is_not_null() & ~there).any() for value in values):
            raise ValueError("an entry without its time")


def _in_order(owners: str) -> Check:
    """Entries lie state by state, by their times."""

    def check(entries: pl.DataFrame, tables: Tables) -> None:
        _rows_of(entries, OWNER, tables[owners])
        _no_nulls(entries, (_TIME,))
        owner, times = entries[OWNER], entries[_TIME]
        if ((owner == owner.shift()) & (times < times.shift())).any():
            raise ValueError("times that fall")
        if SLIP in entries.columns:
            _known_rows(entries, SLIP, tables["slips"])

    return check


def _counts(owners: str) -> Check:
    """Each value of a state stands once, with how often it was seen."""

    def check(values: pl.DataFrame, tables: Tables) -> None:
        _rows_of(values, OWNER, tables[owners])
        _no_nulls(values, ("value", "count"))
        _different(values.select(OWNER, "value"))
        if (values["count"] < 1).any():
            raise ValueError("a value that was not seen")

    return check


def _rows_of(table: pl.DataFrame, column: str, other: pl.DataFrame) -> None:
    """Whether a column names rows of another table, in their order."""
    _known_rows(table, column, other)
    if not table[column].is_sorted():
        raise ValueError("rows of another table out of its order")


def _known_rows(table: pl.DataFrame, column: str, other: pl.DataFrame) -> None:
    _no_nulls(table, (column,))
    if (table[column] >= len(other)).any():
        raise ValueError("a row that another table has not")


def _different(values: pl.DataFrame) -> None:
    if values.is_duplicated().any():
        raise ValueError("one thing more than once")


def _no_nulls(table: pl.DataFrame, columns: Iterator[str] | Sequence[str] | Columns) -> None:
    for name in columns:
        if table[name].null_count():
            raise ValueError(f"no value in {name}")
