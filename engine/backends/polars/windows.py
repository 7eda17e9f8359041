"""Where each event's window begins and ends, in positions of a layout.

An event at position i sees positions ``[begin, end)`` of its own group. Without delay the window
ends at i itself, which settles ties by arrival for free: what lies before i in the layout is
earlier in the order of events. Both arrays ascend over the whole layout.
"""

from functools import cached_property
from typing import Final

import numpy as np

from engine.backends.polars.layout import IntArray, Layout
from engine.backends.polars.plan import Span

_FOR_EVER: Final = 2**62
# Windows in which more than this share of events see another are found by bisection, shorter ones
# by looking back one position at a time, which few events survive for long; after this many steps,
# or once too many rows have been looked at, the rest is found by bisection.
_CROWDED: Final = 0.3
_STEPS: Final = 6
_VISITS_PER_ROW: Final = 3
# Fewer rows than this share are bisected each within its group, without keys for all rows.
_FEW: Final = 1 / 16


class Bounds:
    """Where windows begin and end, made from what is known and as far as it is asked for.

    Parameters
    ----------
    end
        (m,) the position after the last one seen.
    begin, count
        (m,) the first position seen, or how many are seen; one of them.
    ends_at_self
        Whether every window ends at its own position.
    """

    def __init__(
        self,
        end: IntArray,
        *,
        begin: IntArray | None = None,
        count: IntArray | None = None,
        ends_at_self: bool = False,
    ) -> None:
        self.end = end
        self.ends_at_self = ends_at_self
        if begin is not None:
            self.begin = begin
        if count is not None:
            self.count = count

    @cached_property
    def begin(self) -> IntArray:
        """(m,) the first position seen."""
        return self.end - self.count

    @cached_property
    def count(self) -> IntArray:
        """(m,) how many positions are seen."""
        return self.end - self.begin


def find_bounds(layout: Layout, spans: list[Span]) -> dict[Span, Bounds]:
    """The bounds of several windows over one layout."""
    positions = np.arange(len(layout))
    search = _Search(layout)
    near = sorted(
        (span.length for span in spans if span.delay == 0 and span.length is not None),
        reverse=True,
    )
    gaps = _gaps(layout)
    while near and np.count_nonzero(gaps <= near[0]) > _CROWDED * len(layout):
        near = near[1:]
    bounds = {
        Span(length, 0): Bounds(positions, count=count, ends_at_self=True)
        for length, count in _count_back(layout, gaps, near).items()
    }
    for span in spans:
        if span in bounds:
            continue
        if span.length is None:
            begin = layout.starts
        else:
            begin = search.first_at(layout.times - (span.delay + span.length))
        if span.delay == 0:
            bounds[span] = Bounds(positions, begin=begin, ends_at_self=True)
        else:
            end = search.first_at(layout.times - span.delay + 1)
            bounds[span] = Bounds(end, begin=begin)
    return bounds


def _gaps(layout: Layout) -> IntArray:
    """(m − 1,) time from each position to the next one of its group; for ever between groups."""
    gaps = layout.times[1:] - layout.times[:-1]
    gaps[layout.starts[1:] != layout.starts[:-1]] = _FOR_EVER
    return gaps


def _count_back(layout: Layout, gaps: IntArray, lengths: list[int]) -> dict[int, IntArray]:
    """How many earlier positions of the group lie within each length; lengths descend."""
    times, starts, size = layout.times, layout.starts, len(layout)
    counts = {length: np.zeros(size, dtype=np.int64) for length in lengths}
    if size < 2 or not lengths:  # noqa: PLR2004 - an event alone has no past
        return counts
    active = np.flatnonzero(gaps <= lengths[0])
    gap = gaps[active]
    active += 1
    visits = 0
    for step in range(1, _STEPS + 1):
        # gap: from each active position to the one `step` before it, within the longest window
        here, distance = active, gap
        for length in lengths:
            if length != lengths[0]:
                inside = distance <= length
                here, distance = here[inside], distance[inside]
            counts[length][here] = step
        visits += len(active)
        if visits > _VISITS_PER_ROW * size:
            break
        active = active[active - step > starts[active]]
        gap = times[active] - times[active - (step + 1)]
        near = gap <= lengths[0]
        active, gap = active[near], gap[near]
        if not len(active):
            return counts
    # Those still active may have more in the longest window, and in a shorter one if they have
    # as many there as in the longest.
    search = _Search(layout)
    reached = counts[lengths[0]][active]
    for length in lengths:
        deep = active[counts[length][active] == reached]
        if len(deep):
            counts[length][deep] = deep - search.first_at(times[deep] - length, deep)
    return counts


class _Search:
    """Finds instants within the groups of a layout."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def first_at(self, instants: IntArray, positions: IntArray | None = None) -> IntArray:
        """The first position of each group whose time is at least the instant.

        Instants are not later than the event's own time, so that there is one.
        """
        layout = self._layout
        if len(layout) == 0:
            return np.empty(0, dtype=np.int64)
        if positions is not None and len(positions) < _FEW * len(layout):
            return _bisect(layout, instants, positions)
        starts = layout.starts if positions is None else layout.starts[positions]
        ranks, sought, width = self._ranks(instants)
        return np.searchsorted(layout.starts * width + ranks, starts * width + sought)

    def _ranks(self, instants: IntArray) -> tuple[IntArray, IntArray, int]:
        """Times and instants from 0 up to a width that goes with any position into 63 bits."""
        times = self._layout.times
        low = min(int(times.min()), int(instants.min(initial=times[0])))
        width = max(int(times.max()), int(instants.max(initial=times[0]))) - low + 2
        if len(times) * width < 2**62:
            return times - low, instants - low, width
        # Fine units over long spans do not fit: the rank of a time does.
        distinct, ranks = np.unique(times, return_inverse=True)
        return ranks, np.searchsorted(distinct, instants), len(distinct) + 1


def _bisect(layout: Layout, instants: IntArray, positions: IntArray) -> IntArray:
    low, high = layout.starts[positions], positions.copy()
    while True:
        open_ = low < high
        if not open_.any():
            return low
        middle = (low + high) >> 1
        early = layout.times[middle] < instants
        low = np.where(open_ & early, middle + 1, low)
        high = np.where(open_ & ~early, middle, high)
