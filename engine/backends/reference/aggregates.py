"""The aggregates, each over the events that one event sees."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.backends.reference.functions import Value
from engine.definition.aggregates import AGGREGATES as DECLARED


@dataclass(frozen=True, slots=True)
class Seen:
    """What an event sees: the events of its history for which ``where`` holds, in their order.

    Parameters
    ----------
    now, ticks
        The event's own time, and how many ticks make a second.
    times, values
        Of each event seen, its time and its value of the argument.
    minor_units
        How many minor units of the argument make one: 100 for money of two decimals, else 1.
    """

    now: int
    ticks: int
    times: list[int]
    values: list[Value]
    minor_units: int

    @property
    def known(self) -> list[Value]:
        """The values that count: neither null nor NaN, which alone is unequal to itself."""
        return [value for value in self.values if value is not None and value == value]  # noqa: PLR0124 - the test for NaN that takes text too


def _mean(seen: Seen) -> Value:
    x = seen.known
    if not x:
        return None
    return float(sum(x)) / float(len(x) * seen.minor_units)


def _var(seen: Seen) -> Value:
    x = seen.known
    if not x:
        return None
    d = float(len(x) * seen.minor_units)
    return _wide(_squared_deviations(x)) / d / d


def _std(seen: Seen) -> Value:
    x = seen.known
    if not x:
        return None
    return math.sqrt(_wide(_squared_deviations(x))) / float(len(x) * seen.minor_units)


def _squared_deviations(x: list[Value]) -> int:
    """``n·Σx² − (Σx)²``, exact: Python's integers have no width."""
    return int(len(x) * sum(value * value for value in x) - sum(x) ** 2)


def _wide(number: int) -> float:
    """A float of a number of up to 124 bits, from its high and low 62: see ``functions.py``."""
    return float(number // 2**62) * 2.0**62 + float(number % 2**62)


def _seconds_since_last(seen: Seen) -> Value:
    if not seen.times:
        return None
    return float(seen.now - seen.times[-1]) / float(seen.ticks)


AGGREGATES: Final[dict[str, Callable[[Seen], Value]]] = {
    "count": lambda seen: len(seen.known),
    "sum": lambda seen: sum(seen.known),
    "sum_of_squares": lambda seen: sum(value * value for value in seen.known),
    "mean": _mean,
    "var": _var,
    "std": _std,
    "min": lambda seen: min(seen.known, default=None),
    "max": lambda seen: max(seen.known, default=None),
    "n_unique": lambda seen: len(set(seen.known)),
    "first": lambda seen: seen.values[0] if seen.values else None,
    "last": lambda seen: seen.values[-1] if seen.values else None,
    "previous": lambda seen: seen.values[-1] if seen.values else None,
    "seconds_since_last": _seconds_since_last,
    "exists": lambda seen: bool(seen.times),
}

# A gap would be a feature that verifies and cannot be computed, so it is found at import.
if DECLARED.keys() != AGGREGATES.keys():
    raise AssertionError(f"the aggregates differ ({sorted(DECLARED.keys() ^ AGGREGATES.keys())})")
