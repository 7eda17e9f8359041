"""The registry of aggregates: types, value on an empty history, algebra.

Surface aggregates are what authors write; some lower to others (``definition/lower.py``), and a
backend implements only those that do not.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Literal

from engine.definition.functions import TypeMismatchError
from engine.definition.types import BOOL, FLOAT, INT, Type

Needs = Literal["nothing", "maybe", "value"]


class Algebra(Enum):
    """What may be done with an aggregate's partial.

    EXACT_GROUP: partials combine, and one can be taken out again exactly.
    MONOID: partials combine, and nothing can be taken out.
    ORDERED: the partial is a position in the order of events.
    MULTISET: the partial is a count for each value.
    """

    EXACT_GROUP = "exact group"
    MONOID = "monoid"
    ORDERED = "ordered"
    MULTISET = "multiset"


@dataclass(frozen=True, slots=True)
class AggregateSpec:
    """One aggregate of the language.

    Parameters
    ----------
    name
        What ``Aggregate.name`` holds.
    argument
        Whether it takes no argument, may take one or must have one.
    result
        The result's type for the argument's type (None without an argument); raises
        :class:`TypeMismatchError`.
    value
        What it computes, nulls included.
    empty
        Its value when the window shows nothing: 0 or null.
    algebra
        What may be done with its partial.
    lowers
        Whether it is rewritten to others and never reaches a backend.
    internal
        Whether only lowered definitions hold it, never authored ones.
    """

    name: str
    argument: Needs
    result: Callable[[Type | None], Type]
    value: str
    empty: Literal[0] | None
    algebra: Algebra
    lowers: bool = False
    internal: bool = False


def _always(result: Type) -> Callable[[Type | None], Type]:
    return lambda _argument: result


def _exact(result: Type | None) -> Callable[[Type | None], Type]:
    def check(argument: Type | None) -> Type:
        if argument is None or not argument.is_exact:
            raise TypeMismatchError(
                "takes whole numbers, money with a declared scale or conditions"
            )
        return result or (INT if argument == BOOL else argument)

    return check


def _number(argument: Type | None) -> Type:
    if argument is None or not argument.is_number or argument == BOOL:
        raise TypeMismatchError("takes numbers")
    return argument


def _same(argument: Type | None) -> Type:
    if argument is None:
        raise TypeMismatchError("takes a value")
    return argument


_SPECS: Final = (
    AggregateSpec(
        "count", "maybe", _always(INT), "events, or non-null values", 0, Algebra.EXACT_GROUP
    ),
    AggregateSpec("sum", "value", _exact(None), "Σx over non-null x", 0, Algebra.EXACT_GROUP),
    AggregateSpec(
        "mean",
        "value",
        _exact(FLOAT),
        "float(Σx) ÷ float(n × 10^scale)",
        None,
        Algebra.EXACT_GROUP,
        lowers=True,
    ),
    AggregateSpec(
        "var",
        "value",
        _exact(FLOAT),
        "population variance: (wide(n·Σx² − (Σx)²) ÷ d) ÷ d with d = float(n × 10^scale) and "
        "wide(N) = float(⌊N ÷ 2^62⌋) × 2^62 + float(N mod 2^62)",
        None,
        Algebra.EXACT_GROUP,
        lowers=True,
    ),
    AggregateSpec(
        "std",
        "value",
        _exact(FLOAT),
        "population standard deviation: √wide(n·Σx² − (Σx)²) ÷ d, with wide and d as for var",
        None,
        Algebra.EXACT_GROUP,
        lowers=True,
    ),
    AggregateSpec("min", "value", _number, "smallest non-null x", None, Algebra.MONOID),
    AggregateSpec("max", "value", _number, "largest non-null x", None, Algebra.MONOID),
    AggregateSpec(
        "n_unique", "value", _always(INT), "distinct non-null values", 0, Algebra.MULTISET
    ),
    AggregateSpec(
        "first", "value", _same, "x at the earliest event, null as it is", None, Algebra.ORDERED
    ),
    AggregateSpec(
        "last", "value", _same, "x at the latest event, null as it is", None, Algebra.ORDERED
    ),
    AggregateSpec(
        "previous",
        "value",
        _same,
        "x at the latest event there ever was of the key, null as it is",
        None,
        Algebra.ORDERED,
        lowers=True,
    ),
    AggregateSpec(
        "seconds_since_last",
        "nothing",
        _always(FLOAT),
        "seconds since the latest event",
        None,
        Algebra.ORDERED,
        lowers=True,
    ),
    AggregateSpec(
        "exists",
        "nothing",
        _always(BOOL),
        "whether there is an event",
        0,
        Algebra.ORDERED,
        lowers=True,
    ),
    AggregateSpec(
        "sum_of_squares",
        "value",
        _exact(INT),
        "Σx² over non-null x, in minor units squared, 128 bits wide; what var and std lower to",
        0,
        Algebra.EXACT_GROUP,
        internal=True,
    ),
)

AGGREGATES: Final[dict[str, AggregateSpec]] = {spec.name: spec for spec in _SPECS}
PRIMITIVES: Final = frozenset(spec.name for spec in _SPECS if not spec.lowers)
