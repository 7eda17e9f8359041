"""Spans of time in buckets, as Prometheus counts them."""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import accumulate
from typing import Final

# From what loopback takes to what a deadline of 30 s allows.
BOUNDS: Final = (
    *(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5),
    *(1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0),
)


class Histogram:
    """Counts spans by how long they are.

    Parameters
    ----------
    bounds
        The upper ends of the buckets, each inclusive, in seconds; what is longer than all of them
        is in one of its own.

    Attributes
    ----------
    bounds
        As given.
    total
        The sum of all spans.
    """

    def __init__(self, bounds: tuple[float, ...] = BOUNDS) -> None:
        self.bounds = bounds
        self.total = 0.0
        self._counts = [0] * (len(bounds) + 1)

    def add(self, seconds: float, count: int = 1) -> None:
        """Count spans that took the same time."""
        # A wall that jumps back is no span below 0.
        seconds = max(seconds, 0.0)
        self._counts[bisect_left(self.bounds, seconds)] += count
        self.total += seconds * count

    def add_all(self, spans: Iterable[float]) -> None:
        """Count spans, each of its own length."""
        for seconds in spans:
            self.add(seconds)

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self._counts)

    def cumulative(self) -> list[int]:
        """For each bound how many were no longer than it; the last are all there were."""
        return list(accumulate(self._counts))
