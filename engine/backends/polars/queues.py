"""Largest and smallest values of windows, key by key, along a log.

Of each key those values are queued that are more extreme than all later ones; the first in its
queue is the window's extreme. The queues are linked lists through a ring of the rows that the
window shows. A window without a lower end needs none of that: one value for each key.
"""

from typing import Final

import numpy as np

from engine.backends.polars.edges import Edges
from engine.backends.polars.layout import IntArray, Mask, Places, Values
from engine.compiled import FLAG, FLOATS, INT, INTS, PLACES, RESULTS, TABLE, compiled

_NONE: Final = -1
_LEAST_ROOM: Final = 1024


class Queues:
    """The queues of all keys for one window.

    Parameters
    ----------
    largest
        Whether the largest values are sought, or the smallest.
    is_finite
        Whether rows leave the window.
    """

    def __init__(self, *, largest: bool, is_finite: bool) -> None:
        self._largest = largest
        self._is_finite = is_finite
        self._ends = np.empty(0, dtype=np.int64)  # each key's first and last row in its queue
        self._ring: Values | None = None  # by row, modulo its length
        self._links = np.empty(0, dtype=np.int64)  # each row's next and previous one

    def extremes(
        self,
        codes: Places,
        edges: Edges,
        entering: Places,
        leaving: Places,
        arriving: Values,
        keys: int,
    ) -> tuple[Values, Mask]:
        """Each row's extreme, and where its window shows none; arrays as ``partials`` has them."""
        if 2 * keys > len(self._ends):
            more = np.full(4 * keys - len(self._ends), _NONE)
            self._ends = np.concatenate((self._ends, more))
        if not self._is_finite:
            ring = self._ring_of(arriving, 2 * keys)
            return _so_far(
                codes, edges.entered, entering, arriving, self._largest, self._ends, ring
            )
        ring = self._ring_of(arriving, edges.entering[1] - edges.leaving[0], edges)
        return _extremes(
            codes,
            edges.entered,
            edges.left,
            entering,
            leaving,
            arriving,
            edges.entering[0],
            edges.leaving[0],
            self._largest,
            self._ends,
            ring,
            self._links,
        )

    def _ring_of(self, arriving: Values, rows: int, edges: Edges | None = None) -> Values:
        """The ring, with room for as many rows; those of the window are where they belong."""
        old: Values = arriving[:0] if self._ring is None else self._ring
        if rows <= len(old) and self._ring is not None:
            return old
        size = max(_LEAST_ROOM, 1 << rows.bit_length())
        ring: Values = arriving[:0].copy()
        ring.resize(size)
        if edges is None:
            ring[: len(old)] = old
        else:
            live = np.arange(edges.leaving[0], edges.entering[0])
            links = np.full(2 * size, _NONE)
            if len(live):
                before, after = live % len(old), live % size
                ring[after] = old[before]
                links.reshape(-1, 2)[after] = self._links.reshape(-1, 2)[before]
            self._links = links
        self._ring = ring
        return ring


@compiled(
    (PLACES, PLACES, PLACES, PLACES, PLACES, INTS, INT, INT, FLAG, TABLE, TABLE, TABLE),
    (PLACES, PLACES, PLACES, PLACES, PLACES, FLOATS, INT, INT, FLAG, TABLE, RESULTS, TABLE),
)
def _extremes(
    codes: Places,
    entered: Places,
    left: Places,
    entering: Places,
    leaving: Places,
    arriving: Values,
    first: int,
    oldest: int,
    largest: bool,  # noqa: FBT001 - a loop's arguments have places, not names
    ends: IntArray,
    ring: Values,
    links: IntArray,
) -> tuple[Values, Mask]:
    result = np.zeros(len(codes), dtype=arriving.dtype)
    none = np.ones(len(codes), dtype=np.bool_)
    mask = len(ring) - 1
    high, low = 0, 0
    for row in range(len(codes)):
        while high < entered[row]:
            key = entering[high]
            if key >= 0:
                value, last = arriving[high], ends[2 * key + 1]
                while last != _NONE and (
                    ring[last & mask] <= value if largest else ring[last & mask] >= value
                ):
                    last = links[2 * (last & mask) + 1]
                here = first + high
                ring[here & mask] = value
                links[2 * (here & mask)], links[2 * (here & mask) + 1] = _NONE, last
                if last == _NONE:
                    ends[2 * key] = here
                else:
                    links[2 * (last & mask)] = here
                ends[2 * key + 1] = here
            high += 1
        while low < left[row]:
            key = leaving[low]
            # A row that others pushed out of the queue is not its first.
            if key >= 0 and ends[2 * key] == oldest + low:
                follower = links[2 * ((oldest + low) & mask)]
                ends[2 * key] = follower
                if follower == _NONE:
                    ends[2 * key + 1] = _NONE
                else:
                    links[2 * (follower & mask) + 1] = _NONE
            low += 1
        if codes[row] >= 0 and ends[2 * codes[row]] != _NONE:
            result[row] = ring[ends[2 * codes[row]] & mask]
            none[row] = False
    return result, none  # type: ignore[return-value] # the stubs lose which of the two dtypes it is


@compiled(
    (PLACES, PLACES, PLACES, INTS, FLAG, TABLE, TABLE),
    (PLACES, PLACES, PLACES, FLOATS, FLAG, TABLE, RESULTS),
)
def _so_far(
    codes: Places,
    entered: Places,
    entering: Places,
    arriving: Values,
    largest: bool,  # noqa: FBT001 - a loop's arguments have places, not names
    seen: IntArray,
    extremes: Values,
) -> tuple[Values, Mask]:
    result = np.zeros(len(codes), dtype=arriving.dtype)
    none = np.ones(len(codes), dtype=np.bool_)
    high = 0
    for row in range(len(codes)):
        while high < entered[row]:
            key = entering[high]
            if key >= 0:
                value = arriving[high]
                if seen[key] == _NONE or (
                    extremes[key] <= value if largest else extremes[key] >= value
                ):
                    extremes[key] = value
                seen[key] = 0
            high += 1
        if codes[row] >= 0 and seen[codes[row]] != _NONE:
            result[row] = extremes[codes[row]]
            none[row] = False
    return result, none  # type: ignore[return-value] # the stubs lose which of the two dtypes it is
