"""Looking at the few events that a window shows, and counting them once they are many.

``column`` is a column of a lane's entries, of which a window shows those from the index ``begin``
on. Null and NaN are no values, and an entry with a null among several values joins nobody's.
"""

from collections.abc import Sequence
from typing import Any, Final

NAMES: Final = (
    "distinct",
    "distinct_floats",
    "indexed",
    "tallied",
)


def distinct(column: Sequence[Any], begin: int) -> int:
    """How many different values there are."""
    if begin == len(column) - 1:
        return int(column[begin] is not None)
    values = set(column[begin:])
    values.discard(None)
    return len(values)


def distinct_floats(column: Sequence[Any], begin: int) -> int:
    """How many different values there are, NaN being none."""
    return len({v for v in column[begin:] if v is not None and v == v})  # noqa: PLR0124 - false for NaN


def tallied(column: Sequence[Any], begin: int) -> dict[Any, int]:
    """How many entries have each value."""
    counts: dict[Any, int] = {}
    for v in column[begin:]:
        if v is not None and v == v:  # noqa: PLR0124 - false for NaN
            counts[v] = counts.get(v, 0) + 1
    return counts


def indexed(begin: int, dropped: int, *columns: Sequence[Any]) -> dict[Any, int]:
    """Where in the whole lane the latest entry is that has each value, or the values of several.

    ``dropped`` entries stand before the log.
    """
    places: dict[Any, int] = {}
    shown = (column[begin:] for column in columns)
    for i, values in enumerate(zip(*shown, strict=True), dropped + begin):
        if None not in values:
            places[values[0] if len(columns) == 1 else values] = i
    return places
