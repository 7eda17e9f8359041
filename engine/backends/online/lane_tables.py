"""The lanes of states that are objects as tables, and from tables.

The tables are those of one key in ``state.py``; rows are its states' places in the first of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Protocol

import numpy as np
import polars as pl

from engine.backends.online.columns import (
    Values,
    columns_of,
    packed,
    set_columns,
    words_of,
)
from engine.backends.online.keys import KeySource
from engine.backends.online.labels import Slip
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import (
    OWNER,
    OWNERS,
    Columns,
    entry_columns,
    pending_columns,
    value_fields,
)
from engine.backends.online.texts import texts

Entry = tuple[Any, ...]


class SlipRows(Protocol):
    """What tells the row of each slip in the table of slips."""

    def row(self, slip: Slip) -> int:
        """The row of a slip."""


def lane_tables(
    key: KeySource, each: LaneSource, states: Sequence[Any], slips: SlipRows
) -> Iterator[tuple[str, pl.DataFrame]]:
    """The lane's log, what waits for its delay, and the values it has seen."""
    here = f"{key.number}_{each.number}"
    width = len(each.codes)
    logs = [columns_of(state, f"log{each.number}", width) for state in states]
    yield f"log{here}", _table(entry_columns(key, each), each.codes, logs)
    if each.lane.delay:
        waiting = [_waiting(state, each) for state in states]
        if each.lane.labelled:
            waiting = [[t, list(map(slips.row, own)), *kept] for t, own, *kept in waiting]
        yield f"pend{here}", _table(pending_columns(key, each), each.waiting_codes, waiting)
    for name, (_, columns) in value_fields(key, each).items():
        counts = [list((getattr(state, name) or {}).items()) for state in states]
        yield f"values{key.number}_{name}", _owned(columns, counts)


def fill_lane(
    key: KeySource,
    each: LaneSource,
    states: Sequence[Any],
    tables: Mapping[str, pl.DataFrame],
    slips: Sequence[Slip],
) -> None:
    """The lane's log, what waits for its delay, and the values it has seen, of states.

    Raises
    ------
    ValueError
        If the tables are not as they are written.
    """
    here = f"{key.number}_{each.number}"
    shape = entry_columns(key, each)
    for one, columns in _columns_by_owner(tables[f"log{here}"], shape, each.codes):
        set_columns(states[one], f"log{each.number}", columns)
    if each.lane.delay:
        table, shape = tables[f"pend{here}"], pending_columns(key, each)
        for one, columns in _columns_by_owner(table, shape, each.waiting_codes):
            if each.lane.labelled:
                columns[1] = [slips[row] for row in columns[1]]
            set_columns(states[one], f"pend{each.number}", columns)
    for name in value_fields(key, each):
        for one, counts in _by_owner(tables[f"values{key.number}_{name}"]):
            setattr(states[one], name, dict(counts))


def frame(columns: Columns, values: Sequence[Sequence[Any]]) -> pl.DataFrame:
    """A table of columns; of no rows, where there is nothing to tell the columns by."""
    if len(values) < len(columns):
        return pl.DataFrame(schema=columns)
    return pl.DataFrame(dict(zip(columns, values, strict=True)), schema=columns)


def entries_of(table: pl.DataFrame) -> list[Entry]:
    """The rows as tuples, equal texts as one."""
    columns = [values_of(column) for column in table]
    return list(zip(*columns, strict=True))


def _waiting(state: Any, each: LaneSource) -> list[Values]:  # noqa: ANN401 - a generated class
    """What waits for the lane's delay, without what is through."""
    through = getattr(state, f"head{each.number}")
    columns = columns_of(state, f"pend{each.number}", len(each.waiting_codes))
    return [column[through:] for column in columns]


def _table(
    shape: Columns, codes: Sequence[str], states: Sequence[Sequence[Values]]
) -> pl.DataFrame:
    """The columns of states under each other, with the states' rows."""
    lengths = [len(columns[0]) for columns in states]
    owners = np.repeat(np.arange(len(states)), lengths)
    table = [pl.Series(OWNER, owners).cast(OWNERS)]
    for place, (code, (name, dtype)) in enumerate(zip(codes, shape.items(), strict=True)):
        parts = [columns[place] for columns in states]
        if code:
            table.append(pl.Series(name, np.frombuffer(b"".join(parts), code)).cast(dtype))
        else:
            table.append(pl.Series(name, list(chain.from_iterable(parts)), dtype))
    return pl.DataFrame(table)


def _columns_by_owner(
    table: pl.DataFrame, shape: Columns, codes: Sequence[str]
) -> Iterator[tuple[int, list[Values]]]:
    """The columns of each state that has some entry."""
    whole: list[Any] = [
        words_of(table[name], dtype, code) if code else values_of(table[name])
        for code, (name, dtype) in zip(codes, shape.items(), strict=True)
    ]
    for owner, start, end in _runs(table):
        yield (
            owner,
            [
                packed(code, held[start:end]) if code else held[start:end]
                for code, held in zip(codes, whole, strict=True)
            ],
        )


def values_of(column: pl.Series) -> list[Any]:
    """Values, equal texts as one."""
    if column.dtype == pl.String:
        return [None if text is None else texts[text] for text in column]
    return column.to_list()


def _runs(table: pl.DataFrame) -> Iterator[tuple[int, int, int]]:
    """The rows of each state that has some: its own, and where they begin and end."""
    runs = table[OWNER].rle().struct.unnest()
    start = 0
    for owner, length in zip(runs["value"], runs["len"], strict=True):
        yield owner, start, start + length
        start += length


def _owned(columns: Columns, lists: Sequence[Sequence[Entry]]) -> pl.DataFrame:
    """What lies in lists, one for each state, under each other with their rows."""
    owners = [row for row, entries in enumerate(lists) for _ in entries]
    rows = [(*entry,) for entries in lists for entry in entries]
    return frame({OWNER: OWNERS, **columns}, [owners, *zip(*rows, strict=True)])


def _by_owner(table: pl.DataFrame) -> Iterator[tuple[int, list[Entry]]]:
    """The rows of each state that has some."""
    entries = entries_of(table.drop(OWNER))
    for owner, start, end in _runs(table):
        yield owner, entries[start:end]
