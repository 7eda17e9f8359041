"""Formulas that generated code calls: what is longer than an expression."""

from datetime import date
from math import asin, cos, nan, sin, sqrt
from typing import Final

from engine.compiled import FLOAT, compiled, for_types
from engine.definition.functions import EARTH_DIAMETER_KM, RADIANS_PER_DEGREE

NAMES: Final = ("age", "both", "either", "haversine_km", "today", "wide")

WIDE: Final = 2**62
_EPOCH: Final = date(1970, 1, 1).toordinal()
_REMEMBERED: Final = 65_536


@compiled((FLOAT, FLOAT, FLOAT, FLOAT), frees=False)
def _haversine_km(lat1: float, long1: float, lat2: float, long2: float) -> float:
    """Great-circle distance; NaN where a difference or a place is not finite, or h negative."""
    u = sin(((lat2 - lat1) * RADIANS_PER_DEGREE) * 0.5)
    v = sin(((long2 - long1) * RADIANS_PER_DEGREE) * 0.5)
    across = cos(lat1 * RADIANS_PER_DEGREE) * cos(lat2 * RADIANS_PER_DEGREE)
    h = u * u + across * (v * v)
    if not h >= 0.0:  # nor NaN
        return nan
    return EARTH_DIAMETER_KM * asin(sqrt(1.0 if h > 1.0 else h))  # noqa: FURB136 - as above


# The sines are those of the C library, as Python's are; to call each of them takes longer than all.
haversine_km: Final = for_types(_haversine_km, (FLOAT, FLOAT, FLOAT, FLOAT))


def age(born: str | None, today: tuple[int, str]) -> int:
    """Whole years from a date written YYYY-MM-DD to :func:`today`; −1 if it is none."""
    year, day = today
    try:
        years = year - _read(born).year - (born[5:] > day)  # type: ignore[arg-type,index]  # of None it is a TypeError
        # Python reads other forms too, of 7, 8 and 10 characters; none has its hyphen here.
        if born[7] != "-":  # type: ignore[index]  # no None
            return -1
    except (IndexError, TypeError, ValueError):
        return -1
    return years if years > 0 else 0  # noqa: FURB136 - max() costs as much as the rest


def today(days: int) -> tuple[int, str]:
    """The year, and the month and day as MM-DD, of a day counted from 1970."""
    return _days[days]


# Looking dates of birth up costs more than reading them, where there are many cards: a dictionary
# of that size is in no cache.
_read: Final = date.fromisoformat


class _Days(dict[int, tuple[int, str]]):
    """What :func:`today` returns."""

    def __missing__(self, days: int) -> tuple[int, str]:
        if len(self) == _REMEMBERED:
            self.clear()
        day = date.fromordinal(_EPOCH + days)
        self[days] = today = (day.year, f"{day:%m-%d}")
        return today


_days: Final = _Days()


def wide(number: int) -> float:
    """``float(⌊N ÷ 2^62⌋) × 2^62 + float(N mod 2^62)``, of N from ``WIDE`` on."""
    return float(number // WIDE) * 2.0**62 + float(number % WIDE)


def both(first: bool | None, second: bool | None) -> bool | None:  # noqa: FBT001 - three-valued and
    """Three-valued and."""
    if first is False or second is False:
        return False
    return None if first is None or second is None else True


def either(first: bool | None, second: bool | None) -> bool | None:  # noqa: FBT001 - three-valued or
    """Three-valued or."""
    if first is True or second is True:
        return True
    return None if first is None or second is None else False
