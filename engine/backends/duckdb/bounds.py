"""How large a number may be, and whether it may be NaN.

To DuckDB NaN is the greatest number and equal to itself. Where an expression cannot be NaN, which
is nearly everywhere, SQL need not say what that means.
"""

import math
from dataclasses import dataclass
from typing import Final

from engine.definition.infer import type_of
from engine.definition.nodes import Aggregate, Call, Column, Expression, Literal
from engine.definition.schema import Schema
from engine.definition.types import Kind

_LARGEST: Final = math.nextafter(math.inf, 0.0)
_WHOLE: Final = 2.0**64
_LN: Final = 750.0  # of the largest double it is 709.78, of the smallest −744.44
_HALF_ROUND_THE_EARTH: Final = 20_016.0
_POLE: Final = 90.0  # beyond it a cosine of a latitude is negative, and so may be what is rooted


@dataclass(frozen=True, slots=True)
class Bound:
    """The largest size a number may have, infinity included, and whether it may be NaN."""

    size: float
    nan: bool = False


def bound_of(expression: Expression, schema: Schema) -> Bound:
    """The bound of a numeric expression's values in major units; anything else is not NaN."""
    match expression:
        case Literal(value):
            return Bound(_WHOLE if isinstance(value, str) else abs(float(value)))
        case Column(name):
            return _of_column(name, schema)
        case Aggregate(name, argument):
            return _of_aggregate(name, argument, schema)
        case Call(function, args):
            return _of_call(function, [bound_of(arg, schema) for arg in args], args)
        case _:
            raise AssertionError(f"verified sets hold only expressions (was {expression!r})")


def _of_column(name: str, schema: Schema) -> Bound:
    spec = schema.by_name[name]
    if spec.type.kind is not Kind.FLOAT:
        return Bound(_WHOLE)
    if spec.low is None or spec.high is None:
        return Bound(_LARGEST)
    return Bound(max(abs(spec.low), abs(spec.high)))


def _of_aggregate(name: str, argument: Expression | None, schema: Schema) -> Bound:
    if argument is None or type_of(argument, schema).kind is not Kind.FLOAT:
        return Bound(_WHOLE)
    inner = bound_of(argument, schema)
    if name in {"first", "last", "previous"}:
        return inner
    return Bound(max(inner.size, _WHOLE))  # the others do not count NaN


def _of_call(  # noqa: PLR0911 - one return for each kind of function
    function: str, of: list[Bound], args: tuple[Expression, ...]
) -> Bound:
    nan = any(bound.nan for bound in of)
    sizes = [bound.size for bound in of]
    infinite = sum(map(math.isinf, sizes))
    match function:
        case "add" | "sub":
            return Bound(sizes[0] + sizes[1], nan or infinite > 1)
        case "mul":
            return Bound(math.inf if infinite else sizes[0] * sizes[1], nan or infinite > 0)
        case "div":
            below = args[1]
            known = isinstance(below, Literal) and sizes[1] >= 1.0
            return Bound(sizes[0] / sizes[1] if known else math.inf, nan or infinite > 1)
        case "abs" | "sqrt":
            return Bound(max(sizes[0], 1.0), nan)
        case "ln":
            return Bound(math.inf if infinite else _LN, nan)
        case "fill":
            return Bound(max(sizes), nan)
        case "if_else":
            return Bound(max(sizes[1:]), of[1].nan or of[2].nan)
        case "haversine_km":
            apart = (sizes[0] + sizes[2], sizes[1] + sizes[3])
            is_place = max(sizes[0], sizes[2]) <= _POLE
            return Bound(_HALF_ROUND_THE_EARTH, nan or not is_place or any(map(math.isinf, apart)))
        case _:
            return Bound(_WHOLE)  # whole numbers, conditions, texts and the formulas over sums
