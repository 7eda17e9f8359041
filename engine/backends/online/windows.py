"""Looking at the few events that a window shows, and counting them once they are many.

``log`` is a lane's entries, of which a window shows those from the index ``begin`` on. Null and NaN
are no values, and an entry with a null among several values joins nobody's.
"""

from collections.abc import Callable
from typing import Any, Final

NAMES: Final = (
    "distinct",
    "distinct_floats",
    "entry_at",
    "indexed",
    "tallied",
)

Entry = tuple[Any, ...]


def distinct(log: list[Entry], begin: int, pick: Callable[[Entry], object]) -> int:
    """How many different values the entries have."""
    if begin == len(log) - 1:
        return int(pick(log[begin]) is not None)
    values = set(map(pick, log[begin:]))
    values.discard(None)
    return len(values)


def distinct_floats(log: list[Entry], begin: int, pick: Callable[[Entry], Any]) -> int:
    """How many different values the entries have, NaN being none."""
    return len({v for v in map(pick, log[begin:]) if v is not None and v == v})  # noqa: PLR0124 - false for NaN


def tallied(log: list[Entry], begin: int, index: int) -> dict[Any, int]:
    """How many entries have each value at an index."""
    counts: dict[Any, int] = {}
    for x in log[begin:]:
        v = x[index]
        if v is not None and v == v:  # noqa: PLR0124 - false for NaN
            counts[v] = counts.get(v, 0) + 1
    return counts


def indexed(
    log: list[Entry], begin: int, index: int | tuple[int, ...], dropped: int
) -> dict[Any, int]:
    """Where in the whole lane each value's latest entry is; ``dropped`` stand before the log."""
    places: dict[Any, int] = {}
    for i in range(begin, len(log)):
        x = log[i]
        v = x[index] if isinstance(index, int) else tuple(x[each] for each in index)
        if v is not None and not (isinstance(v, tuple) and None in v):
            places[v] = dropped + i
    return places


def entry_at(place: int | None, log: list[Entry], dropped: int) -> Entry | None:
    """The entry at a place in the whole lane."""
    return None if place is None else log[place - dropped]
