"""Row-level expressions compiled to polars expressions, once for all chunks.

polars computes them, with three exceptions that are prepared as columns of their own beforehand:
windowed expressions; what is computed once per distinct text, or by NumPy; and constants, because
polars folds what it knows: it divides by a constant by multiplying with its reciprocal, which
rounds twice, drops an added 0.0 and turns 0 − x into −x, which keep −0.0, and takes a choice
between constants for one where all rows choose alike.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from engine.backends.polars.lowerings import TABLE, Builder
from engine.backends.polars.plan import Plan
from engine.definition.nodes import Call, Column, Expression, Literal, Scalar
from engine.definition.types import FLOAT, TEXT, Kind, Type
from engine.events.canonical import feature_dtype


@dataclass(frozen=True, slots=True)
class Step:
    """A column that is prepared, from the rows and the columns prepared before it."""

    name: str
    make: Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True, slots=True)
class Program:
    """Compiled expressions.

    Parameters
    ----------
    steps
        What is prepared, in order.
    columns
        The expressions, over the rows and what was prepared, each with its name.
    """

    steps: tuple[Step, ...]
    columns: tuple[pl.Expr, ...]

    def run(self, rows: pl.DataFrame) -> pl.DataFrame:
        """A column for each expression, a value for each row."""
        for step in self.steps:
            rows = rows.hstack([step.make(rows).alias(step.name)])
        return rows.select(self.columns)


class Scalars:
    """The scalar part of a compiled feature set, and what it remembers between chunks."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._windowed = {node: f"@{place}" for place, node in enumerate(plan.windowed)}
        self._operands: dict[Expression, Program] = {}

    @cached_property
    def features(self) -> Program:
        """The features, over an event's columns and the windowed expressions'."""
        return self._compile_features()

    def name_of(self, windowed: Expression) -> str:
        """The column in which a windowed expression's values are expected."""
        return self._windowed[windowed]

    def operand(self, expression: Expression, rows: pl.DataFrame) -> pl.Series:
        """An aggregate's argument or condition, for each row."""
        if expression not in self._operands:
            compiler = _Compiler(self._plan, self._windowed)
            column = compiler.build(expression).alias("operand")
            self._operands[expression] = Program(tuple(compiler.steps), (column,))
        return self._operands[expression].run(rows).to_series()

    def _compile_features(self) -> Program:
        compiler = _Compiler(self._plan, self._windowed)
        names = self._plan.features.names
        columns = []
        for name, expression in zip(names, self._plan.expressions, strict=True):
            type_ = compiler.type_of(expression)
            whole = type_.kind is not Kind.MONEY
            built = compiler.build(expression) if whole else compiler.number(expression)
            columns.append(built.cast(feature_dtype(type_)).alias(name))
        return Program(tuple(compiler.steps), tuple(columns))


class _Compiler(Builder):
    """Builds polars expressions, and lists the columns they need prepared."""

    def __init__(self, plan: Plan, windowed: dict[Expression, str]) -> None:
        self._plan = plan
        self._windowed = windowed
        self._made: dict[Expression, str] = {}
        self.steps: list[Step] = []

    @property
    def ticks(self) -> int:
        return self._plan.schema.ticks_per_second

    def build(self, expression: Expression) -> pl.Expr:
        if expression in self._windowed:
            return pl.col(self._windowed[expression])
        match expression:
            case Literal(value):
                return self.constant(value)
            case Column(name):
                return pl.col(name)
            case Call(function):
                return TABLE[function](self, expression)
            case _:
                raise AssertionError(f"verified sets hold only expressions (was {expression})")

    def number(self, expression: Expression) -> pl.Expr:
        if isinstance(expression, Literal):
            return self.constant(float(expression.value))
        type_ = self.type_of(expression)
        whole = self.build(expression)
        if type_.kind is Kind.FLOAT:
            return whole
        number = whole.cast(pl.Float64)
        return number if type_.minor_units == 1 else number / self.constant(type_.minor_units)

    def like(self, expression: Expression, wanted: Type) -> pl.Expr:
        if wanted == FLOAT:
            return self.number(expression)
        if wanted == TEXT:
            return self.build(expression).cast(pl.String)
        return self.build(expression)

    def limit(self, expression: Expression) -> pl.Expr:
        if isinstance(expression, Literal):
            return pl.lit(float(expression.value))
        return self.number(expression)

    def constant(self, value: Scalar) -> pl.Expr:
        return self.prepared(Literal(value), lambda rows: _repeated(value, len(rows)))

    def prepared(
        self, expression: Expression, make: Callable[[pl.DataFrame], pl.Series]
    ) -> pl.Expr:
        if expression not in self._made:
            name = f"={len(self._made)}"
            self._made[expression] = name
            self.steps.append(Step(name, make))
        return pl.col(self._made[expression])

    def type_of(self, expression: Expression) -> Type:
        return self._plan.type_of(expression)


def _repeated(value: Scalar, size: int) -> pl.Series:
    return pl.Series([value]).new_from_index(0, size)
