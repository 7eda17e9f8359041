"""Dense codes for the values of key columns, stable for as long as a run lasts.

Text needs none of this: polars' Categorical codes already are small integers that mean the same
in every batch, as long as some Categorical is alive.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import polars as pl

from engine.backends.polars.layout import IntArray, Mask
from engine.backends.polars.plan import Plan
from engine.compiled import INT, INTS, SCATTER, TABLE, UPPER_HALF, compiled
from engine.definition.needs import columns_in
from engine.definition.types import TEXT

CODE_PREFIX: Final = "#"  # the column that holds the codes of column x is "#x"

_LEAST_SLOTS: Final = 1024
_FREE: Final = -1


class CodeBook:
    """A growing map from integers to codes 0, 1, 2 … in order of first appearance."""

    def __init__(self) -> None:
        self._known = 0
        self._values = np.zeros(_LEAST_SLOTS, dtype=np.int64)
        self._codes = np.full(_LEAST_SLOTS, _FREE)

    def __len__(self) -> int:
        return self._known

    def values(self) -> IntArray:
        """(k,) what has been encoded, by its code."""
        used = self._codes != _FREE
        known = np.empty(self._known, dtype=np.int64)
        known[self._codes[used]] = self._values[used]
        return known

    def encode(self, values: pl.Series) -> IntArray:
        """(n,) the code of each value, −1 for null."""
        null = values.is_null().to_numpy() if values.null_count() else None
        # Only compared, so that 64 bits read as signed do as well as unsigned ones.
        numbers = values.fill_null(0).to_numpy().view(np.int64)
        codes = self._encode(numbers if null is None else numbers[~null])
        if null is None:
            return codes
        spread = np.full(len(values), -1)
        spread[~null] = codes
        return spread

    def _encode(self, numbers: IntArray) -> IntArray:
        codes = np.empty(len(numbers), dtype=np.int64)
        done = 0
        while True:
            done, self._known = _encode(
                numbers, done, codes, self._values, self._codes, self._known
            )
            if done == len(numbers):
                return codes
            self._grow()

    def _grow(self) -> None:
        known = self.values()
        self._values = np.zeros(2 * len(self._values), dtype=np.int64)
        self._codes = np.full(len(self._values), _FREE)
        _encode(known, 0, np.empty_like(known), self._values, self._codes, 0)


@compiled((INTS, INT, TABLE, TABLE, TABLE, INT))
def _encode(
    numbers: IntArray,
    start: int,
    codes: IntArray,
    slot_values: IntArray,
    slot_codes: IntArray,
    known: int,
) -> tuple[int, int]:
    """Encode from ``start`` on, until the table is half full; where it stopped, and how many codes.

    Multiplicative hashing and linear probing (Knuth, vol. 3, 6.4).
    """
    mask = len(slot_codes) - 1
    for row in range(start, len(numbers)):
        slot = int((np.uint64(numbers[row]) * SCATTER) >> UPPER_HALF) & mask
        while slot_codes[slot] != _FREE and slot_values[slot] != numbers[row]:
            slot = (slot + 1) & mask
        if slot_codes[slot] == _FREE:
            if 2 * known >= mask:
                return row, known
            slot_values[slot] = numbers[row]
            slot_codes[slot] = known
            known += 1
        codes[row] = slot_codes[slot]
    return len(numbers), known


def hold_text_codes() -> pl.Series:
    """Whatever holds this keeps text codes what they are.

    polars forgets the codes of all text as soon as no Categorical is left, between two batches
    say, and gives them to other text then.
    """
    return pl.Series([""], dtype=pl.Categorical)


def text_codes(values: pl.Series) -> IntArray:
    """(n,) the process-wide code of each text, −1 for null."""
    if values.dtype != pl.Categorical:
        values = values.cast(pl.Categorical)
    physical = values.to_physical().cast(pl.Int64)
    return (physical.fill_null(-1) if physical.null_count() else physical).to_numpy()


def column_codes(name: str, rows: pl.DataFrame) -> IntArray:
    """Codes of one key column: those made before, or a text's own."""
    coded = CODE_PREFIX + name
    return rows[coded].to_numpy() if coded in rows.columns else text_codes(rows[name])


def all_codes(books: dict[str, CodeBook], rows: pl.DataFrame) -> Iterable[pl.Series]:
    """The code columns of a batch's integer key columns."""
    return (pl.Series(CODE_PREFIX + name, book.encode(rows[name])) for name, book in books.items())


class KeyCodes:
    """Codes of keys that stay the same from chunk to chunk."""

    def __init__(self) -> None:
        self._books: dict[tuple[str, ...], CodeBook] = {}

    def encode(self, key: tuple[str, ...], rows: pl.DataFrame) -> IntArray:
        """(n,) the code of each row's key, −1 where one of its columns is null."""
        if not key:
            return np.zeros(len(rows), dtype=np.int64)
        codes = column_codes(key[0], rows)
        for depth, name in enumerate(key[1:], start=2):
            more = column_codes(name, rows)
            null = (codes < 0) | (more < 0)
            codes = self._dense(key[:depth], (codes << 32) | np.where(null, 0, more), null)
        return codes

    def encode_densely(self, key: tuple[str, ...], rows: pl.DataFrame) -> IntArray:
        """The same, and codes are no greater than there are keys.

        A text's own code counts the texts of other columns too.
        """
        codes = self.encode(key, rows)
        if len(key) == 1 and CODE_PREFIX + key[0] not in rows.columns:
            return self._dense(key, codes, codes < 0)
        return codes

    def _dense(self, key: tuple[str, ...], numbers: IntArray, null: Mask) -> IntArray:
        codes = self._books.setdefault(key, CodeBook()).encode(pl.Series(numbers))
        codes[null] = -1
        return codes


def past_columns(plan: Plan) -> Iterator[str]:
    """What is kept of a row once it is past: its codes in place of what only keys look at."""
    operands = {
        name
        for aggregate in plan.halo_aggregates
        for inner in (aggregate.argument, aggregate.where)
        if inner is not None
        for name in columns_in(inner)
    }
    for name in plan.halo_history:
        coded = name in plan.key_columns and plan.schema.by_name[name].type != TEXT
        if not coded or name in operands:
            yield name
        if coded:
            yield CODE_PREFIX + name
