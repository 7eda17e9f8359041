"""The aggregates of the language as calls of SQL: one row each in the table below."""

from collections.abc import Callable
from typing import Final

from engine.backends.duckdb.sql import ATOM, Sql
from engine.definition.aggregates import PRIMITIVES

# Those that take the value of one event, null as it is.
POSITIONAL: Final = frozenset({"first", "last"})
# Those whose argument is added up or multiplied, so that it must be a number.
SUMS: Final = frozenset({"sum", "sum_of_squares"})

TABLE: Final[dict[str, Callable[[Sql], str]]] = {
    "count": lambda x: f"count({x.text})",
    "sum": lambda x: f"sum({x.text})",  # HUGEINT of whole numbers: exact
    "sum_of_squares": lambda x: f"sum({x.within(ATOM)}::HUGEINT * {x.within(ATOM)})",
    "min": lambda x: f"min({x.text})",
    "max": lambda x: f"max({x.text})",
    "n_unique": lambda x: f"count(DISTINCT {x.text})",
    "first": lambda x: f"first_value({x.text})",
    "last": lambda x: f"last_value({x.text})",
}
# A gap would be a feature that verifies and cannot be computed, so it is found at import.
if TABLE.keys() != PRIMITIVES:
    raise AssertionError(f"the aggregates differ ({sorted(PRIMITIVES ^ TABLE.keys())})")
