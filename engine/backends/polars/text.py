"""Functions of text, computed once per distinct text; and calendar dates as numbers."""

from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from engine.backends.polars.codes import hold_text_codes
from engine.backends.polars.layout import IntArray, Mask
from engine.compiled import CODES, INTS, compiled

NULL: Final = -(2**62)  # no function of text here gives it, nor the next
_UNKNOWN: Final = -(2**62) + 1  # not looked at yet
_NO_CODE: Final = 2**32 - 1  # of a text that is null; polars has no such code
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


class TextMemo:
    """A function from text to whole numbers or conditions that remembers what it has seen.

    The memory is a table by Categorical code, so a batch costs a look-up for each row, and the
    function itself sees each distinct text of a run once.
    """

    def __init__(self, function: Callable[[pl.Series], pl.Series]) -> None:
        self._function = function
        self._table = np.empty(0, dtype=np.int64)
        self._codes = hold_text_codes()
        self._lock = Lock()  # chunks are computed side by side

    def numbers(self, texts: pl.Series) -> IntArray:
        """(n,) the function's values as int64; ``NULL`` where the text is null or it says so."""
        if texts.dtype != pl.Categorical:
            texts = texts.cast(pl.Categorical)
        physical = texts.to_physical()
        codes = (physical.fill_null(_NO_CODE) if physical.null_count() else physical).to_numpy()
        values, unknown = _look_up(codes, self._table)
        if unknown:
            with self._lock:
                self._learn(codes, texts, values == _UNKNOWN)
            values, _ = _look_up(codes, self._table)
        return values

    def conditions(self, texts: pl.Series) -> pl.Series:
        """(n,) the same as Boolean."""
        values = self.numbers(texts)
        truth = values != 0
        null = values == NULL
        return pl.Series(pa.array(truth, mask=null)) if null.any() else pl.Series(truth)

    def _learn(self, codes: npt.NDArray[np.uint32], texts: pl.Series, unknown: Mask) -> None:
        rows = np.flatnonzero(unknown)
        new, first = np.unique(codes[rows], return_index=True)
        # A table is never changed in sight of other threads, only replaced.
        table = np.full(max(len(self._table), 2 * int(new[-1]) + 1), _UNKNOWN)
        table[: len(self._table)] = self._table
        result = self._function(texts.gather(rows[first]).cast(pl.String))
        table[new] = result.cast(pl.Int64).fill_null(NULL).to_numpy()
        self._table = table


@compiled((CODES, INTS))
def _look_up(codes: npt.NDArray[np.uint32], table: IntArray) -> tuple[IntArray, bool]:
    """The table's values, ``_UNKNOWN`` where there is none yet, and whether that is so anywhere."""
    values = np.empty(len(codes), dtype=np.int64)
    unknown = False
    for row in range(len(codes)):
        code = np.int64(codes[row])
        if code == _NO_CODE:
            values[row] = NULL
        else:
            values[row] = table[code] if code < len(table) else _UNKNOWN
            unknown |= values[row] == _UNKNOWN
    return values, unknown


def birth_numbers(texts: pl.Series) -> pl.Series:
    """Yyyymmdd of a date written YYYY-MM-DD from year 1 on; null for anything else."""
    well_formed = texts.str.contains(_DATE)
    dates = pl.select(
        pl.when(well_formed).then(texts).str.to_date("%Y-%m-%d", strict=False)
    ).to_series()
    numbers = _numbers(dates)
    return pl.select(pl.when(dates.dt.year() >= 1).then(numbers)).to_series()


def ages(born: IntArray, days: pl.Series) -> pl.Series:
    """Whole years from births to days, at least 0; −1 for a null birth, null for a null day.

    Parameters
    ----------
    born
        (n,) births as yyyymmdd, or ``NULL``.
    days
        (n,) days counted from 1970-01-01.
    """
    today = _day_numbers(days)
    years = pl.Series(_ages(born, today.fill_null(0).to_numpy()))
    return years.set(today.is_null(), None) if today.null_count() else years


@compiled((INTS, INTS))
def _ages(born: IntArray, today: IntArray) -> IntArray:
    result = np.empty(len(born), dtype=np.int64)
    for row in range(len(born)):
        if born[row] == NULL:
            result[row] = -1
        else:
            # The difference of two such numbers holds the whole years in its upper digits.
            result[row] = max(today[row] - born[row], 0) // 10_000
    return result


def _day_numbers(days: pl.Series) -> pl.Series:
    """Yyyymmdd of days counted from 1970-01-01; a log's days are few, so each is made once."""
    low, high = days.min(), days.max()
    if not isinstance(low, int) or not isinstance(high, int):
        return days
    if high - low > len(days):
        return _numbers(days.cast(pl.Int32).cast(pl.Date))
    table = _numbers(pl.int_range(low, high + 1, dtype=pl.Int32, eager=True).cast(pl.Date))
    return table.gather(days - low)


def _numbers(dates: pl.Series) -> pl.Series:
    year = dates.dt.year().cast(pl.Int64)
    return (year * 100 + dates.dt.month()) * 100 + dates.dt.day()
