"""Dense codes for the values of key columns, stable for as long as a run lasts.

Text needs none of this: polars' Categorical codes already are small integers that mean the same
in every batch of a process.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from engine.backends.polars.layout import IntArray

CODE_PREFIX: Final = "#"  # the column that holds the codes of column x is "#x"


class CodeBook:
    """A growing map from integers to codes 0, 1, 2 … in order of first appearance of a batch."""

    def __init__(self, dtype: npt.DTypeLike) -> None:
        self._values = np.empty(0, dtype=dtype)  # ascending
        self._codes = np.empty(0, dtype=np.int64)  # the code of each value

    def __len__(self) -> int:
        return len(self._values)

    def encode(self, values: pl.Series) -> IntArray:
        """(n,) the code of each value, −1 for null."""
        encoded = pc.dictionary_encode(_as_array(values.to_arrow()))
        codes = self._learn(encoded.dictionary.to_numpy(zero_copy_only=False))
        indices: npt.NDArray[np.int32]
        if encoded.null_count:
            codes = np.append(codes, np.int64(-1))
            indices = encoded.indices.fill_null(len(codes) - 1).to_numpy()
        else:
            indices = encoded.indices.to_numpy()
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
        return codes


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


def _as_array(data: pa.Array | pa.ChunkedArray) -> pa.Array:
    return data.combine_chunks() if isinstance(data, pa.ChunkedArray) else data
