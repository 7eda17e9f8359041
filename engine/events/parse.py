"""Raw columns as the values their types say, null where a value cannot be read."""

from math import isfinite
from typing import Final, assert_never

import polars as pl

from engine.definition.schema import TICKS_PER_SECOND, ColumnSpec, TimeUnit
from engine.definition.types import Kind, Type
from engine.events.canonical import event_dtype
from engine.events.money import minor_units

_WORDS: Final = {"true": 1, "t": 1, "yes": 1, "y": 1, "false": 0, "f": 0, "no": 0, "n": 0}
LAST_CARD: Final = 9_999_999_999_999_999_999
_WHOLE_DOUBLES: Final = 2**53  # every whole number up to here is a double, and no two share one

_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}

_TEXT_LIKE: Final = (pl.String, pl.Categorical, pl.Enum, pl.Binary, pl.Null)


def can_hold(dtype: pl.DataType, type_: Type) -> bool:
    """Whether values of ``type_`` may be stored as ``dtype``.

    A card number is never taken from a floating-point column, which cannot tell 19 digits apart.
    """
    whole_decimal = isinstance(dtype, pl.Decimal) and dtype.scale == 0
    match type_.kind:
        case Kind.CARD:
            fits = whole_decimal
        case Kind.TEXT:
            fits = whole_decimal or dtype in (pl.Boolean, pl.Date, pl.Datetime)
        case Kind.TIME:
            fits = dtype.is_numeric() or dtype in (pl.Date, pl.Datetime)
        case Kind.INT:
            fits = dtype.is_numeric() or dtype == pl.Boolean
        case Kind.BOOL:
            fits = dtype.is_float() or dtype == pl.Boolean
        case Kind.FLOAT | Kind.MONEY:
            fits = dtype.is_numeric()
        case _:
            assert_never(type_.kind)
    return fits or dtype in _TEXT_LIKE or dtype.is_integer()


def can_identify(dtype: pl.DataType) -> bool:
    """Whether event ids may be stored as ``dtype``."""
    return dtype in _TEXT_LIKE or dtype.is_integer()


def plain_text(raw: pl.Series) -> pl.Series:
    """A column's text as String, null where it is bytes that are not UTF-8."""
    if raw.dtype != pl.Binary:
        return raw.cast(pl.String)
    try:
        return raw.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(raw.name, [_decoded(value) for value in raw], dtype=pl.String)


def parse(
    raw: pl.Series, spec: ColumnSpec, time_unit: TimeUnit
) -> tuple[pl.Series, pl.Series | None]:
    """Read a raw column.

    Parameters
    ----------
    raw
        A column of a dtype that ``can_hold`` the type of ``spec``.
    spec
        What the column is.
    time_unit
        The unit of columns of type time.

    Returns
    -------
    values : polars.Series
        In the dtype of ``canonical.event_dtype`` (Categorical text stays Categorical); null where
        ``raw`` is null, empty, or not to be read. Bounds are not looked at.
    rounded : polars.Series or None
        Which amounts of money had more decimals than declared; None if none had.
    """
    if spec.type.kind is Kind.TEXT:
        return _text(raw), None
    if raw.dtype == pl.Null:
        return raw.cast(event_dtype(spec.type)), None
    if raw.dtype not in _TEXT_LIKE:
        return _values(raw, spec, time_unit)
    text = plain_text(raw)
    values, rounded = _values(text, spec, time_unit)
    if values.null_count() > text.null_count():  # empty, unreadable, or with spaces around it
        values, rounded = _values(text.str.strip_chars(), spec, time_unit)
    return values, rounded


def _values(
    raw: pl.Series, spec: ColumnSpec, time_unit: TimeUnit
) -> tuple[pl.Series, pl.Series | None]:
    match spec.type.kind:
        case Kind.MONEY:
            return minor_units(raw, spec.type.scale)
        case Kind.FLOAT:
            values = _finite(raw)
        case Kind.CARD:
            values = _card(raw)
        case Kind.TIME:
            values = _ticks(raw, time_unit) if raw.dtype.is_temporal() else _whole(raw)
        case Kind.INT:
            values = _yes_or_no(raw) if spec.label else _whole(raw)
        case Kind.BOOL:
            values = _yes_or_no(raw)
            values = _where(values, values.is_between(0, 1)).cast(pl.Boolean)
        case Kind.TEXT:
            values = _text(raw)
        case _:
            assert_never(spec.type.kind)
    return values, None


def _text(raw: pl.Series) -> pl.Series:
    if raw.dtype == pl.Datetime:  # midnights are dates, which is what they were before pandas
        day, full = raw.dt.to_string("%Y-%m-%d"), raw.dt.to_string("%Y-%m-%d %H:%M:%S%.f")
        return day.zip_with((raw.dt.truncate("1d") == raw).fill_null(value=False), full)
    if raw.dtype == pl.Enum:
        text = raw.cast(pl.Categorical)
    else:
        text = raw if raw.dtype == pl.Categorical else plain_text(raw)
    empty = text == ""
    return text.set(empty, None) if empty.any() else text


def _finite(raw: pl.Series) -> pl.Series:
    values = raw.cast(pl.Float64, strict=False)
    if len(values) and not values.null_count():
        # NumPy's extremes are NaN if anything is: two passes tell that all is well.
        numbers = values.to_numpy()
        low, high = float(numbers.min()), float(numbers.max())
        if isfinite(low) and isfinite(high) and not (low <= 0.0 <= high):
            return values
    finite = values.is_finite()
    if not finite.all():
        values = values.set(~finite, None)
    zero = values == 0.0
    return values.set(zero, 0.0) if zero.any() else values  # −0.0 and 0.0 are one value


def _card(raw: pl.Series) -> pl.Series:
    values = raw.cast(pl.UInt64, strict=False)
    largest = values.max()
    if largest is not None and largest > LAST_CARD:  # type: ignore[operator] # max is typed for every dtype at once
        values = values.set(values > LAST_CARD, None)
    if raw.dtype == pl.String:
        signed = raw.str.starts_with("+")
        if signed.any():
            values = values.set(signed, None)
    return values


def _whole(raw: pl.Series) -> pl.Series:
    values = raw.cast(pl.Int64, strict=False)
    if raw.dtype.is_float():
        return _where(values, values.cast(pl.Float64) == raw.cast(pl.Float64))
    if values.null_count() == raw.null_count() and raw.dtype.is_integer():
        return values
    if raw.dtype.is_decimal():
        return _where(values, values.cast(raw.dtype, strict=False) == raw)
    if raw.dtype == pl.String and values.null_count() > raw.null_count():
        # pandas writes whole numbers with gaps as 12.0
        doubles = raw.cast(pl.Float64, strict=False)
        doubles = _where(doubles, doubles.abs() <= _WHOLE_DOUBLES)
        return values.fill_null(_whole(doubles))
    return values


def _yes_or_no(raw: pl.Series) -> pl.Series:
    values = _whole(raw)
    if raw.dtype != pl.String or values.null_count() == raw.null_count():
        return values
    words = raw.str.to_lowercase().replace_strict(_WORDS, default=None, return_dtype=pl.Int64)
    return values.fill_null(words)


def _ticks(raw: pl.Series, unit: TimeUnit) -> pl.Series:
    stored = raw.cast(pl.Datetime("us")) if raw.dtype == pl.Date else raw
    per_second = _PER_SECOND[stored.dtype.time_unit]  # type: ignore[attr-defined] # the dtype is Datetime here
    ticks, wanted = stored.to_physical(), TICKS_PER_SECOND[unit]
    if per_second < wanted:
        return minor_units(ticks, len(str(wanted // per_second)) - 1)[0]
    coarse = ticks // (per_second // wanted)
    return _where(coarse, coarse * (per_second // wanted) == ticks)


def _where(values: pl.Series, good: pl.Series) -> pl.Series:
    good = good.fill_null(value=False)
    return values if good.all() else values.set(~good, None)


def _decoded(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
