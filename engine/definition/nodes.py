"""The nodes of the definition language: a handful, frozen, compared by value.

An expression is a Column, a Literal, a Call or an Aggregate. A feature names an expression, a
feature set orders features. Nodes hold no data and know no engine.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from engine.definition.schema import Schema
from engine.errors import DefinitionError

Scalar: TypeAlias = bool | int | float | str

# What to do where == or != was meant to compare columns, which gives Python's True or False.
BY_EQ: Final = "compare with .eq(…), or ~….eq(…) for unequal; == and != compare definitions"


class Expression:
    """What every expression node can do: be combined with others.

    ``==`` stays what it is for any value, equality of definitions; the comparison of columns is
    ``.eq(…)``.
    """

    __slots__ = ()

    def __add__(self, other: "Operand") -> "Call":
        return Call("add", (self, lift(other)))

    def __radd__(self, other: "Operand") -> "Call":
        return Call("add", (lift(other), self))

    def __sub__(self, other: "Operand") -> "Call":
        return Call("sub", (self, lift(other)))

    def __rsub__(self, other: "Operand") -> "Call":
        return Call("sub", (lift(other), self))

    def __mul__(self, other: "Operand") -> "Call":
        return Call("mul", (self, lift(other)))

    def __rmul__(self, other: "Operand") -> "Call":
        return Call("mul", (lift(other), self))

    def __truediv__(self, other: "Operand") -> "Call":
        return Call("div", (self, lift(other)))

    def __rtruediv__(self, other: "Operand") -> "Call":
        return Call("div", (lift(other), self))

    def __lt__(self, other: "Operand") -> "Call":
        return Call("lt", (self, lift(other)))

    def __le__(self, other: "Operand") -> "Call":
        return Call("le", (self, lift(other)))

    def __gt__(self, other: "Operand") -> "Call":
        return Call("gt", (self, lift(other)))

    def __ge__(self, other: "Operand") -> "Call":
        return Call("ge", (self, lift(other)))

    def __and__(self, other: "Expression") -> "Call":
        return Call("and", (self, as_condition(other)))

    def __rand__(self, other: "Expression") -> "Call":
        return Call("and", (as_condition(other), self))

    def __or__(self, other: "Expression") -> "Call":
        return Call("or", (self, as_condition(other)))

    def __ror__(self, other: "Expression") -> "Call":
        return Call("or", (as_condition(other), self))

    def __invert__(self) -> "Call":
        return Call("not", (self,))

    def __bool__(self) -> bool:
        raise DefinitionError(
            f"an expression has no truth value of its own (was {self})",
            hint="combine conditions with & | ~ and choose with if_else(condition, a, b)",
        )

    def eq(self, other: "Operand") -> "Call":
        """Whether both are equal; null where one is null."""
        return Call("eq", (self, lift(other)))

    def one_of(self, *values: Scalar) -> "Call":
        """Whether it equals one of the literal values; null where it is null."""
        return Call("one_of", (self, *(Literal(value) for value in values)))

    def fill(self, value: "Operand") -> "Call":
        """Itself, or ``value`` where it is null."""
        return Call("fill", (self, lift(value)))

    def is_null(self) -> "Call":
        """Whether it is null; never null."""
        return Call("is_null", (self,))


Operand: TypeAlias = Expression | Scalar


@dataclass(frozen=True, slots=True)
class Column(Expression):
    """A column of the event, by name; its type is the schema's."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A constant; of a subclass, such as a float of NumPy's, the plain value."""

    value: Scalar

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _plain(self.value))

    def __str__(self) -> str:
        return repr(self.value)

    # 1 == 1.0 == True and 0.0 == -0.0 in Python, but they are different literals of this language.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Literal):
            return NotImplemented
        return repr(self.value) == repr(other.value)

    def __hash__(self) -> int:
        return hash(repr(self.value))


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function of the registry applied to arguments."""

    function: str
    args: tuple[Expression, ...]

    def __str__(self) -> str:
        return f"{self.function}({', '.join(map(str, self.args))})"


@dataclass(frozen=True, slots=True)
class Window:
    """What an event sees of its past: ``[t − delay − length, t − delay]``.

    Parameters
    ----------
    length
        In microseconds; None is for ever, a window without a lower end.
    delay
        In microseconds. With no delay the window ends just before the event itself: earlier
        arrivals of the same instant are in, later ones are out. With a delay every event at
        exactly ``t − delay`` is in.
    """

    length: int | None
    delay: int = 0

    def __str__(self) -> str:
        span = "for ever" if self.length is None else f"{self.length / 1e6:.15g}s"
        return f"{span} until {self.delay / 1e6:.15g}s ago" if self.delay else span


@dataclass(frozen=True, slots=True)
class Aggregate(Expression):
    """An aggregate of the registry over the events a window shows of one key.

    Parameters
    ----------
    name
        The aggregate.
    argument
        What it aggregates, a row-level expression; None where it takes none.
    key
        The columns that must be equal; the empty key is the whole stream.
    window
        Which of the past it sees.
    where
        A row-level condition on the past events; null counts as false.
    """

    name: str
    argument: Expression | None
    key: tuple[str, ...]
    window: Window
    where: Expression | None = None

    def __str__(self) -> str:
        argument = "" if self.argument is None else str(self.argument)
        where = "" if self.where is None else f" where {self.where}"
        return f"{self.name}({argument}) by ({', '.join(self.key)}) over {self.window}{where}"


@dataclass(frozen=True, slots=True)
class Feature:
    """A named expression with the words that explain it."""

    name: str
    expression: Expression
    doc: str


@dataclass(frozen=True)
class FeatureSet:
    """An ordered list of features over one schema; make it with :func:`feature_set`."""

    name: str
    schema: Schema
    features: tuple[Feature, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The features' names, in order."""
        return tuple(feature.name for feature in self.features)


def lift(value: Operand) -> Expression:
    """An expression as it is, a scalar as a literal."""
    return value if isinstance(value, Expression) else Literal(value)


def as_condition(value: object) -> Expression:
    """What is to be a condition, as it is.

    Raises
    ------
    DefinitionError
        If it is no expression, such as what ``==`` makes of two of them.
    """
    if not isinstance(value, Expression):
        raise DefinitionError(f"a condition is an expression (was {value!r})", hint=BY_EQ)
    return value


def _plain(value: object) -> object:
    """A literal's value, of no subclass; what is no literal is found when its type is asked for."""
    match value:
        case bool():  # an int too
            return value
        case int():
            return int.__int__(value)
        case float():
            return float.__float__(value)
        case str():  # not str(…), which is the name of an enumeration's member
            return str.__str__(value)
        case _:
            return value
