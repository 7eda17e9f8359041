"""Two columns of values compared bit by bit, and how far apart they are."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

_SIGN: Final = np.uint64(1 << 63)

_Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
_U64 = np.ndarray[tuple[int], np.dtype[np.uint64]]


@dataclass(frozen=True, slots=True)
class First:
    """The first event at which two engines differ.

    Parameters
    ----------
    event
        What was passed along with its features: its id, and its position in the log.
    expected, got
        The two values.
    """

    event: dict[str, object]
    expected: object
    got: object


@dataclass(slots=True)
class Difference:
    """How the values of one feature differ between two engines, as far as they were compared.

    Parameters
    ----------
    compared, different
        How many events were compared, and at how many the values differ.
    nulls
        At how many of these one value is null.
    nans
        At how many of these one value is NaN and the other a number.
    largest
        The largest distance of two numbers: for floats in ulp, the number of steps from one
        double to the next, −0.0 and 0.0 being two; for whole numbers their difference. None if
        no numbers differ.
    first
        The first event at which they differ.
    """

    compared: int = 0
    different: int = 0
    nulls: int = 0
    nans: int = 0
    largest: int | None = None
    first: First | None = field(default=None)

    def add(self, expected: pl.Series, got: pl.Series, events: pl.DataFrame) -> None:
        """Compare further values, of ``events``; the dtypes are the same."""
        self.compared += len(expected)
        differing = _differing(expected, got)
        if differing is None:
            return
        rows = np.flatnonzero(differing)
        self.different += len(rows)
        if self.first is None:
            row = int(rows[0])
            self.first = First(events.row(row, named=True), expected[row], got[row])
        self._measure(expected.gather(rows), got.gather(rows))

    def _measure(self, expected: pl.Series, got: pl.Series) -> None:
        null = expected.is_null() | got.is_null()
        self.nulls += int(null.sum())
        pair = pl.DataFrame([expected.alias("a"), got.alias("b")]).filter(~null)
        if pair["a"].dtype == pl.String:
            return
        if pair["a"].dtype == pl.Float64:
            nan = pair["a"].is_nan() | pair["b"].is_nan()
            self.nans += int(nan.sum())
            pair = pair.filter(~nan)
        if len(pair):
            farthest = int(_distances(pair["a"], pair["b"]).max())
            self.largest = farthest if self.largest is None else max(self.largest, farthest)


def _differing(expected: pl.Series, got: pl.Series) -> _Mask | None:
    """(n,) where two columns differ; None if they do nowhere. Null is null, and NaN is NaN."""
    if expected.dtype == pl.Float64:
        other = _bits(expected) != _bits(got)
    elif expected.equals(got, null_equal=True):
        return None
    else:
        other = expected.ne_missing(got).to_numpy()
    if expected.null_count() or got.null_count():
        other |= (expected.is_null() != got.is_null()).to_numpy()
    return other if other.any() else None


def _bits(values: pl.Series) -> _U64:
    """What the bits of floats spell, all NaNs alike and nulls as zeros."""
    floats = (values.fill_null(0.0) if values.null_count() else values).to_numpy()
    nan = np.isnan(floats)
    if nan.any():
        floats = np.where(nan, np.nan, floats)
    return floats.view(np.uint64)


def _distances(one: pl.Series, other: pl.Series) -> _U64:
    """(n,) how many steps lie between two numbers."""
    places = [_places(values) for values in (one, other)]
    return np.maximum(*places) - np.minimum(*places)


def _places(values: pl.Series) -> _U64:
    """(n,) each number's place among all numbers of its type, from the lowest on."""
    if values.dtype != pl.Float64:
        return values.cast(pl.Int64).to_numpy().view(np.uint64) ^ _SIGN
    bits = values.to_numpy().view(np.uint64)
    # The bits of negative doubles count downwards from −0.0.
    return np.where(bits & _SIGN, ~bits, bits | _SIGN)
