"""The registry of functions: row-level operations with one written formula each.

A formula is made of operations that every backend rounds alike: + − × ÷ sqrt on float64, and sin,
cos, asin, ln from the C library. Outside its domain a function is null, so that no backend has to
agree with another about infinities. Unless its entry says otherwise a function is null when an
argument is null.

Numbers become float64 before arithmetic and comparison: money as minor units divided by
``10**scale``, whole numbers and booleans as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.definition.types import BOOL, FLOAT, INT, Kind, Type

Types = tuple[Type, ...]


class TypeMismatchError(Exception):
    """The arguments' types do not suit a function; says what it takes."""


@dataclass(frozen=True, slots=True)
class FunctionSpec:
    """One function of the language.

    Parameters
    ----------
    name
        What ``Call.function`` holds.
    result
        The result's type for the arguments' types; raises :class:`TypeMismatchError`.
    formula
        What it computes, in the order in which it is computed.
    propagates_null
        Whether a null argument makes the result null; if not, ``formula`` says what happens.
    internal
        Whether only lowered definitions hold it, never authored ones.
    """

    name: str
    result: Callable[[Types], Type]
    formula: str
    propagates_null: bool = True
    internal: bool = False


def _numbers(count: int, result: Type) -> Callable[[Types], Type]:
    def check(types: Types) -> Type:
        if len(types) != count or not all(type_.is_number for type_ in types):
            raise TypeMismatchError(f"takes {count} number{'s' * (count > 1)}")
        return result

    return check


def _booleans(count: int) -> Callable[[Types], Type]:
    def check(types: Types) -> Type:
        if len(types) != count or any(type_.kind is not Kind.BOOL for type_ in types):
            raise TypeMismatchError(f"takes {count} condition{'s' * (count > 1)}")
        return BOOL

    return check


def _takes(*kinds: Kind, result: Type) -> Callable[[Types], Type]:
    def check(types: Types) -> Type:
        if tuple(type_.kind for type_ in types) != kinds:
            raise TypeMismatchError(f"takes ({', '.join(kind.value for kind in kinds)})")
        return result

    return check


def common_type(first: Type, second: Type) -> Type:
    """The type that holds values of both: the same type, or FLOAT for unlike numbers."""
    if first == second:
        return first
    if first.is_number and second.is_number:
        return FLOAT
    raise TypeMismatchError("takes two values of one type, or two numbers")


def _equality(types: Types) -> Type:
    if len(types) != 2:  # noqa: PLR2004 - a comparison has two sides
        raise TypeMismatchError("takes two values")
    common_type(*types)
    return BOOL


def _membership(types: Types) -> Type:
    if len(types) < 2 or types[0].kind is not Kind.TEXT or set(types[1:]) != {types[0]}:  # noqa: PLR2004 - the text and at least one value
        raise TypeMismatchError("takes a text and one or more texts to compare it with")
    return BOOL


def _fill(types: Types) -> Type:
    if len(types) != 2:  # noqa: PLR2004 - the value and its stand-in
        raise TypeMismatchError("takes a value and what stands in for null")
    return common_type(*types)


def _if_else(types: Types) -> Type:
    if len(types) != 3 or types[0].kind is not Kind.BOOL:  # noqa: PLR2004 - condition, then, else
        raise TypeMismatchError("takes a condition and two values")
    return common_type(types[1], types[2])


def _anything(types: Types) -> Type:
    if len(types) != 1:
        raise TypeMismatchError("takes one value")
    return BOOL


EARTH_DIAMETER_KM: Final = 12742.0
RADIANS_PER_DEGREE: Final = 0.017453292519943295
SECONDS_PER_HOUR: Final = 3_600
SECONDS_PER_DAY: Final = 86_400

_SPECS: Final = (
    FunctionSpec("add", _numbers(2, FLOAT), "a + b"),
    FunctionSpec("sub", _numbers(2, FLOAT), "a − b"),
    FunctionSpec("mul", _numbers(2, FLOAT), "a × b"),
    FunctionSpec("div", _numbers(2, FLOAT), "a ÷ b; null where b is 0"),
    FunctionSpec("abs", _numbers(1, FLOAT), "|a|"),
    FunctionSpec("sqrt", _numbers(1, FLOAT), "√a; null where a < 0"),
    FunctionSpec("ln", _numbers(1, FLOAT), "natural logarithm of a; null where a ≤ 0"),
    FunctionSpec("lt", _numbers(2, BOOL), "a < b"),
    FunctionSpec("le", _numbers(2, BOOL), "a ≤ b"),
    FunctionSpec("gt", _numbers(2, BOOL), "a > b"),
    FunctionSpec("ge", _numbers(2, BOOL), "a ≥ b"),
    FunctionSpec("eq", _equality, "a = b, text by its bytes"),
    FunctionSpec("one_of", _membership, "whether the text is one of the literals"),
    FunctionSpec(
        "and",
        _booleans(2),
        "a and b; false where one is false, else null where one is null",
        propagates_null=False,
    ),
    FunctionSpec(
        "or",
        _booleans(2),
        "a or b; true where one is true, else null where one is null",
        propagates_null=False,
    ),
    FunctionSpec("not", _booleans(1), "not a"),
    FunctionSpec("is_null", _anything, "whether a is null; never null", propagates_null=False),
    FunctionSpec("fill", _fill, "a, or b where a is null", propagates_null=False),
    FunctionSpec(
        "if_else",
        _if_else,
        "b where a is true, else c; null counts as false",
        propagates_null=False,
    ),
    FunctionSpec(
        "hour", _takes(Kind.TIME, result=INT), "⌊(seconds mod 86400) ÷ 3600⌋: hour of the UTC day"
    ),
    FunctionSpec(
        "day_of_week",
        _takes(Kind.TIME, result=INT),
        "(⌊seconds ÷ 86400⌋ + 3) mod 7: Monday 0 … Sunday 6, UTC",
    ),
    FunctionSpec(
        "age",
        _takes(Kind.TEXT, Kind.TIME, result=INT),
        "whole years from the date to the instant's UTC date, one less before the birthday "
        "(29 February comes on 1 March of a common year), at least 0; null where the instant is "
        "null, else −1 where the date is null or not a day of the Gregorian calendar written "
        "YYYY-MM-DD, from year 1",
        propagates_null=False,
    ),
    FunctionSpec(
        "seconds_between",
        _takes(Kind.TIME, Kind.TIME, result=FLOAT),
        "(later − earlier) ÷ ticks per second",
    ),
    FunctionSpec(
        "haversine_km",
        _numbers(4, FLOAT),
        "r = 0.017453292519943295; u = sin(((lat2 − lat1) × r) × 0.5); "
        "v = sin(((long2 − long1) × r) × 0.5); "
        "h = u × u + (cos(lat1 × r) × cos(lat2 × r)) × (v × v), at most 1; "
        "12742.0 × asin(√h): great circle on a sphere of radius 6371.0 km; NaN where h rounds to "
        "below 0, as it may for latitudes beyond the poles",
    ),
    FunctionSpec(
        "exact_mean",
        _numbers(3, FLOAT),
        "of n, Σx and minor units m: float(Σx) ÷ float(n × m); null where n is 0",
        internal=True,
    ),
    FunctionSpec(
        "exact_var",
        _numbers(4, FLOAT),
        "of n, Σx, Σx² and minor units m: (wide(n·Σx² − (Σx)²) ÷ float(n × m)) ÷ float(n × m), "
        "with wide(N) = float(⌊N ÷ 2^62⌋) × 2^62 + float(N mod 2^62); null where n is 0",
        internal=True,
    ),
    FunctionSpec(
        "exact_std",
        _numbers(4, FLOAT),
        "of n, Σx, Σx² and minor units m: √wide(n·Σx² − (Σx)²) ÷ float(n × m); null where n is 0",
        internal=True,
    ),
)

FUNCTIONS: Final[dict[str, FunctionSpec]] = {spec.name: spec for spec in _SPECS}
