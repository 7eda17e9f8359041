"""Amounts of money as exact numbers of minor units."""

from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation, localcontext
from typing import Final

import numpy as np
import polars as pl

# Two decimals of at most 15 significant digits never share a double. So a double that equals
# c / 10^scale, with |c| below this, was written as exactly that many minor units.
ONE_READING: Final = 1e15
# The longest text of which that can be said: 15 digits and a point.
SHORT_TEXT: Final = 16
_INT64: Final = 2**63 - 1


def minor_units(raw: pl.Series, scale: int) -> tuple[pl.Series, pl.Series | None]:
    """Numbers as exact counts of ``10**-scale``, ties rounded to even.

    Parameters
    ----------
    raw
        Numbers of any dtype, or text without spaces around it.
    scale
        How many decimals the minor unit has.

    Returns
    -------
    values : polars.Series
        Int64; null where ``raw`` is null, no finite number, or beyond 64 bits.
    rounded : polars.Series or None
        Which values had more decimals, so that they were rounded half to even *as decimals*: a
        double counts as the shortest decimal that reads back as it. None if no value had.
    """
    if raw.dtype.is_integer():
        return _of_integers(raw, 10**scale), None
    if raw.dtype == pl.Float64:
        return _of_doubles(raw, None, scale)
    text = raw if raw.dtype == pl.String else raw.cast(pl.String)
    return _of_doubles(text.cast(pl.Float64, strict=False), text, scale)


def units_of_written(written: str, scale: int) -> tuple[int, bool]:
    """A decimal as a count of ``10**-scale``, ties rounded to even, and whether it was rounded.

    Parameters
    ----------
    written
        Text that reads as a finite double, with any number of digits.
    scale
        How many decimals the minor unit has.
    """
    try:
        value = Decimal(written)
    except InvalidOperation:
        # An exponent of 19 digits. As the double is finite, this is zero, or as good as zero.
        return 0, bool(Decimal(written.lower().partition("e")[0]))
    if not value or value.adjusted() < -scale - 1:
        return 0, bool(value)
    # The coefficient may have any number of digits; the context must not cut it short.
    with localcontext(prec=len(value.as_tuple().digits) + abs(value.adjusted()) + scale + 2):
        scaled = value.scaleb(scale)
        whole = scaled.to_integral_value(rounding=ROUND_HALF_EVEN)
        return int(whole), whole != scaled


def _of_integers(raw: pl.Series, units: int) -> pl.Series:
    values = raw.cast(pl.Int64, strict=False)
    limit = _INT64 // units
    fits = values.is_between(-limit, limit)
    if not fits.all():
        values = values.set(~fits, None)
    return values * units


def _of_doubles(
    numbers: pl.Series, text: pl.Series | None, scale: int
) -> tuple[pl.Series, pl.Series | None]:
    x = numbers.to_numpy()  # NaN where null
    units = 10.0**scale
    with np.errstate(invalid="ignore", over="ignore"):
        minor = x * units
        np.rint(minor, out=minor)
        exact = minor / units == x
        exact &= np.abs(minor) < ONE_READING
    if text is not None:
        # Longer text may say more than its double does.
        exact &= (text.str.len_bytes() <= SHORT_TEXT).fill_null(value=False).to_numpy()
    if exact.all():
        return pl.Series(numbers.name, minor.astype(np.int64)), None
    slow = np.flatnonzero(~exact & np.isfinite(x))
    values = np.where(exact, minor, 0.0).astype(np.int64)
    known = exact.copy()
    rounded = np.zeros(len(x), dtype=np.bool_)
    written = [repr(value) for value in x[slow].tolist()] if text is None else text.gather(slow)
    for row, value in zip(slow.tolist(), written, strict=True):
        units_of_row, was_rounded = units_of_written(value, scale)
        if abs(units_of_row) <= _INT64:
            values[row], known[row], rounded[row] = units_of_row, True, was_rounded
    series = pl.Series(numbers.name, values)
    if not known.all():
        series = series.set(pl.Series(~known), None)
    return series, pl.Series(rounded) if rounded.any() else None
