"""Functions of text, computed once per distinct text; and calendar dates as numbers."""

from collections.abc import Callable
from threading import Lock
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from engine.backends.polars.codes import text_codes
from engine.backends.polars.layout import IntArray

_UNKNOWN: Final = -(2**62)  # no function of text here gives it: not looked at yet
_NULL: Final = -(2**62) + 1
_NEVER: Final = 0  # stands in for a null birth until −1 is put there
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"


class TextMemo:
    """A function from text to whole numbers or conditions that remembers what it has seen.

    The memory is a table by Categorical code, so a batch costs a look-up for each row, and the
    function itself sees each distinct text of a run once.
    """

    def __init__(self, function: Callable[[pl.Series], pl.Series], dtype: pl.DataType) -> None:
        self._function = function
        self._dtype = dtype
        self._table = np.empty(0, dtype=np.int64)
        self._lock = Lock()  # chunks are computed side by side

    def apply(self, texts: pl.Series) -> pl.Series:
        """(n,) the function's values; null where the text is null or the function says so."""
        if texts.dtype != pl.Categorical:
            texts = texts.cast(pl.Categorical)
        codes = text_codes(texts)
        with self._lock:
            self._make_room(int(codes.max(initial=-1)) + 1)
            values = self._table[codes]  # −1 finds the last entry, which stays null
            if values.min(initial=0) == _UNKNOWN:
                unknown = values == _UNKNOWN
                self._learn(codes[unknown], texts.filter(pl.Series(unknown)))
                values = self._table[codes]
        if values.min(initial=0) == _NULL:
            numbers = pl.Series(pa.array(values, mask=values == _NULL))
        else:
            numbers = pl.Series(values)
        return numbers.cast(self._dtype)

    def _make_room(self, size: int) -> None:
        if size + 1 > len(self._table):
            table = np.full(2 * size + 1, _UNKNOWN)
            table[: max(len(self._table) - 1, 0)] = self._table[:-1]
            table[-1] = _NULL
            self._table = table

    def _learn(self, codes: IntArray, texts: pl.Series) -> None:
        new, first = np.unique(codes, return_index=True)
        result = self._function(texts.gather(first).cast(pl.String))
        self._table[new] = result.cast(pl.Int64).fill_null(_NULL).to_numpy()


def birth_numbers(texts: pl.Series) -> pl.Series:
    """Yyyymmdd of a date written YYYY-MM-DD from year 1 on; null for anything else."""
    well_formed = texts.str.contains(_DATE)
    dates = pl.select(
        pl.when(well_formed).then(texts).str.to_date("%Y-%m-%d", strict=False)
    ).to_series()
    numbers = _numbers(dates)
    return pl.select(pl.when(dates.dt.year() >= 1).then(numbers)).to_series()


def ages(born: pl.Series, days: pl.Series) -> pl.Series:
    """Whole years from births to days, at least 0; −1 for a null birth, null for a null day.

    Parameters
    ----------
    born
        (n,) births as yyyymmdd.
    days
        (n,) days counted from 1970-01-01.
    """
    today = _day_numbers(days)
    if not today.null_count():
        # The difference of two such numbers holds the whole years in its upper digits.
        years = today.to_numpy() - born.fill_null(_NEVER).to_numpy()
        years //= 10_000
        np.maximum(years, 0, out=years)
        if born.null_count():
            years[born.is_null().to_numpy()] = -1
        return pl.Series(years)
    known = today.is_not_null()
    full = ages(born.filter(known), days.filter(known))
    places = known.cast(pl.Int64).cum_sum() - 1
    return full.gather(places.set(~known, None))


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
