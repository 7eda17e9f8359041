"""Records to tables, and tables to records: many at a time, without an object for each.

The tables are those of one key in ``state.py``; rows are its states' places in the first of them.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from engine.backends.online.record_loops import (
    COUNT,
    DROPPED,
    LOG,
    NOTHING,
    SMALL,
    TIME,
    read_heads,
    read_logs,
    write,
)
from engine.backends.online.records import LONGEST, Records, Words, most_entries
from engine.backends.online.shapes import OWNER, OWNERS, TIMES, Columns

Bits = np.ndarray[Any, np.dtype[np.bool_]]


def tables_of(
    records: Records, addresses: Words, rows: Words, entry: Columns
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What the key's table tells of records, beside the columns of the key, and their entries.

    ``rows`` are the records' in that table.
    """
    width = records.form.width
    heads, latest = _empty(len(addresses), LOG), _empty(len(addresses), width)
    read_heads(addresses, width, heads.ravel(), latest.ravel())
    log = _empty(int(heads[:, COUNT].sum()), width)
    read_logs(addresses, width, log.ravel())
    owners = pl.Series(OWNER, np.repeat(rows, heads[:, COUNT]), pl.UInt32())
    values = zip(entry, _values(records, log, entry), strict=True)
    entries = pl.DataFrame([owners, *(each.alias(name) for name, each in values)])
    return _keys_of(records, heads, latest, entry), entries


def _keys_of(records: Records, heads: Words, latest: Words, entry: Columns) -> pl.DataFrame:
    form, j = records.form, records.form.lane
    columns = {"t": _known(heads[:, TIME]), f"off{j}": pl.Series(heads[:, DROPPED])}
    there = pl.Series(latest[:, TIME] != NOTHING)
    if form.is_ever:
        columns[f"past{j}"] = _known(latest[:, TIME])
    if form.has_latest:
        latest[latest[:, TIME] == NOTHING] = [NOTHING if kind == "t" else 0 for kind in form.kinds]
        for place, values in enumerate(_values(records, latest, entry)):
            columns[f"lst{j}_{place}"] = pl.select(pl.when(there).then(values)).to_series()
    return pl.DataFrame(columns)


def records_of(
    records: Records, keys: pl.DataFrame, log: pl.DataFrame, entry: Columns
) -> list[int | None]:
    """A record for each row of a key's table; None for one that no record can hold.

    Raises
    ------
    ValueError
        If the tables are not as they are written.
    """
    form, j = records.form, records.form.lane
    latest_of = {f"lst{j}_{place}": dtype for place, dtype in entry.items()}
    _check(keys, {"t": TIMES})
    _check(keys, {f"off{j}": TIMES}, nulls=False)
    _check(
        keys, ({f"past{j}": TIMES} if form.is_ever else {}) | (latest_of if form.has_latest else {})
    )
    _check(log, {OWNER: OWNERS, "0": TIMES}, nulls=False)
    _check(log, entry)
    owners = log[OWNER].to_numpy()
    if len(owners) and owners.max() >= len(keys):
        raise ValueError(f"an entry of no key (was row {owners.max()} of {len(keys)})")
    counts = np.bincount(owners, minlength=len(keys))
    words, exact = _words(records, [log[name] for name in entry])
    fits = (counts <= most_entries()) & (np.bincount(owners[~exact], minlength=len(keys)) == 0)
    latest = np.zeros((len(keys), form.width), np.int64)
    past = _or_nothing(keys[f"past{j}"]) if form.is_ever else np.full(len(keys), NOTHING)
    if form.has_latest:
        fields = [keys[f"lst{j}_{place}"] for place in range(form.width)]
        latest, exact = _words(records, fields)
        fits &= (exact | (past == NOTHING)) & (_or_nothing(fields[TIME]) == past)
    latest[:, TIME] = past
    dropped = keys[f"off{j}"].to_numpy()
    fits &= (dropped >= 0) & (dropped < LONGEST)
    rooms = records.rooms(counts)
    heads = [_or_nothing(keys["t"]), counts, rooms, dropped, np.zeros_like(past)]
    held = np.flatnonzero(fits)
    addresses = records.allocated(rooms[held])
    order = np.argsort(owners, kind="stable")
    order = order[fits[owners[order]]]
    head = np.stack(heads, axis=1)[held]
    write(addresses, form.width, head.ravel(), latest[held].ravel(), words[order].ravel())
    found: list[int | None] = [None] * len(keys)
    for row, address in zip(held.tolist(), addresses.tolist(), strict=True):
        found[row] = address
    return found


def _check(table: pl.DataFrame, columns: Columns, *, nulls: bool = True) -> None:
    for name, dtype in columns.items():
        column = table[name]
        if column.dtype != dtype or (column.null_count() and not nulls):
            raise ValueError(f"{name}: not as it is written (was {column.dtype})")


def _empty(rows: int, columns: int) -> Words:
    return np.empty((rows, columns), np.int64)


def _values(records: Records, words: Words, entry: Columns) -> list[pl.Series]:
    """Columns of words as the values that they stand for."""
    return [
        _value(records, kind, np.ascontiguousarray(words[:, field])).cast(dtype)
        for field, (kind, dtype) in enumerate(zip(records.form.kinds, entry.values(), strict=True))
    ]


def _value(records: Records, kind: str, words: Words) -> pl.Series:
    if kind == "d":
        return pl.Series(words.view(np.float64))
    if kind == "t":
        texts = records.codes.texts
        known = pl.Series(
            [texts.get(code) for code in range(records.codes.numbers)], dtype=pl.String
        )
        return known.gather(_known(words))
    return pl.Series(words)


def _words(records: Records, columns: Sequence[pl.Series]) -> tuple[Words, Bits]:
    """Entries as words, and which of them words hold exactly."""
    words = np.empty((len(columns[0]), len(columns)), np.int64)
    exact = np.ones(len(words), np.bool_)
    for field, (kind, column) in enumerate(zip(records.form.kinds, columns, strict=True)):
        if kind == "t":
            words[:, field] = _codes(records, column)
            continue
        exact &= column.is_not_null().to_numpy()
        if kind == "d":
            floats = column.fill_null(0.0).to_numpy()
            exact &= floats == floats  # noqa: PLR0124 - false for NaN
            words[:, field] = floats.view(np.int64)
            continue
        words[:, field] = whole = _or_nothing(column.cast(pl.Int64(), strict=False))
        exact &= whole != NOTHING if kind == "q" else (whole > -SMALL) & (whole < SMALL)
    return words, exact


def _codes(records: Records, column: pl.Series) -> Words:
    texts = column.unique(maintain_order=True)
    codes = pl.Series([records.codes[text] for text in texts], dtype=pl.Int64())
    known = pl.DataFrame({"text": texts, "code": codes})
    found = column.to_frame("text").join(
        known, on="text", how="left", nulls_equal=True, maintain_order="left"
    )
    return found["code"].to_numpy()


def _known(words: Words) -> pl.Series:
    """Whole numbers, null where there is nothing."""
    return pl.select(
        pl.when(pl.lit(pl.Series(words != NOTHING))).then(pl.Series(words))
    ).to_series()


def _or_nothing(column: pl.Series) -> Words:
    return column.fill_null(NOTHING).to_numpy()
