"""Hypothesis definitions: feature sets that nobody wrote, well formed by construction.

An ``Author`` writes typed expressions: it is asked for a type and draws a column, a literal, a
function of the registry over expressions of the types it takes, or an aggregate over a history of
its few keys and windows, which therefore meet. Simple choices come first, as failures shrink to
those. ``test_definitions.py`` holds it to use the whole language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from engine.definition import (
    CARD,
    FLOAT,
    INT,
    TEXT,
    TIME,
    FeatureSet,
    Schema,
    feature,
    feature_set,
    money_type,
)
from engine.definition.dsl import History
from engine.definition.infer import is_bounded, type_of
from engine.definition.nodes import (
    Aggregate,
    Call,
    Column,
    Expression,
    Literal,
    Scalar,
    Window,
)
from engine.definition.types import BOOL, Kind, Type

AMOUNT, TIP = money_type(2), money_type(3)
EXACT: Final = (INT, BOOL, AMOUNT, TIP)
NUMBERS: Final = (FLOAT, *EXACT)
FEATURES: Final = (*NUMBERS, TEXT)
ANYTHING: Final = (*FEATURES, TIME, CARD)

_COLUMNS: Final[dict[Type, tuple[str, ...]]] = {
    INT: ("points", "terminal"),
    FLOAT: ("speed", "lat", "long", "merch_lat", "city_pop"),
    AMOUNT: ("amt",),
    TIP: ("tip",),
    TEXT: ("category", "merchant", "gender", "dob"),
    BOOL: ("online",),
    TIME: ("unix_time", "posted"),
    CARD: ("cc_num",),
}
_KEY_COLUMNS: Final = ("cc_num", "merchant", "category", "terminal", "points", "dob")
# What a window of a few events meets, bounds of types, and what rounds when it becomes a float.
_LITERALS: Final[dict[Type, tuple[Scalar, ...]]] = {
    INT: (0, 1, -3, 7, 2**30, 2**53 + 1, 2**63 - 1, -(2**63)),
    FLOAT: (0.0, 1.0, -1.5, 0.1, -0.0, 3.0, 1e-310, 1e308, -1e9),
    TEXT: ("a", "", "ä", "m", "o'k", '"%\\', "2000-02-29", "null", "select", "a@b"),
    BOOL: (False, True),
}
_TEXTS: Final = st.sampled_from(_LITERALS[TEXT])
_SECOND: Final = 1_000_000
# None is for ever; the longest is 2^61 µs but for what is no whole number of seconds.
_LENGTHS: Final = (60, 0, None, 300, 900, 3_600, 86_400, 604_800, 2**61 // _SECOND)
_DELAYS: Final = (0, 60, 300, 3_600, 86_400)

Choice = TypeVar("Choice")
Takes = Callable[[DrawFn, Type], Sequence[Type]]


def _of(*types: Type) -> Takes:
    return lambda _draw, _wanted: types


def _numbers(count: int) -> Takes:
    return lambda draw, _wanted: [draw(st.sampled_from(NUMBERS)) for _ in range(count)]


def _alike(draw: DrawFn, _wanted: Type) -> Sequence[Type]:
    return (draw(st.sampled_from(ANYTHING)),) * 2


def _wanted(*before: Type) -> Takes:
    return lambda _draw, wanted: (*before, wanted, wanted)


def _unlike(*before: Type) -> Takes:
    """Two numbers of different types, which become floats."""
    pairs = [(one, other) for one in NUMBERS for other in NUMBERS if one != other]
    return lambda draw, _wanted: (*before, *draw(st.sampled_from(pairs)))


# A function, the type of its value (None: any), and the types it is given.
_FUNCTIONS: Final[tuple[tuple[str, Type | None, Takes], ...]] = (
    ("add", FLOAT, _numbers(2)),
    ("sub", FLOAT, _numbers(2)),
    ("mul", FLOAT, _numbers(2)),
    ("div", FLOAT, _numbers(2)),
    ("abs", FLOAT, _numbers(1)),
    ("sqrt", FLOAT, _numbers(1)),
    ("ln", FLOAT, _numbers(1)),
    ("seconds_between", FLOAT, _of(TIME, TIME)),
    ("haversine_km", FLOAT, _numbers(4)),
    ("fill", FLOAT, _unlike()),
    ("if_else", FLOAT, _unlike(BOOL)),
    ("lt", BOOL, _numbers(2)),
    ("le", BOOL, _numbers(2)),
    ("gt", BOOL, _numbers(2)),
    ("ge", BOOL, _numbers(2)),
    ("eq", BOOL, _alike),
    ("eq", BOOL, _numbers(2)),
    ("one_of", BOOL, _of(TEXT)),
    ("and", BOOL, _of(BOOL, BOOL)),
    ("or", BOOL, _of(BOOL, BOOL)),
    ("not", BOOL, _of(BOOL)),
    ("is_null", BOOL, lambda draw, _: [draw(st.sampled_from(ANYTHING))]),
    ("hour", INT, _of(TIME)),
    ("day_of_week", INT, _of(TIME)),
    ("age", INT, _of(TEXT, TIME)),
    ("fill", None, _wanted()),
    ("if_else", None, _wanted(BOOL)),
)
_SMALL: Final = ("hour", "day_of_week", "age")


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: whether it may aggregate, and whether it may see labels."""

    aggregates: bool
    labels: bool


_FEATURE: Final = Scope(aggregates=True, labels=False)
_ROW: Final = Scope(aggregates=False, labels=False)


class Author:
    """Writes expressions over ``schema``, with histories of a few keys and windows."""

    def __init__(self, draw: DrawFn, schema: Schema) -> None:
        self._draw = draw
        self._schema = schema
        self._keys = self._a_few_keys()
        self._windows = [self._window() for _ in range(draw(st.integers(1, 3)))]

    def feature(self) -> Expression:
        """An expression that may be a feature."""
        if self._one_in(6):
            return self._deviation()
        type_ = self._one((FLOAT, FLOAT, *FEATURES))
        made = self.expression(type_, self._one((1, 2, 3, 0)), _FEATURE)
        if _is_constant(made):  # none may be: it stands in for null in a column
            made = Call("fill", (Column(_COLUMNS[type_][0]), made))
        return made

    def expression(self, type_: Type, depth: int, scope: Scope) -> Expression:
        """An expression of a type, with functions nested at most ``depth`` deep."""
        # Leaves come first: failures shrink to them.
        ways = [
            self._leaf,
            *[self._aggregate] * 2 * scope.aggregates,
            *[self._call] * 2 * bool(depth),
        ]
        made = self._one(ways)(type_, depth, scope)
        assert type_of(made, self._schema) == type_
        return made

    def _one(self, choices: Sequence[Choice]) -> Choice:
        return self._draw(st.sampled_from(choices))

    def _one_in(self, number: int) -> bool:
        return self._draw(st.integers(0, number - 1)) == number - 1

    def _leaf(self, type_: Type, _depth: int, scope: Scope) -> Expression:
        leaves: list[Expression] = [Column(name) for name in _COLUMNS[type_]]
        if scope.labels and type_ == INT:
            leaves = [Column("is_fraud"), *leaves]
        if type_ in _LITERALS and self._one_in(3):
            return Literal(self._one(_LITERALS[type_]))
        return self._one(leaves)

    def _call(self, type_: Type, depth: int, scope: Scope) -> Expression:
        fit = [(name, takes) for name, result, takes in _FUNCTIONS if result in {type_, None}]
        name, takes = self._one(fit)
        args = takes(self._draw, type_)
        made = tuple(self.expression(arg, depth - 1, scope) for arg in args)
        if name == "one_of":
            made += tuple(map(Literal, self._draw(st.lists(_TEXTS, min_size=1, max_size=3))))
        return Call(name, made)

    def _aggregate(self, type_: Type, depth: int, _scope: Scope) -> Aggregate:
        history = self._history(min(depth, 2))
        scope = Scope(aggregates=False, labels=history.window.delay > 0)

        def value(of: Type) -> Expression:
            return self.expression(of, min(depth, 2), scope)

        def summable(*types: Type) -> Expression:
            return self._summable(self._one(types), min(depth, 2), scope)

        name = self._one(_aggregates_of(type_))
        argument: Expression | None = None
        match name:
            case "count" | "n_unique":
                if name == "n_unique" or self._one_in(2):
                    argument = value(self._one(ANYTHING))
            case "sum":
                argument = summable(*((INT, BOOL) if type_ == INT else (type_,)))
            case "mean" | "var" | "std":
                argument = summable(*EXACT)
            case "exists" | "seconds_since_last":
                pass
            case "previous":  # it sees for ever, without a delay
                condition = None if history.window.delay else history.condition
                history = replace(history, window=Window(None), condition=condition)
                scope = _ROW
                argument = value(type_)
            case _:
                argument = value(type_)
        return Aggregate(name, argument, history.columns, history.window, history.condition)

    def _summable(self, type_: Type, depth: int, scope: Scope) -> Expression:
        """An expression of an exact type whose sums cannot overflow."""
        if type_ == BOOL:
            return self.expression(BOOL, depth, scope)
        if not depth or self._draw(st.booleans()):
            made = self._leaf(type_, 0, scope)
            return made if is_bounded(made, self._schema) else Column(_COLUMNS[type_][0])
        choices = ["fill", "if_else", *(_SMALL if type_ == INT else ())]
        match self._one(choices):
            case "fill":
                return self._summable(type_, depth - 1, scope).fill(
                    self._summable(type_, depth - 1, scope)
                )
            case "if_else":
                condition = self.expression(BOOL, depth - 1, scope)
                either = (self._summable(type_, depth - 1, scope) for _ in range(2))
                return Call("if_else", (condition, *either))
            case name:
                takes = (TEXT, TIME) if name == "age" else (TIME,)
                return Call(name, tuple(self.expression(of, depth - 1, scope) for of in takes))

    def _deviation(self) -> Expression:
        """What sets a value apart from its history: the chain that most features are."""
        history = self._history(1)
        argument = self._summable(self._one(EXACT), 1, _ROW)
        return (argument - history.mean(argument)) / history.std(argument)

    def _history(self, depth: int) -> History:
        history = History(self._one(self._keys), self._one(self._windows))
        if self._one_in(3):
            scope = Scope(aggregates=False, labels=history.window.delay > 0)
            history = history.where(self.expression(BOOL, depth, scope))
        return history

    def _a_few_keys(self) -> list[tuple[str, ...]]:
        """Keys of none to three columns; those after the first often extend it by a column."""
        columns = st.lists(st.sampled_from(_KEY_COLUMNS), max_size=3, unique=True)
        first = tuple(self._draw(columns))
        keys = [first]
        for _ in range(self._draw(st.integers(0, 2))):
            more = [name for name in _KEY_COLUMNS if name not in first]
            if len(first) < 3 and self._draw(st.booleans()):
                keys.append((*first, self._one(more)))
            else:
                keys.append(tuple(self._draw(columns)))
        return keys

    def _window(self) -> Window:
        """A length and a delay that events of ``streams`` meet to the tick, or miss by one."""
        tick = _SECOND // self._schema.ticks_per_second
        length, delay = self._one(_LENGTHS), self._one(_DELAYS)
        slack = self._one((0, 0, 0, 1)) * tick
        return Window(
            None if length is None else min(length * _SECOND + slack, 2**61 // tick * tick),
            delay * _SECOND + (slack if delay and self._draw(st.booleans()) else 0),
        )


def _is_constant(expression: Expression) -> bool:
    match expression:
        case Literal():
            return True
        case Call(_, args):
            return all(map(_is_constant, args))
        case _:
            return False


def _aggregates_of(type_: Type) -> list[str]:
    """The aggregates whose value is of a type."""
    names = {INT: ["count", "sum", "n_unique"], BOOL: ["exists"]}.get(type_, [])
    if type_ == FLOAT:
        names = ["mean", "seconds_since_last", "var", "std"]
    if type_.kind is Kind.MONEY:
        names = ["sum"]
    if type_.is_number and type_ != BOOL:
        names = [*names, "min", "max"]
    return [*names, "last", "first", "previous"]


@st.composite
def definitions(draw: DrawFn, schema: Schema) -> list[Expression]:
    """What one to four features are; a feature set accepts them."""
    author = Author(draw, schema)
    return [author.feature() for _ in range(draw(st.integers(1, 4)))]


def set_of(schema: Schema, expressions: Sequence[Expression]) -> FeatureSet:
    """A feature set of these expressions, named ``f0``, ``f1``, …"""
    features = [feature(f"f{at}", made, "made up") for at, made in enumerate(expressions)]
    return feature_set("made_up", schema, features)


def feature_sets(schema: Schema) -> SearchStrategy[FeatureSet]:
    """Sets of one to four features."""
    return definitions(schema).map(lambda expressions: set_of(schema, expressions))
