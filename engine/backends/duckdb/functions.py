"""The functions of the language as SQL: one row each in the table below."""

from collections.abc import Callable
from typing import Final, Protocol

from engine.backends.duckdb.sql import (
    AND,
    ATOM,
    COMPARISON,
    NOT,
    OR,
    PRODUCT,
    SUM,
    Sql,
    binary,
    call,
    literal,
)
from engine.definition.functions import FUNCTIONS
from engine.definition.nodes import Call, Expression, Literal
from engine.definition.types import FLOAT, INT, Type

# From here on not every whole number is a double.
_WHOLE_DOUBLES: Final = 2**53


class Builder(Protocol):
    """What a function's lowering may ask for."""

    @property
    def ticks(self) -> int:
        """Ticks of event_time per second."""
        ...

    def build(self, expression: Expression) -> Sql:
        """An expression in the physical type of its own type."""
        ...

    def number(self, expression: Expression) -> Sql:
        """An expression as DOUBLE, money in major units."""
        ...

    def minus_zero(self) -> Sql:
        """What is −0.0 and no constant."""
        ...

    def total(self, expression: Expression) -> Sql:
        """A sum that a moment is computed from, null where there is nothing to sum up."""
        ...

    def macro(self, name: str, *args: Sql) -> Sql:
        """A call of a macro, which is then part of the SQL."""
        ...

    def may_be_nan(self, expression: Expression) -> bool:
        """Whether an expression may be NaN."""
        ...

    def is_narrow(self, instant: Expression) -> bool:
        """Whether differences of an instant certainly keep within 64 bits."""
        ...

    def type_of(self, expression: Expression) -> Type:
        """An expression's type."""
        ...


Lowering = Callable[[Builder, Call], Sql]


def _arithmetic(operator: str, binding: int) -> Lowering:
    return lambda b, node: binary(operator, binding, *map(b.number, node.args))


def _mul(b: Builder, node: Call) -> Sql:
    return binary("*", PRODUCT, _first_factor(b, node), b.number(node.args[1]))


def _first_factor(b: Builder, node: Call) -> Sql:
    """The first argument of what may be 0.0 or −0.0, as neither must be known beforehand."""
    first = b.number(node.args[0])
    # Nothing is changed by adding −0.0, but what is computed is no constant then.
    return binary("+", SUM, first, b.minus_zero()) if _is_constant(node) else first


def _is_constant(expression: Expression) -> bool:
    """Whether an expression depends on no event."""
    match expression:
        case Literal():
            return True
        case Call(_, args):
            return all(map(_is_constant, args))
        case _:
            return False


def _div(b: Builder, node: Call) -> Sql:
    _, below = node.args
    divisor = b.number(below)
    if not isinstance(below, Literal) or float(below.value) == 0.0:
        divisor = call("nullif", divisor, literal(0.0))
    return binary("/", PRODUCT, _first_factor(b, node), divisor)


def _comparison(operator: str, greater: int) -> Lowering:
    """A comparison, ``greater`` being the side whose NaN would make it true."""

    def lowering(b: Builder, node: Call) -> Sql:
        if _are_whole(b, node):
            return binary(operator, COMPARISON, *map(b.build, node.args))
        sides = [b.number(arg) for arg in node.args]
        compared = _compare(operator, *sides)
        if not b.may_be_nan(node.args[greater]):
            return compared
        return b.macro("ordered", compared, sides[greater], sides[1 - greater])

    return lowering


def _are_whole(b: Builder, node: Call) -> bool:
    """Whether a comparison with a small whole number comes out as it would of floats."""
    values = [arg.value for arg in node.args if isinstance(arg, Literal)]
    return all(b.type_of(arg) == INT for arg in node.args) and any(
        isinstance(value, int) and abs(value) < _WHOLE_DOUBLES for value in values
    )


def _compare(operator: str, left: Sql, right: Sql) -> Sql:
    # Comparisons do not group.
    return Sql(
        f"{left.within(COMPARISON + 1)} {operator} {right.within(COMPARISON + 1)}", COMPARISON
    )


def _eq(b: Builder, node: Call) -> Sql:
    first, second = (b.type_of(arg) for arg in node.args)
    if first == second != FLOAT:
        return _compare("=", *map(b.build, node.args))
    return _float_eq(b, node)


_float_eq: Final = _comparison("=", greater=0)


def _like(b: Builder, expression: Expression, wanted: Type) -> Sql:
    return b.number(expression) if wanted == FLOAT else b.build(expression)


def _one_of(b: Builder, node: Call) -> Sql:
    text, *values = map(b.build, node.args)
    listed = ", ".join(value.text for value in values)
    return Sql(f"{text.within(COMPARISON + 1)} IN ({listed})", COMPARISON)


def _not(b: Builder, node: Call) -> Sql:
    inner = node.args[0]
    if isinstance(inner, Call) and inner.function == "is_null":
        return Sql(f"{b.build(inner.args[0]).within(ATOM)} IS NOT NULL", COMPARISON)
    return Sql(f"NOT {b.build(inner).within(ATOM)}", NOT)


def _is_null(b: Builder, node: Call) -> Sql:
    return Sql(f"{b.build(node.args[0]).within(ATOM)} IS NULL", COMPARISON)


def _fill(b: Builder, node: Call) -> Sql:
    type_ = b.type_of(node)
    return call("coalesce", *(_like(b, arg, type_) for arg in node.args))


def _if_else(b: Builder, node: Call) -> Sql:
    condition, *values = node.args
    then, otherwise = (_like(b, value, b.type_of(node)).text for value in values)
    return Sql(f"CASE WHEN {b.build(condition).text} THEN {then} ELSE {otherwise} END")


def _connective(operator: str, binding: int) -> Lowering:
    return lambda b, node: binary(operator, binding, *map(b.build, node.args))


def _seconds_between(b: Builder, node: Call) -> Sql:
    later, earlier = map(b.build, node.args)
    if all(map(b.is_narrow, node.args)):
        ticks = binary("-", SUM, later, earlier).cast("DOUBLE")
    else:
        ticks = b.macro("exact_double", binary("-", SUM, later.cast("HUGEINT"), earlier))
    return ticks if b.ticks == 1 else binary("/", PRODUCT, ticks, literal(float(b.ticks)))


def _macro(name: str) -> Lowering:
    return lambda b, node: b.macro(name, *map(b.build, node.args))


def _moment(name: str) -> Lowering:
    def lowering(b: Builder, node: Call) -> Sql:
        count, *sums, units = node.args
        return b.macro(name, b.build(count), *map(b.total, sums), b.build(units))

    return lowering


TABLE: Final[dict[str, Lowering]] = {
    "add": _arithmetic("+", SUM),
    "sub": _arithmetic("-", SUM),
    "mul": _mul,
    "div": _div,
    "abs": lambda b, node: call("abs", b.number(node.args[0])),
    "sqrt": lambda b, node: b.macro("real_sqrt", b.number(node.args[0])),
    "ln": lambda b, node: b.macro("real_ln", b.number(node.args[0])),
    "lt": _comparison("<", greater=1),
    "le": _comparison("<=", greater=1),
    "gt": _comparison(">", greater=0),
    "ge": _comparison(">=", greater=0),
    "eq": _eq,
    "one_of": _one_of,
    "and": _connective("AND", AND),
    "or": _connective("OR", OR),
    "not": _not,
    "is_null": _is_null,
    "fill": _fill,
    "if_else": _if_else,
    "hour": _macro("hour_of_day"),
    "day_of_week": _macro("day_of_week"),
    "age": _macro("age_at"),
    "seconds_between": _seconds_between,
    "haversine_km": lambda b, node: b.macro("haversine_km", *map(b.number, node.args)),
    "exact_mean": _moment("exact_mean"),
    "exact_var": _moment("exact_var"),
    "exact_std": _moment("exact_std"),
}
# A gap would be a feature that verifies and cannot be computed, so it is found at import.
if FUNCTIONS.keys() != TABLE.keys():
    raise AssertionError(f"the functions differ ({sorted(FUNCTIONS.keys() ^ TABLE.keys())})")
