"""Row-level expressions as polars expressions.

polars computes them, with three exceptions that are prepared as columns of their own beforehand:
windowed expressions; constants of arithmetic (polars divides by a literal by multiplying with its
reciprocal, which rounds twice, and drops an added 0.0, which keeps −0.0); and functions of text,
computed once per distinct text.
"""

from collections.abc import Callable
from typing import Final

import polars as pl

from engine.backends.polars.geometry import haversine_km
from engine.backends.polars.plan import Plan, is_windowed
from engine.backends.polars.text import TextMemo, ages, birth_numbers
from engine.definition.functions import (
    FUNCTIONS,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
)
from engine.definition.infer import type_of
from engine.definition.nodes import Call, Column, Expression, Literal
from engine.definition.schema import Schema
from engine.definition.types import FLOAT, TEXT, Kind, Type

_HOURS_PER_DAY: Final = 24
_DAYS_PER_WEEK: Final = 7
_THURSDAY: Final = 3  # 1970-01-01


class Scalars:
    """The scalar part of a compiled feature set, and what it remembers between chunks."""

    def __init__(self, plan: Plan) -> None:
        self._schema: Schema = plan.schema
        self._windowed = {node: f"@{place}" for place, node in enumerate(plan.windowed)}
        self._memos: dict[Expression, TextMemo] = {}

    def name_of(self, windowed: Expression) -> str:
        """The column in which a windowed expression's values are expected."""
        return self._windowed[windowed]

    def evaluate(self, expression: Expression, rows: pl.DataFrame) -> pl.Series:
        """One value for each row."""
        return self.evaluate_all([("value", expression)], rows).to_series()

    def evaluate_all(self, named: list[tuple[str, Expression]], rows: pl.DataFrame) -> pl.DataFrame:
        """A column for each named expression."""
        builder = _Builder(self._schema, self._windowed, self._memos, rows)
        columns = [builder.build(expression).alias(name) for name, expression in named]
        # A select of literals alone would have one row.
        prepared = rows.with_columns(builder.prepared)
        return prepared.with_columns(columns).select(name for name, _ in named)


class _Builder:
    """Builds the polars expressions for one frame, and the columns they need prepared."""

    def __init__(
        self,
        schema: Schema,
        windowed: dict[Expression, str],
        memos: dict[Expression, TextMemo],
        rows: pl.DataFrame,
    ) -> None:
        self._schema = schema
        self._windowed = windowed
        self._memos = memos
        self._rows = rows
        self._made: dict[Expression, pl.Series] = {}

    @property
    def prepared(self) -> list[pl.Series]:
        return list(self._made.values())

    @property
    def ticks(self) -> int:
        return self._schema.ticks_per_second

    def build(self, expression: Expression) -> pl.Expr:
        """The expression in the physical type of its own type."""
        if is_windowed(expression):
            return pl.col(self._windowed[expression])
        match expression:
            case Literal(value):
                return pl.lit(value)
            case Column(name):
                return pl.col(name)
            case Call(function):
                return _TABLE[function](self, expression)
            case _:
                raise AssertionError(f"verified sets hold only expressions (was {expression})")

    def number(self, expression: Expression) -> pl.Expr:
        """The expression as float64, money in major units."""
        type_ = self.type_of(expression)
        if isinstance(expression, Literal):
            return pl.lit(float(expression.value))
        whole = self.build(expression)
        if type_.kind is Kind.FLOAT:
            return whole
        number = whole.cast(pl.Float64)
        return number if type_.minor_units == 1 else number / self.constant(type_.minor_units)

    def like(self, expression: Expression, wanted: Type) -> pl.Expr:
        """The expression as a value of another type that holds it too."""
        if wanted == FLOAT:
            return self.number(expression)
        if wanted == TEXT:
            return self.build(expression).cast(pl.String)
        return self.build(expression)

    def addend(self, expression: Expression) -> pl.Expr:
        """The expression as float64 for arithmetic, a literal as a column."""
        if isinstance(expression, Literal):
            return self.constant(float(expression.value))
        return self.number(expression)

    def constant(self, value: float) -> pl.Expr:
        """A column of one number, to calculate with."""
        made = self.made(
            Literal(float(value)), lambda: pl.repeat(float(value), len(self._rows), eager=True)
        )
        return pl.col(made)

    def of_text(
        self,
        call: Call,
        text: Expression,
        function: Callable[[pl.Series], pl.Series],
        dtype: pl.DataType,
    ) -> pl.Series:
        """A function of a text, computed once per distinct text and remembered."""
        memo = self._memos.setdefault(call, TextMemo(function, dtype))
        values = self._rows[text.name] if isinstance(text, Column) else self.series(text)
        return memo.apply(values)

    def text_test(
        self, call: Call, text: Expression, function: Callable[[pl.Series], pl.Series]
    ) -> pl.Expr:
        """A condition on a text."""
        return pl.col(self.made(call, lambda: self.of_text(call, text, function, pl.Boolean())))

    def series(self, expression: Expression) -> pl.Series:
        """The values of a part of the expression, now."""
        if isinstance(expression, Column):
            return self._rows[expression.name]
        return self.select([self.build(expression).alias("value")]).to_series()

    def select(self, built: list[pl.Expr]) -> pl.DataFrame:
        """The values of built expressions, now."""
        return self._rows.with_columns(self.prepared).select(built)

    def made(self, expression: Expression, make: Callable[[], pl.Series]) -> str:
        """The name of a prepared column."""
        if expression not in self._made:
            series = make()
            self._made[expression] = series.alias(f"={len(self._made)}")
        return self._made[expression].name

    def type_of(self, expression: Expression) -> Type:
        if is_windowed(expression) and isinstance(expression, Call):
            return FLOAT
        return type_of(expression, self._schema)


Lowering = Callable[[_Builder, Call], pl.Expr]


def _arithmetic(operate: Callable[[pl.Expr, pl.Expr], pl.Expr]) -> Lowering:
    return lambda b, call: operate(*(b.addend(arg) for arg in call.args))


def _comparison(compare: Callable[[pl.Expr, pl.Expr], pl.Expr], nan_side: int) -> Lowering:
    """A comparison in which NaN compares false.

    To polars NaN is the greatest number and equal to itself, so that one side's NaN is enough to
    make a comparison true that should not be: the one that may be the greater.
    """

    def lowering(b: _Builder, call: Call) -> pl.Expr:
        sides = [b.number(arg) for arg in call.args]
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


def _div(b: _Builder, call: Call) -> pl.Expr:
    above, below = (b.addend(arg) for arg in call.args)
    return pl.when(below != 0.0).then(above / below)


def _sqrt(b: _Builder, call: Call) -> pl.Expr:
    value = b.number(call.args[0])
    return pl.when(value >= 0.0).then(value.sqrt())


def _ln(b: _Builder, call: Call) -> pl.Expr:
    value = b.number(call.args[0])
    return pl.when(value > 0.0).then(value.log())


def _eq(b: _Builder, call: Call) -> pl.Expr:
    first, second = call.args
    if b.type_of(first) == TEXT and isinstance(second, Literal):
        return b.text_test(call, first, lambda texts: texts == second.value)
    common = b.type_of(first) if b.type_of(first) == b.type_of(second) else FLOAT
    if common == FLOAT:
        return _float_eq(b, call)
    return b.like(first, common) == b.like(second, common)


_float_eq: Final = _comparison(lambda a, b: a == b, nan_side=0)


def _one_of(b: _Builder, call: Call) -> pl.Expr:
    values = [arg.value for arg in call.args[1:] if isinstance(arg, Literal)]
    return b.text_test(call, call.args[0], lambda texts: texts.is_in(values))


def _fill(b: _Builder, call: Call) -> pl.Expr:
    type_ = b.type_of(call)
    return b.like(call.args[0], type_).fill_null(b.like(call.args[1], type_))


def _if_else(b: _Builder, call: Call) -> pl.Expr:
    type_ = b.type_of(call)
    condition, then, otherwise = call.args
    return pl.when(b.build(condition)).then(b.like(then, type_)).otherwise(b.like(otherwise, type_))


def _hour(b: _Builder, call: Call) -> pl.Expr:
    return (b.build(call.args[0]) // (SECONDS_PER_HOUR * b.ticks)) % _HOURS_PER_DAY


def _day_of_week(b: _Builder, call: Call) -> pl.Expr:
    return (b.build(call.args[0]) // (SECONDS_PER_DAY * b.ticks) + _THURSDAY) % _DAYS_PER_WEEK


def _age(b: _Builder, call: Call) -> pl.Expr:
    text, time = call.args

    def make() -> pl.Series:
        born = b.of_text(call, text, birth_numbers, pl.Int64())
        return ages(born, b.series(time) // (SECONDS_PER_DAY * b.ticks))

    return pl.col(b.made(call, make))


def _seconds_between(b: _Builder, call: Call) -> pl.Expr:
    ticks = (b.build(call.args[0]) - b.build(call.args[1])).cast(pl.Float64)
    return ticks if b.ticks == 1 else ticks / b.constant(b.ticks)


def _haversine_km(b: _Builder, call: Call) -> pl.Expr:
    def make() -> pl.Series:
        places = [b.number(arg).alias(str(place)) for place, arg in enumerate(call.args)]
        return haversine_km(list(b.select(places)))

    return pl.col(b.made(call, make))


_TABLE: Final[dict[str, Lowering]] = {
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
_missing: Final = {name for name, spec in FUNCTIONS.items() if not spec.internal} - _TABLE.keys()
if _missing:
    raise AssertionError(f"the polars backend has no row for {sorted(_missing)}")
