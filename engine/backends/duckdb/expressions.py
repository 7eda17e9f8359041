"""Expressions compiled to SQL over the columns of one row."""

from collections.abc import Callable, Mapping
from math import copysign

from engine.backends.duckdb.bounds import bound_of
from engine.backends.duckdb.functions import TABLE, Builder
from engine.backends.duckdb.sql import PRODUCT, Sql, binary, call, literal, quoted
from engine.backends.duckdb.windows import is_narrow
from engine.definition.infer import type_of
from engine.definition.nodes import Aggregate, Call, Column, Expression, Literal, Scalar
from engine.definition.schema import Schema
from engine.definition.types import Kind, Type


class Expressions(Builder):
    """Builds SQL, and remembers which macros it needs.

    Parameters
    ----------
    schema
        The schema of the events.
    columns
        What stands for a column of that name, where it is not the column itself.
    windowed
        Gives the column in which an aggregate was computed; sums are null where there is nothing.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        columns: Mapping[str, Sql] | None = None,
        windowed: Callable[[Aggregate], Sql] | None = None,
    ) -> None:
        self.used: set[str] = set()
        self.known: dict[Expression, Sql] = {}  # what has a name already
        self._schema = schema
        self._columns = columns or {}
        self._windowed = windowed

    @property
    def ticks(self) -> int:
        """Ticks of event_time per second."""
        return self._schema.ticks_per_second

    def build(self, expression: Expression) -> Sql:
        """An expression in the physical type of its own type."""
        if expression in self.known:
            return self.known[expression]
        match expression:
            case Literal(value):
                return self._literal(value)
            case Column(name):
                return self._columns.get(name, Sql(quoted(name)))
            case Call(function):
                return TABLE[function](self, expression)
            case Aggregate(name="sum"):
                return call("coalesce", self.total(expression), Sql("0")).cast("BIGINT")
            case Aggregate():
                return self.total(expression)
            case _:
                raise AssertionError(f"verified sets hold only expressions (was {expression!r})")

    def number(self, expression: Expression) -> Sql:
        """An expression as DOUBLE, money in major units."""
        if isinstance(expression, Literal):
            return self._literal(float(expression.value))
        type_ = self.type_of(expression)
        built = self.build(expression)
        if type_.kind is Kind.FLOAT:
            return built
        if type_.minor_units == 1:
            return built.cast("DOUBLE")
        return binary("/", PRODUCT, built, literal(float(type_.minor_units)))

    def minus_zero(self) -> Sql:
        """What is −0.0 and no constant."""
        return self.macro("minus_zero", self.build(Column(self._schema.event_time)))

    def total(self, expression: Expression) -> Sql:
        """A sum that a moment is computed from, null where there is nothing to sum up."""
        if self._windowed is None or not isinstance(expression, Aggregate):
            raise AssertionError(f"an event alone has no aggregates (was {expression})")
        return self._windowed(expression)

    def feature(self, expression: Expression) -> Sql:
        """An expression as it leaves the query: money in major units, conditions as 1 or 0."""
        match self.type_of(expression).kind:
            case Kind.MONEY:
                return self.number(expression)
            case Kind.BOOL:
                return self.build(expression).cast("TINYINT")
            case Kind.INT if _is_of_literals(expression):
                return self.build(expression).cast("BIGINT")
            case _:
                return self.build(expression)

    def macro(self, name: str, *args: Sql) -> Sql:
        """A call of a macro, which is then part of the SQL."""
        self.used.add(name)
        return call(name, *args)

    def may_be_nan(self, expression: Expression) -> bool:
        """Whether an expression may be NaN."""
        return bound_of(expression, self._schema).nan

    def is_narrow(self, instant: Expression) -> bool:
        """Whether differences of an instant certainly keep within 64 bits."""
        match instant:
            case Column(name):
                return is_narrow(self._schema, name)
            case Aggregate(argument=Column(name)):
                return is_narrow(self._schema, name)
            case _:
                return False

    def type_of(self, expression: Expression) -> Type:
        """An expression's type."""
        return type_of(expression, self._schema)

    def _literal(self, value: Scalar) -> Sql:
        is_minus_zero = isinstance(value, float) and value == 0.0 and copysign(1.0, value) < 0.0
        return self.minus_zero() if is_minus_zero else literal(value)


def _is_of_literals(expression: Expression) -> bool:
    """Whether all that a whole number is chosen from are literals, which SQL makes INTEGER."""
    match expression:
        case Literal():
            return True
        case Call("fill", args):
            return all(map(_is_of_literals, args))
        case Call("if_else", (_, *args)):
            return all(map(_is_of_literals, args))
        # Counts and sums are BIGINT whatever they are of; these have the type of what they take.
        case Aggregate("min" | "max" | "first" | "last", argument) if argument is not None:
            return _is_of_literals(argument)
        case _:
            return False
