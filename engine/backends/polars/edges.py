"""Which rows of a log enter and leave a window while it moves along a chunk.

All keys of an event share its window's ends in time, so that these are found once for a length and
a delay, in rows of the log and not in positions of a layout.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic

import numpy as np
import numpy.typing as npt

from engine.backends.polars.layout import IntArray, Places
from engine.backends.polars.plan import Span
from engine.backends.polars.tails import Number, Tail
from engine.compiled import INT, INTS, compiled


@dataclass(frozen=True, slots=True)
class Edges:
    """A window's ends along a chunk of n rows.

    Parameters
    ----------
    entering, leaving
        The rows of the log, from one to before another, that enter and that leave while the window
        moves from where it was at the row before the chunk to the chunk's last.
    entered, left
        (n,) how many of these have, as each row sees it.
    """

    entering: tuple[int, int]
    leaving: tuple[int, int]
    entered: Places
    left: Places


@dataclass(frozen=True, slots=True)
class Ends(Generic[Number]):
    """A column at the rows that enter and at those that leave."""

    entering: npt.NDArray[Number]
    leaving: npt.NDArray[Number]


class MovingWindows:
    """Windows that move along a log.

    Parameters
    ----------
    spans
        Their lengths and delays.
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self._times: Tail[np.int64] = Tail()
        self._ends = dict.fromkeys(spans, (0, 0))  # the rows where each begins and ends

    def move(self, times: IntArray) -> dict[Span, Edges]:
        """Move along a chunk, of which these are the times."""
        first = self._times.end
        self._times.append(times)
        edges = {span: self._move(span, times, first) for span in self._ends}
        self._times.forget(min(low for low, _ in self._ends.values()))
        return edges

    def _move(self, span: Span, times: IntArray, first: int) -> Edges:
        low, high = self._ends[span]
        size = len(times)
        if span.delay == 0:
            # A window ends before the row itself: what is earlier of the same instant is in.
            entered = np.arange(first - high, first - high + size, dtype=np.int32)
        else:
            past = self._times.rows(high, first + size)
            entered = _older(past, times, span.delay - 1)
        new_high = high + int(entered[-1])
        if span.length is None:
            left = np.zeros(size, dtype=np.int32)
            # Nothing leaves; what is forgotten is what has entered.
            low = new_low = new_high
        else:
            past = self._times.rows(low, first + size)
            left = _older(past, times, span.delay + span.length)
            new_low = low + int(left[-1])
        self._ends[span] = new_low, new_high
        return Edges((high, new_high), (low, new_low), entered, left)


class RecentColumn(Generic[Number]):
    """A column's latest rows, as windows pass over them.

    Parameters
    ----------
    spans
        The windows.
    leaves
        Whether it is asked for where rows leave.
    """

    def __init__(self, spans: Iterable[Span], *, leaves: bool = True) -> None:
        self._tail: Tail[Number] = Tail()
        self._spans = tuple(dict.fromkeys(spans))
        self._leaves = leaves

    def move(
        self, rows: npt.NDArray[Number], edges: Mapping[Span, Edges]
    ) -> dict[Span, Ends[Number]]:
        """Move along a chunk, of which these are the values: what enters and what leaves."""
        self._tail.append(rows)
        ends = {}
        for span in self._spans:
            entering = self._tail.rows(*edges[span].entering)
            leaving = self._tail.rows(*edges[span].leaving) if self._leaves else entering[:0]
            ends[span] = Ends(entering, leaving)
        self._tail.forget(
            min(
                (edges[span].leaving if self._leaves else edges[span].entering)[1]
                for span in self._spans
            )
        )
        return ends


@compiled((INTS, INTS, INT))
def _older(past: IntArray, now: IntArray, reach: int) -> Places:
    """How many of the past are more than ``reach`` ticks older than each of the present."""
    result = np.empty(len(now), dtype=np.int32)
    older = 0
    for row in range(len(now)):
        # The difference of two instants may pass 63 bits; it is not below 0, and unsigned it fits.
        while np.uint64(now[row] - past[older]) > np.uint64(reach):
            older += 1
        result[row] = older
    return result
