"""The functions of the language as polars expressions: one row each in the table below."""

from collections.abc import Callable
from typing import Final, Protocol

import polars as pl

from engine.backends.polars.geometry import haversine_km
from engine.backends.polars.text import TextMemo, ages, birth_numbers
from engine.definition.functions import FUNCTIONS, SECONDS_PER_DAY, SECONDS_PER_HOUR
from engine.definition.nodes import Call, Column, Expression, Literal, Scalar
from engine.definition.types import FLOAT, TEXT, Type

_HOURS_PER_DAY: Final = 24
_DAYS_PER_WEEK: Final = 7
_THURSDAY: Final = 3  # 1970-01-01


class Builder(Protocol):
    """What a function's lowering may ask for."""

    @property
    def ticks(self) -> int:
        """Ticks of event_time per second."""
        ...

    def build(self, expression: Expression) -> pl.Expr:
        """An expression in the physical type of its own type."""
        ...

    def number(self, expression: Expression) -> pl.Expr:
        """An expression as float64, money in major units; a literal as a column."""
        ...

    def limit(self, expression: Expression) -> pl.Expr:
        """An expression as float64 to compare with; a literal may stay one."""
        ...

    def like(self, expression: Expression, wanted: Type) -> pl.Expr:
        """An expression as a value of another type that holds it too."""
        ...

    def constant(self, value: Scalar) -> pl.Expr:
        """A column of one value."""
        ...

    def prepared(
        self, expression: Expression, make: Callable[[pl.DataFrame], pl.Series]
    ) -> pl.Expr:
        """A column that is made from the rows, once for equal expressions."""
        ...

    def type_of(self, expression: Expression) -> Type:
        """An expression's type."""
        ...


Lowering = Callable[[Builder, Call], pl.Expr]


def _arithmetic(operate: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Lowering:
    return lambda b, call: operate(*(b.number(arg) for arg in call.args))


def _comparison(compare: Callable[[pl.Expr, pl.Expr], pl.Expr], nan_side: int) -> Lowering:
    """A comparison in which NaN compares false.

    To polars NaN is the greatest number and equal to itself, so that one side's NaN is enough to
    make a comparison true that should not be: the one that may be the greater.
    """

    def lowering(b: Builder, call: Call) -> pl.Expr:
        sides = [b.number(call.args[0]), b.limit(call.args[1])]
        compared = compare(*sides)
        suspect, other = call.args[nan_side], call.args[1 - nan_side]
        if b.type_of(suspect) != FLOAT or isinstance(suspect, Literal):
            return compared
        holds = sides[nan_side].is_not_nan()
        # A null on the other side keeps the comparison null.
        return compared & (
            holds if isinstance(other, Literal) else holds | sides[1 - nan_side].is_null()
        )

    return lowering


def _div(b: Builder, call: Call) -> pl.Expr:
    above, below = (b.number(arg) for arg in call.args)
    return pl.when(below != 0.0).then(above / below)


def _sqrt(b: Builder, call: Call) -> pl.Expr:
    value = b.number(call.args[0])
    return pl.when(value >= 0.0).then(value.sqrt())


def _ln(b: Builder, call: Call) -> pl.Expr:
    value = b.number(call.args[0])
    return pl.when(value > 0.0).then(value.log())


def _eq(b: Builder, call: Call) -> pl.Expr:
    first, second = call.args
    if b.type_of(first) == TEXT and isinstance(second, Literal):
        return _text_test(b, call, first, lambda texts: texts == second.value)
    common = b.type_of(first) if b.type_of(first) == b.type_of(second) else FLOAT
    if common == FLOAT:
        return _float_eq(b, call)
    return b.like(first, common) == b.like(second, common)


_float_eq: Final = _comparison(lambda a, b: a == b, nan_side=0)


def _one_of(b: Builder, call: Call) -> pl.Expr:
    values = [arg.value for arg in call.args[1:] if isinstance(arg, Literal)]
    return _text_test(b, call, call.args[0], lambda texts: texts.is_in(values))


def _fill(b: Builder, call: Call) -> pl.Expr:
    type_ = b.type_of(call)
    return b.like(call.args[0], type_).fill_null(b.like(call.args[1], type_))


def _if_else(b: Builder, call: Call) -> pl.Expr:
    type_ = b.type_of(call)
    condition, then, otherwise = call.args
    return pl.when(b.build(condition)).then(b.like(then, type_)).otherwise(b.like(otherwise, type_))


def _hour(b: Builder, call: Call) -> pl.Expr:
    return (b.build(call.args[0]) // (SECONDS_PER_HOUR * b.ticks)) % _HOURS_PER_DAY


def _day_of_week(b: Builder, call: Call) -> pl.Expr:
    return (b.build(call.args[0]) // (SECONDS_PER_DAY * b.ticks) + _THURSDAY) % _DAYS_PER_WEEK


def _age(b: Builder, call: Call) -> pl.Expr:
    text, time = (_evaluator(b, arg) for arg in call.args)
    memo = TextMemo(birth_numbers)
    ticks_per_day = SECONDS_PER_DAY * b.ticks

    def make(rows: pl.DataFrame) -> pl.Series:
        return ages(memo.numbers(text(rows)), time(rows) // ticks_per_day)

    return b.prepared(call, make)


def _text_test(
    b: Builder, call: Call, text: Expression, test: Callable[[pl.Series], pl.Series]
) -> pl.Expr:
    """A condition on a text, looked at once per distinct text."""
    values = _evaluator(b, text)
    memo = TextMemo(test)
    return b.prepared(call, lambda rows: memo.conditions(values(rows)))


def _evaluator(b: Builder, expression: Expression) -> Callable[[pl.DataFrame], pl.Series]:
    """An expression's values for each row; a column as it is costs no query."""
    if isinstance(expression, Column):
        name = expression.name
        return lambda rows: rows[name]
    built = b.build(expression).alias("value")
    return lambda rows: rows.select(built).to_series()


def _seconds_between(b: Builder, call: Call) -> pl.Expr:
    ticks = (b.build(call.args[0]) - b.build(call.args[1])).cast(pl.Float64)
    return ticks if b.ticks == 1 else ticks / b.constant(b.ticks)


def _haversine_km(b: Builder, call: Call) -> pl.Expr:
    places = [b.number(arg).alias(str(place)) for place, arg in enumerate(call.args)]
    return b.prepared(call, lambda rows: haversine_km(rows.select(places).get_columns()))


TABLE: Final[dict[str, Lowering]] = {
    "add": _arithmetic(lambda a, b: a + b),
    "sub": _arithmetic(lambda a, b: a - b),
    "mul": _arithmetic(lambda a, b: a * b),
    "div": _div,
    "abs": lambda b, call: b.number(call.args[0]).abs(),
    "sqrt": _sqrt,
    "ln": _ln,
    "lt": _comparison(lambda a, b: a < b, nan_side=1),
    "le": _comparison(lambda a, b: a <= b, nan_side=1),
    "gt": _comparison(lambda a, b: a > b, nan_side=0),
    "ge": _comparison(lambda a, b: a >= b, nan_side=0),
    "eq": _eq,
    "one_of": _one_of,
    "and": lambda b, call: b.build(call.args[0]) & b.build(call.args[1]),
    "or": lambda b, call: b.build(call.args[0]) | b.build(call.args[1]),
    "not": lambda b, call: ~b.build(call.args[0]),
    "is_null": lambda b, call: b.build(call.args[0]).is_null(),
    "fill": _fill,
    "if_else": _if_else,
    "hour": _hour,
    "day_of_week": _day_of_week,
    "age": _age,
    "seconds_between": _seconds_between,
    "haversine_km": _haversine_km,
}
_missing: Final = {name for name, spec in FUNCTIONS.items() if not spec.internal} - TABLE.keys()
if _missing:
    raise AssertionError(f"the polars backend has no row for {sorted(_missing)}")
