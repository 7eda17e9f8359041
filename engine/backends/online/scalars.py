"""Row-level expressions as Python source: one assignment for each distinct expression.

Every value is a local variable of the generated function, computed once. Values are as a canonical
frame holds them (money in minor units); None is null, and where nothing can be null nothing asks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.backends.online.formulas import WIDE
from engine.definition.functions import FUNCTIONS, SECONDS_PER_DAY, SECONDS_PER_HOUR, common_type
from engine.definition.nodes import Call, Expression, Literal
from engine.definition.schema import Schema
from engine.definition.types import FLOAT, Kind, Type


@dataclass(frozen=True, slots=True)
class Value:
    """A value in generated code.

    Parameters
    ----------
    source
        A local variable or a literal.
    nullable
        Whether it may be None.
    """

    source: str
    nullable: bool


Known = Callable[["Block", Expression], Value | None]


class Block:
    """Statements of one function, and what they have computed so far.

    Parameters
    ----------
    schema
        The schema of the events.
    type_of
        The type of an expression.
    known
        Where values come from that the statements do not compute: columns and aggregates.
    """

    def __init__(
        self,
        schema: Schema,
        type_of: Callable[[Expression], Type],
        known: Known,
    ) -> None:
        self.lines: list[str] = []
        self.schema = schema
        self.type_of = type_of
        self._known = known
        self._values: dict[Expression, Value] = {}
        self._floats: dict[Value, Value] = {}
        self._sources: dict[str, str] = {}
        self._names = 0

    def inner(self) -> "Block":
        """A block under a condition: it sees what this one has computed, and keeps its own."""
        block = Block(self.schema, self.type_of, self._known)
        block._values = dict(self._values)
        block._floats = dict(self._floats)
        block._sources = dict(self._sources)
        block._names = self._names
        return block

    def value(self, expression: Expression) -> Value:
        """An expression's value."""
        if expression not in self._values:
            known = self._known(self, expression)
            self._values[expression] = self._compute(expression) if known is None else known
        return self._values[expression]

    def number(self, expression: Expression) -> Value:
        """A number as float64, money in major units."""
        type_, value = self.type_of(expression), self.value(expression)
        if type_.kind is Kind.FLOAT:
            return value
        if isinstance(expression, Literal):
            return Value(repr(float(expression.value)), nullable=False)
        if value not in self._floats:
            units = type_.minor_units
            source = f"{value.source} / {float(units)!r}" if units > 1 else f"{value.source} + 0.0"
            self._floats[value] = self.assign(unless_null([value], source), value.nullable)
        return self._floats[value]

    def like(self, expression: Expression, wanted: Type) -> Value:
        """A value as one of another type that holds it too."""
        return self.number(expression) if wanted == FLOAT else self.value(expression)

    def assign(self, source: str, nullable: bool) -> Value:  # noqa: FBT001 - a value's two parts
        """A new local variable."""
        name = f"v{self._names}"
        self._names += 1
        self.lines.append(f"{name} = {source}")
        return Value(name, nullable)

    def once(self, source: str) -> str:
        """The variable of a source, assigned when it is first asked for."""
        if source not in self._sources:
            self._sources[source] = self.assign(source, nullable=True).source
        return self._sources[source]

    def _compute(self, expression: Expression) -> Value:
        match expression:
            case Literal(value):
                return Value(repr(value), nullable=False)
            case Call(function):
                return TABLE[function](self, expression)
            case _:
                raise AssertionError(f"nothing tells its value (was {expression})")


def unless_null(values: list[Value], source: str) -> str:
    """Source that is None where one of the values is."""
    nullable = [value.source for value in dict.fromkeys(values) if value.nullable]
    if not nullable:
        return source
    return f"None if {' or '.join(f'{name} is None' for name in nullable)} else {source}"


Lowering = Callable[[Block, Call], Value]


def _of_numbers(template: str, *, domain: str = "") -> Lowering:
    """A formula over floats; outside its domain null."""

    def lowering(block: Block, call: Call) -> Value:
        values = [block.number(arg) for arg in call.args]
        names = [value.source for value in values]
        source = template.format(*names)
        if domain:
            source = f"({source} if {domain.format(*names)} else None)"
        nullable = bool(domain) or any(value.nullable for value in values)
        return block.assign(unless_null(values, source), nullable)

    return lowering


def _of_values(template: Callable[[Block], str]) -> Lowering:
    """A formula over values as they are."""

    def lowering(block: Block, call: Call) -> Value:
        values = [block.value(arg) for arg in call.args]
        source = template(block).format(*(value.source for value in values))
        return block.assign(unless_null(values, source), any(value.nullable for value in values))

    return lowering


def _eq(block: Block, call: Call) -> Value:
    common = common_type(*(block.type_of(arg) for arg in call.args))
    first, second = (block.like(arg, common) for arg in call.args)
    source = unless_null([first, second], f"{first.source} == {second.source}")
    return block.assign(source, first.nullable or second.nullable)


def _one_of(block: Block, call: Call) -> Value:
    text, *others = (block.value(arg) for arg in call.args)
    source = f"{text.source} in ({', '.join(other.source for other in others)},)"
    return block.assign(unless_null([text], source), text.nullable)


def _connective(function: str, operator: str) -> Lowering:
    def lowering(block: Block, call: Call) -> Value:
        first, second = (block.value(arg) for arg in call.args)
        if not first.nullable and not second.nullable:
            return block.assign(f"{first.source} {operator} {second.source}", nullable=False)
        return block.assign(f"{function}({first.source}, {second.source})", nullable=True)

    return lowering


def _is_null(block: Block, call: Call) -> Value:
    value = block.value(call.args[0])
    source = f"{value.source} is None" if value.nullable else "False"
    return block.assign(source, nullable=False)


def _fill(block: Block, call: Call) -> Value:
    type_ = block.type_of(call)
    value = block.like(call.args[0], type_)
    if not value.nullable:
        return value
    other = block.like(call.args[1], type_)
    source = f"{other.source} if {value.source} is None else {value.source}"
    return block.assign(source, other.nullable)


def _if_else(block: Block, call: Call) -> Value:
    type_ = block.type_of(call)
    condition = block.value(call.args[0])
    then, otherwise = (block.like(arg, type_) for arg in call.args[1:])
    source = f"{then.source} if {condition.source} else {otherwise.source}"
    return block.assign(source, then.nullable or otherwise.nullable)


def _age(block: Block, call: Call) -> Value:
    born, time = (block.value(arg) for arg in call.args)
    day = f"{time.source} // {SECONDS_PER_DAY * block.schema.ticks_per_second}"
    return block.assign(unless_null([time], f"age({born.source}, {day})"), time.nullable)


def _seconds_between(block: Block) -> str:
    ticks = block.schema.ticks_per_second
    return "{0} - {1} + 0.0" if ticks == 1 else f"({{0}} - {{1}}) / {float(ticks)!r}"


def _of_moments(template: str) -> Lowering:
    """A formula over a count, sums and minor units; without values null.

    Calling a function would take as long as the formula. An integer plus 0.0, or divided by a
    float, is made the nearest float, as ``float`` does.
    """

    def lowering(block: Block, call: Call) -> Value:
        count, *sums, units = (block.value(arg).source for arg in call.args)
        number = "" if len(sums) == 1 else f"{count} * {sums[1]} - {sums[0]} * {sums[0]}"
        source = template.format(
            sum=sums[0],
            divisor=f"({count} * {units})",
            wide=f"(n + 0.0 if (n := {number}) < {WIDE} else wide(n))",
        )
        return block.assign(f"{source} if {count} else None", nullable=True)

    return lowering


TABLE: Final[dict[str, Lowering]] = {
    "add": _of_numbers("{0} + {1}"),
    "sub": _of_numbers("{0} - {1}"),
    "mul": _of_numbers("{0} * {1}"),
    "div": _of_numbers("{0} / {1}", domain="{1} != 0.0"),
    "abs": _of_numbers("abs({0})"),
    # Not the opposite comparison: NaN is in the domain, and its root is NaN.
    "sqrt": _of_numbers("sqrt({0})", domain="not {0} < 0.0"),
    "ln": _of_numbers("log({0})", domain="not {0} <= 0.0"),
    "lt": _of_numbers("{0} < {1}"),
    "le": _of_numbers("{0} <= {1}"),
    "gt": _of_numbers("{0} > {1}"),
    "ge": _of_numbers("{0} >= {1}"),
    "eq": _eq,
    "one_of": _one_of,
    "and": _connective("both", "and"),
    "or": _connective("either", "or"),
    "not": _of_values(lambda _: "not {0}"),
    "is_null": _is_null,
    "fill": _fill,
    "if_else": _if_else,
    "hour": _of_values(
        lambda block: f"{{0}} // {block.schema.ticks_per_second * SECONDS_PER_HOUR} % 24"
    ),
    "day_of_week": _of_values(
        lambda block: f"({{0}} // {block.schema.ticks_per_second * SECONDS_PER_DAY} + 3) % 7"
    ),
    "age": _age,
    "seconds_between": _of_values(_seconds_between),
    "haversine_km": _of_numbers("haversine_km({0}, {1}, {2}, {3})"),
    "exact_mean": _of_moments("({sum} + 0.0) / {divisor}"),
    "exact_var": _of_moments("{wide} / {divisor} / {divisor}"),
    "exact_std": _of_moments("sqrt({wide}) / {divisor}"),
}
_missing: Final = FUNCTIONS.keys() - TABLE.keys()
if _missing:
    raise AssertionError(f"the online backend has no row for {sorted(_missing)}")


def as_feature(block: Block, expression: Expression) -> Value:
    """A feature's value as it leaves the backend: money in major units, conditions as 1 or 0."""
    match block.type_of(expression).kind:
        case Kind.MONEY:
            return block.number(expression)
        case Kind.BOOL:
            value = block.value(expression)
            return block.assign(unless_null([value], f"1 if {value.source} else 0"), value.nullable)
        case _:
            return block.value(expression)
