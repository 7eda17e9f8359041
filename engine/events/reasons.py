"""What the quarantine may say about a value."""

import re
from typing import Final

import polars as pl

# How a reason goes on to the value at fault, where there is one to show.
WAS: Final = " (was {})"

_LONGEST: Final = 60
_SHOWN_DIGITS: Final = 4
# A line that lost a field has its card number in some other column, so that long numbers
# and social security numbers are masked wherever they stand.
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){11,}|\d{3}-\d{2}-\d{4}")
_FIRST_MS: Final = 631_152_000_000
_LAST_MS: Final = 4_102_444_800_000


def shown(value: str, *, quoted: bool, secret: bool = False, bare: bool = False) -> str:
    """A value as a reason shows it: short, and with no card number to be read.

    Parameters
    ----------
    value
        The value, as text.
    quoted
        Whether to put it in quotes, as text that was not a number.
    secret
        Whether all but the last four characters are masked.
    bare
        Whether a number that reads as milliseconds since 1970, from 1990 to 2100, is not: it has
        as many digits as a card number, and the wrong unit is what one wants to see.
    """
    if secret:
        value = _mask(value)
    elif not (bare and value.isdecimal() and _FIRST_MS <= int(value) <= _LAST_MS):
        value = _LONG_NUMBER.sub(lambda run: _mask(run.group()), value)
    short = value if len(value) <= _LONGEST else value[: _LONGEST - 1] + "…"
    return repr(short) if quoted else short


def _mask(value: str) -> str:
    return "*" * (len(value) - _SHOWN_DIGITS) + value[-_SHOWN_DIGITS:]


def texts(values: pl.Series) -> list[str | None]:
    """Values of any dtype, as text."""
    if values.dtype == pl.Binary:
        return [None if value is None else repr(value)[1:] for value in values]
    return values.cast(pl.String, strict=False).to_list()
