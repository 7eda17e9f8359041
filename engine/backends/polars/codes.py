"""Dense codes for the values of key columns, stable for as long as a run lasts.

Text needs none of this: polars' Categorical codes already are small integers that mean the same
in every batch of a process.
"""

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from engine.backends.polars.layout import IntArray
from engine.backends.polars.plan import Plan
from engine.definition.needs import columns_in
from engine.definition.types import TEXT

CODE_PREFIX: Final = "#"  # the column that holds the codes of column x is "#x"

_SLOTS_PER_VALUE: Final = 4


class CodeBook:
    """A growing map from integers to codes 0, 1, 2 … in order of first appearance of a batch.

    Most values are found in a table by a hash of theirs, where each slot holds the one value that
    was put there last; the others take the long way through a sorted list of all.
    """

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._dtype = np.dtype(dtype)
        self._values = np.empty(0, dtype=dtype)  # ascending
        self._codes = np.empty(0, dtype=np.int64)  # the code of each value
        self._slot_values = np.empty(0, dtype=dtype)
        self._slot_codes = np.empty(0, dtype=np.int64)

    def __len__(self) -> int:
        return len(self._values)

    def encode(self, values: pl.Series) -> IntArray:
        """(n,) the code of each value, −1 for null."""
        null = values.is_null().to_numpy() if values.null_count() else None
        numbers = values.fill_null(0).to_numpy()
        codes = self._encode(numbers if null is None else numbers[~null])
        if null is None:
            return codes
        spread = np.full(len(values), -1)
        spread[~null] = codes
        return spread

    def _encode(self, values: npt.NDArray[np.generic]) -> IntArray:
        if not len(self):
            return self._long_way(values)
        slots = self._slots(values)
        codes = self._slot_codes[slots]
        missed = np.flatnonzero(self._slot_values[slots] != values)
        if len(missed):
            codes[missed] = self._long_way(values[missed])
        return codes

    def _slots(self, values: npt.NDArray[np.generic]) -> IntArray:
        """Multiplicative hashing (Knuth, vol. 3, 6.4): the product's upper bits."""
        bits = len(self._slot_codes).bit_length() - 1
        hashes = values.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return (hashes >> np.uint64(64 - bits)).view(np.int64)

    def _long_way(self, values: npt.NDArray[np.generic]) -> IntArray:
        encoded = pc.dictionary_encode(pa.array(values))
        codes = self._learn(encoded.dictionary.to_numpy(zero_copy_only=False))
        indices: npt.NDArray[np.int32] = encoded.indices.to_numpy()
        return codes[indices]

    def _learn(self, values: npt.NDArray[np.generic]) -> IntArray:
        places = np.searchsorted(self._values, values)
        if len(self._values):
            known = self._values[np.minimum(places, len(self._values) - 1)] == values
        else:
            known = np.zeros(len(values), dtype=bool)
        new = values[~known]
        codes = np.empty(len(values), dtype=np.int64)
        codes[~known] = np.arange(len(self), len(self) + len(new))
        if known.any():
            codes[known] = self._codes[places[known]]
        if len(new):
            merged = np.concatenate((self._values, new))
            order = np.argsort(merged, kind="stable")
            self._codes = np.concatenate((self._codes, codes[~known]))[order]
            self._values = merged[order]
            self._remember(new, codes[~known])
        return codes

    def _remember(self, new: npt.NDArray[np.generic], codes: IntArray) -> None:
        if _SLOTS_PER_VALUE * len(self) > len(self._slot_codes):
            size = 1 << (2 * _SLOTS_PER_VALUE * len(self)).bit_length()
            # Every slot holds a value that is known, so that no slot is mistaken for another's.
            self._slot_values = np.full(size, self._values[0], dtype=self._dtype)
            self._slot_codes = np.full(size, self._codes[0])
            new, codes = self._values, self._codes
        slots = self._slots(new)
        self._slot_values[slots] = new
        self._slot_codes[slots] = codes


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


def past_columns(plan: Plan) -> Iterator[str]:
    """What is kept of a row once it is past: its codes in place of what only keys look at."""
    operands = {
        name
        for aggregate in plan.aggregates
        for inner in (aggregate.argument, aggregate.where)
        if inner is not None
        for name in columns_in(inner)
    }
    for name in plan.history:
        coded = name in plan.key_columns and plan.schema.by_name[name].type != TEXT
        if not coded or name in operands:
            yield name
        if coded:
            yield CODE_PREFIX + name
