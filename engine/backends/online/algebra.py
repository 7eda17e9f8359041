"""Which aggregates may be kept up to date in which way."""

from typing import Final

from engine.definition.aggregates import AGGREGATES, PRIMITIVES, Algebra
from engine.definition.nodes import Aggregate
from engine.errors import DefinitionError

# How each primitive follows a sliding window, and the algebras under which that is exact.
METHODS: Final[dict[str, tuple[str, frozenset[Algebra]]]] = {
    "count": ("add and take away", frozenset({Algebra.EXACT_GROUP})),
    "sum": ("add and take away", frozenset({Algebra.EXACT_GROUP})),
    "sum_of_squares": ("add and take away", frozenset({Algebra.EXACT_GROUP})),
    "min": ("keep what may yet be the least", frozenset({Algebra.MONOID, Algebra.EXACT_GROUP})),
    "max": ("keep what may yet be the largest", frozenset({Algebra.MONOID, Algebra.EXACT_GROUP})),
    "n_unique": ("count each value", frozenset({Algebra.MULTISET})),
    "first": ("look at the window's first event", frozenset({Algebra.ORDERED})),
    "last": ("look at the window's last event", frozenset({Algebra.ORDERED})),
}
_missing: Final = PRIMITIVES - METHODS.keys()
if _missing:
    raise AssertionError(f"the online backend has no row for {sorted(_missing)}")


def check_algebra(aggregate: Aggregate) -> None:
    """Refuse an aggregate whose partial cannot be kept exact in the way it is kept here."""
    method, legal = METHODS[aggregate.name]
    algebra = AGGREGATES[aggregate.name].algebra
    if algebra not in legal:
        raise DefinitionError(
            f"{aggregate.name} is declared {algebra.value}, which does not allow to {method} "
            f"(was {aggregate})",
            hint=f"declare it {' or '.join(sorted(each.value for each in legal))}, if it is",
        )
