"""Row-level expressions as Python source: each distinct expression is computed once.

What is asked for more than once becomes a local variable of the generated function; the rest is
written where it is asked for, and whether it is null beside it, so that nothing is made None only
to be looked at again. Values are as a canonical frame holds them (money in minor units); None is
null, and where nothing can be null nothing asks.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.backends.online.formulas import WIDE
from engine.definition.functions import FUNCTIONS, SECONDS_PER_DAY, SECONDS_PER_HOUR, common_type
from engine.definition.nodes import Aggregate, Call, Column, Expression, Literal
from engine.definition.schema import Schema
from engine.definition.types import FLOAT, Kind, Type

if TYPE_CHECKING:  # it is made of blocks
    from engine.backends.online.hourly import Hourly


@dataclass(frozen=True, slots=True)
class Value:
    """A value in generated code.

    Parameters
    ----------
    source
        An expression for it, where it is not null. It is evaluated after ``nulls``, in the same
        expression, and once, unless it :attr:`is_simple`.
    nulls
        Conditions under which it is null, looked at one after the other; none if it never is.
    """

    source: str
    nulls: tuple[str, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether it may be null."""
        return bool(self.nulls)

    @property
    def null(self) -> str:
        """The condition under which it is null."""
        return " or ".join(self.nulls) or "False"

    @property
    def is_simple(self) -> bool:
        """Whether it costs nothing: a local variable, which may be None, or a literal."""
        return _SIMPLE.fullmatch(self.source) is not None and self._is_none

    @property
    def term(self) -> str:
        """``source`` as part of a larger expression."""
        return self.source if _TERM.fullmatch(self.source) else f"({self.source})"

    @property
    def or_none(self) -> str:
        """An expression for it that is None where it is null."""
        if self._is_none:
            return self.source
        if self.null.startswith(_NOT) and len(self.nulls) == 1:
            return f"{self.term} if {self.null.removeprefix(_NOT)} else None"
        return f"None if {self.null} else {self.source}"

    @property
    def _is_none(self) -> bool:
        """Whether ``source`` is None where it is null."""
        return self.nulls in {(), (f"{self.source} is None",)}


def variable(name: str, *, nullable: bool) -> Value:
    """A local variable, which is None where it is null."""
    return Value(name, (f"{name} is None",) if nullable else ())


_NOT: Final = "not "
_SIMPLE: Final = re.compile(r"[A-Za-z_]\w*|[0-9][0-9.e+-]*|'[^'\\]*'")
_TERM: Final = re.compile(rf"(?:{_SIMPLE.pattern})(?:\[[0-9]+\])?")

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
    uses
        How often each expression is asked for; one that is not told of is taken to be asked for
        often.
    hourly
        Where what depends on the hour alone comes from; if not given, it is computed.
    """

    def __init__(
        self,
        schema: Schema,
        type_of: Callable[[Expression], Type],
        known: Known,
        uses: Mapping[Expression, int] | None = None,
        hourly: "Hourly | None" = None,
    ) -> None:
        self.lines: list[str] = []
        self.schema = schema
        self.type_of = type_of
        self._known = known
        self._uses = uses or {}
        self.hourly = hourly
        self._values: dict[Expression, Value] = {}
        self._floats: dict[Value, Value] = {}
        self._made: dict[Hashable, str] = {}
        self._names = 0

    def inner(self) -> "Block":
        """A block under a condition: it sees what this one has computed, and keeps its own."""
        block = Block(self.schema, self.type_of, self._known, self._uses, self.hourly)
        block._values = dict(self._values)
        block._floats = dict(self._floats)
        block._made = dict(self._made)
        block._names = self._names
        return block

    def value(self, expression: Expression) -> Value:
        """An expression's value."""
        if expression not in self._values:
            found = self._known(self, expression) or self._compute(expression)
            if self._uses.get(expression, _OFTEN) > 1 or found.source.count("(") > _MOST_NESTED:
                found = self.simple(found)
            self._values[expression] = found
        return self._values[expression]

    def number(self, expression: Expression) -> Value:
        """A number as float64, money in major units."""
        type_, value = self.type_of(expression), self.value(expression)
        if type_.kind is Kind.FLOAT:
            return value
        if isinstance(expression, Literal):
            return Value(repr(float(expression.value)))
        if value not in self._floats:
            units = type_.minor_units
            source = f"{value.term} / {float(units)!r}" if units > 1 else f"{value.term} + 0.0"
            self._floats[value] = self.simple(Value(source, value.nulls))
        return self._floats[value]

    def like(self, expression: Expression, wanted: Type) -> Value:
        """A value as one of another type that holds it too."""
        return self.number(expression) if wanted == FLOAT else self.value(expression)

    def simple(self, value: Value) -> Value:
        """The same value, which may be asked for any number of times."""
        return value if value.is_simple else self.assign(value.or_none, nullable=value.nullable)

    def assign(self, source: str, *, nullable: bool) -> Value:
        """A new local variable."""
        name = self.name()
        self.lines.append(f"{name} = {source}")
        return variable(name, nullable=nullable)

    def name(self) -> str:
        """The name of a new local variable."""
        self._names += 1
        return f"v{self._names - 1}"

    def once(self, source: str) -> str:
        """The variable of a source, assigned when it is first asked for."""
        return self.made(source, lambda name: [f"{name} = {source}"])

    def made(self, what: Hashable, statements: Callable[[str], Iterable[str]]) -> str:
        """The variable of something: statements make it when it is first asked for."""
        if what not in self._made:
            name = self._made[what] = self.name()
            self.lines += statements(name)
        return self._made[what]

    def _compute(self, expression: Expression) -> Value:
        if self.hourly and self.hourly.covers(expression):
            return self.hourly.value(expression)
        match expression:
            case Literal(value):
                return Value(repr(value))
            case Call(function):
                return TABLE[function](self, expression)
            case _:
                raise AssertionError(f"nothing tells its value (was {expression})")


_OFTEN: Final = 2
# Parentheses in what is written where it is asked for; Python's parser takes 200. What tells
# whether it is null is a row of conditions, each about what is no deeper.
_MOST_NESTED: Final = 12


def uses(roots: Iterable[Expression]) -> dict[Expression, int]:
    """How often each expression is asked for, by ``roots`` or by what they are made of."""
    found: dict[Expression, int] = {}
    waiting = list(roots)
    while waiting:
        expression = waiting.pop()
        found[expression] = found.get(expression, 0) + 1
        if found[expression] > 1:
            continue
        if isinstance(expression, Call):
            waiting += expression.args
        elif isinstance(expression, Aggregate):
            waiting += [
                each for each in (expression.argument, expression.where) if each is not None
            ]
    return found


def unless_null(values: list[Value], source: str) -> Value:
    """A value that is null where one of the values is."""
    return Value(source, tuple(dict.fromkeys(null for value in values for null in value.nulls)))


Lowering = Callable[[Block, Call], Value]


def _of_numbers(template: str, *, domain: str = "") -> Lowering:
    """A formula over floats; outside its domain null."""

    def lowering(block: Block, call: Call) -> Value:
        values = [block.number(arg) for arg in call.args]
        if domain:  # it asks for them once more
            values = [block.simple(value) for value in values]
        names = [value.term for value in values]
        inside = unless_null(values, template.format(*names))
        if not domain:
            return inside
        return Value(inside.source, (*inside.nulls, f"{_NOT}{domain.format(*names)}"))

    return lowering


def _of_values(template: Callable[[Block], str]) -> Lowering:
    """A formula over values as they are."""

    def lowering(block: Block, call: Call) -> Value:
        values = [block.value(arg) for arg in call.args]
        return unless_null(values, template(block).format(*(value.term for value in values)))

    return lowering


def _eq(block: Block, call: Call) -> Value:
    common = common_type(*(block.type_of(arg) for arg in call.args))
    first, second = (block.like(arg, common) for arg in call.args)
    return unless_null([first, second], f"{first.term} == {second.term}")


def _one_of(block: Block, call: Call) -> Value:
    text, *others = (block.value(arg) for arg in call.args)
    source = f"{text.term} in ({', '.join(other.source for other in others)},)"
    return unless_null([text], source)


def _connective(function: str, operator: str) -> Lowering:
    def lowering(block: Block, call: Call) -> Value:
        first, second = (block.value(arg) for arg in call.args)
        if not first.nullable and not second.nullable:
            return Value(f"{first.term} {operator} {second.term}")
        return block.assign(f"{function}({first.or_none}, {second.or_none})", nullable=True)

    return lowering


def _is_null(block: Block, call: Call) -> Value:
    return Value(block.value(call.args[0]).null)


def _fill(block: Block, call: Call) -> Value:
    type_ = block.type_of(call)
    value = block.like(call.args[0], type_)
    if not value.nullable:
        return value
    other = block.like(call.args[1], type_)
    return _either(block, value.null, other, Value(value.source))


def _if_else(block: Block, call: Call) -> Value:
    type_ = block.type_of(call)
    condition = block.value(call.args[0])
    then, otherwise = (block.like(arg, type_) for arg in call.args[1:])
    test = f"({condition.or_none})" if condition.nullable else condition.term
    return _either(block, test, then, otherwise)


def _either(block: Block, test: str, then: Value, otherwise: Value) -> Value:
    """One value where a test holds, and another where it does not."""
    if not then.nullable and not otherwise.nullable:
        return Value(f"{then.term} if {test} else {otherwise.term}")
    source = f"({then.or_none}) if {test} else {otherwise.or_none}"
    return block.assign(source, nullable=True)


def _age(block: Block, call: Call) -> Value:
    born, time = (block.value(arg) for arg in call.args)
    today = f"today({time.term} // {SECONDS_PER_DAY * block.schema.ticks_per_second})"
    if block.hourly and call.args[1] == Column(block.schema.event_time):
        today = block.hourly.local(today)
    return unless_null([time], f"age({born.or_none}, {today})")


def _seconds_between(block: Block) -> str:
    ticks = block.schema.ticks_per_second
    return "{0} - {1} + 0.0" if ticks == 1 else f"({{0}} - {{1}}) / {float(ticks)!r}"


def _of_moments(template: str) -> Lowering:
    """A formula over a count, sums and minor units; without values null.

    Calling a function would take as long as the formula. An integer plus 0.0, or divided by a
    float, is made the nearest float, as ``float`` does.
    """

    def lowering(block: Block, call: Call) -> Value:
        count, *sums, units = (block.simple(block.value(arg)).source for arg in call.args)
        number = "" if len(sums) == 1 else f"{count} * {sums[1]} - {sums[0]} * {sums[0]}"
        source = template.format(
            sum=sums[0],
            divisor=block.once(f"{count} * {units}"),
            wide=f"(n + 0.0 if (n := {number}) < {WIDE} else wide(n))",
        )
        return Value(source, (f"{_NOT}{count}",))

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
    "not": _of_values(lambda _: f"{_NOT}{{0}}"),
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


def as_feature(block: Block, expression: Expression) -> str:
    """A feature's value as it leaves the backend: money in major units, conditions as 1 or 0."""
    if block.hourly and block.hourly.covers(expression):
        return block.hourly.feature(expression)
    match block.type_of(expression).kind:
        case Kind.MONEY:
            return block.number(expression).or_none
        case Kind.BOOL:
            value = block.value(expression)
            return Value(f"1 if {value.term} else 0", value.nulls).or_none
        case _:
            return block.value(expression).or_none
