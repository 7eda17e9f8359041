"""Ages as ``sql/questions/exposed.sql`` has them: whole years on the day of the event, by decades.

A date of birth is what DuckDB casts to a date: years, months and days with hyphens, slashes,
backslashes or blanks in between, in however many digits, perhaps before Christ or with a time of
day, or the word ``epoch``. Nearly all are YYYY-MM-DD, which polars reads; the others are read one
by one, each text once.
"""

import re
from datetime import date
from typing import Final

import polars as pl

_PLAIN: Final = r"^\d{4}-\d{2}-\d{2}$"
_BLANK: Final = r"[ \t\n\v\f\r]*"
_OTHER: Final = re.compile(
    rf"{_BLANK}(-?)(\d{{1,9}})([-/\\ ])(\d{{1,2}})\3(\d{{1,2}})"
    rf"(?:( \(BC\))|[ T](\d{{1,2}}):(\d{{1,2}})(?::(\d{{1,2}})(?:\.\d*)?)? ?Z?)?{_BLANK}",
    re.ASCII | re.IGNORECASE,
)
_EPOCH: Final = (1970, 1, 1)
# Any cycle of the calendar has the leap years of this one.
_CYCLE: Final = 400
_OF_CYCLE: Final = 2_000
_LATEST: Final = (23, 59, 59)

_YOUNG: Final = 20
_OLD: Final = 80
UNKNOWN: Final = "unknown"


def ages(born: pl.Series, days: pl.Series) -> pl.Series:
    """The segments of card holders' ages, such as ``20 to 29``.

    Parameters
    ----------
    born
        Texts; what is no date makes an unknown age.
    days
        The dates of the events.
    """
    plain = born.str.contains(_PLAIN)
    # In 8 digits there is no year that polars' dates do not have.
    dates = pl.select(pl.when(plain).then(born)).to_series().str.to_date("%Y-%m-%d", strict=False)
    frame = pl.DataFrame({"text": born, "plain": plain, "born": dates, "day": days}).with_columns(
        pl.col("born").dt.year().cast(pl.Int64).alias("year"),
        pl.col("born").dt.month().cast(pl.Int64).alias("month"),
        pl.col("born").dt.day().cast(pl.Int64).alias("of_month"),
    )
    others = frame.filter(~pl.col("plain"))["text"].unique()
    if len(others):
        read = [(text, *found) for text in others.to_list() if (found := birthday(text))]
        schema = dict.fromkeys(("year", "month", "of_month"), pl.Int64())
        known = pl.DataFrame(read, schema={"text": pl.String(), **schema}, orient="row")
        frame = frame.update(known, on="text", how="left")
    return frame.select(_segment(_years())).to_series()


def birthday(text: str) -> tuple[int, int, int] | None:
    """The year, month and day of a date in any form that is read; None if it is none.

    The year before 1 is 0, and the one before that −1.
    """
    if text.strip(" \t\n\v\f\r").lower() == "epoch":
        return _EPOCH
    found = _OTHER.fullmatch(text)
    if found is None:
        return None
    sign, digits, _, month, day, is_bc, *time = found.groups()
    year = int(f"{sign}{digits}")
    if is_bc:
        if sign or not year:
            return None
        year = 1 - year
    if any(part and int(part) > most for part, most in zip(time, _LATEST, strict=True)):
        return None
    try:
        date(year % _CYCLE + _OF_CYCLE, int(month), int(day))
    except ValueError:
        return None
    return year, int(month), int(day)


def _years() -> pl.Expr:
    """Whole years; born on a leap day, somebody is a year older on the last day of February."""
    day = pl.col("day")
    is_leap_day = (pl.col("month") == 2) & (pl.col("of_month") == 29)  # noqa: PLR2004 - 29 February
    born_on = pl.when(is_leap_day & ~day.dt.is_leap_year()).then(28).otherwise(pl.col("of_month"))
    month = day.dt.month().cast(pl.Int64)
    is_before = (month < pl.col("month")) | (
        (month == pl.col("month")) & (day.dt.day().cast(pl.Int64) < born_on)
    )
    return day.dt.year().cast(pl.Int64) - pl.col("year") - is_before.cast(pl.Int64)


def _segment(years: pl.Expr) -> pl.Expr:
    decade = years.floordiv(10) * 10
    return (
        pl.when(years.is_null())
        .then(pl.lit(UNKNOWN))
        .when(years < _YOUNG)
        .then(pl.lit(f"under {_YOUNG}"))
        .when(years >= _OLD)
        .then(pl.lit(f"{_OLD} and over"))
        .otherwise(pl.format("{} to {}", decade, decade + 9))
    )
