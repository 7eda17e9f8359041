"""The functions of one row's values."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Final, TypeAlias

from engine.definition.functions import FUNCTIONS
from engine.definition.types import Kind, Type

# bool, int, float, str or None; the type of the expression says which.
Value: TypeAlias = Any


def as_float(value: Value, type_: Type) -> Value:
    """A number as arithmetic takes it: money in major units, anything else as it is."""
    if value is None:
        return None
    if type_.kind is Kind.MONEY:
        return float(value) / float(10**type_.scale)
    return float(value)


def _divide(a: float, b: float) -> Value:
    return None if b == 0 else a / b


def _sqrt(a: float) -> Value:
    return None if a < 0 else math.sqrt(a)


def _ln(a: float) -> Value:
    return None if a <= 0 else math.log(a)


def _and(a: Value, b: Value) -> Value:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def _or(a: Value, b: Value) -> Value:
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def _haversine_km(lat1: float, long1: float, lat2: float, long2: float) -> float:
    r = 0.017453292519943295
    places = (lat1, long1, lat2, long2, lat2 - lat1, long2 - long1)
    if not all(math.isfinite(place) for place in places):
        return math.nan  # where math.sin raises and the C library gives NaN
    u = math.sin(((lat2 - lat1) * r) * 0.5)
    v = math.sin(((long2 - long1) * r) * 0.5)
    h = u * u + (math.cos(lat1 * r) * math.cos(lat2 * r)) * (v * v)
    if h < 0:
        return math.nan  # beyond the poles h may round to below 0, where math.sqrt raises
    return 12742.0 * math.asin(math.sqrt(min(h, 1.0)))


def of_time(ticks: int) -> dict[str, Callable[..., Value]]:
    """The functions of instants, which are counted in ``ticks`` a second; ``//`` rounds down."""

    def hour(time: int) -> int:
        return time // ticks % 86_400 // 3_600

    def day_of_week(time: int) -> int:
        return (time // ticks // 86_400 + 3) % 7

    def age(born: str | None, time: int | None) -> Value:
        if time is None:
            return None
        birthday = _parse_date(born)
        if birthday is None:
            return -1
        today = date.fromordinal(date(1970, 1, 1).toordinal() + time // ticks // 86_400)
        before = (today.month, today.day) < (birthday.month, birthday.day)
        return max(today.year - birthday.year - before, 0)

    def seconds_between(later: int, earlier: int) -> float:
        return float(later - earlier) / float(ticks)

    return {
        "hour": hour,
        "day_of_week": day_of_week,
        "age": age,
        "seconds_between": seconds_between,
    }


def _parse_date(text: str | None) -> date | None:
    """A date written YYYY-MM-DD in ASCII digits; None where it is no day of the calendar."""
    if text is None or re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text) is None:
        return None
    year, month, day = map(int, text.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return None


# Their arguments are floats.
NUMERIC: Final[dict[str, Callable[..., Value]]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": _divide,
    "abs": abs,
    "sqrt": _sqrt,
    "ln": _ln,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "haversine_km": _haversine_km,
}
# Their last two arguments are of one type, or floats where they were unlike numbers.
CHOICES: Final[dict[str, Callable[..., Value]]] = {
    "eq": lambda a, b: a == b,
    "fill": lambda a, b: b if a is None else a,
    "if_else": lambda condition, a, b: a if condition is True else b,
}
OTHERS: Final[dict[str, Callable[..., Value]]] = {
    "one_of": lambda a, *values: a in values,
    "and": _and,
    "or": _or,
    "not": lambda a: not a,
    "is_null": lambda a: a is None,
}
# Called with nulls too; any other function is null where an argument is.
NULL_AWARE: Final = frozenset({"and", "or", "is_null", "fill", "if_else", "age"})


def taken_as_floats(function: str, types: Sequence[Type]) -> Sequence[int]:
    """Which of a function's arguments are turned into floats first."""
    if function in NUMERIC:
        return range(len(types))
    if function in CHOICES and types[-2] != types[-1]:
        return range(len(types))[-2:]
    return ()


# A gap would be a feature that verifies and cannot be computed, so it is found at import.
_DECLARED: Final = {name for name, spec in FUNCTIONS.items() if not spec.internal}
_DEFINED: Final = NUMERIC.keys() | CHOICES.keys() | OTHERS.keys() | of_time(1).keys()
if _DECLARED != _DEFINED:
    raise AssertionError(f"the functions differ ({sorted(_DECLARED ^ _DEFINED)})")
