"""Where each event's window begins and ends, in positions of a layout.

An event at position i sees positions ``[begin, end)`` of its own group. Without delay the window
ends at i itself, which settles ties by arrival for free: what lies before i in the layout is
earlier in the order of events. Both arrays ascend over the whole layout.
"""

from dataclasses import dataclass

import numpy as np

from engine.backends.polars.layout import IntArray, Layout, Places
from engine.backends.polars.plan import Span
from engine.compiled import INT, INTS, PLACES, compiled


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where windows begin and end.

    Parameters
    ----------
    begin
        (m,) the first position seen.
    end
        (m,) the position after the last one seen.
    """

    begin: Places
    end: Places


def find_bounds(layout: Layout, spans: list[Span]) -> dict[Span, Bounds]:
    """The bounds of several windows over one layout."""
    here = np.arange(len(layout), dtype=np.int32)
    bounds = {}
    for span in spans:
        begin = layout.starts
        if span.length is not None:
            begin = _first_within(layout.times, layout.starts, span.delay + span.length)
        # Of what happened at the very instant from which on a label is known, all is seen.
        end = (
            here if span.delay == 0 else _first_within(layout.times, layout.starts, span.delay - 1)
        )
        bounds[span] = Bounds(begin, end)
    return bounds


@compiled((INTS, PLACES, INT))
def _first_within(times: IntArray, starts: Places, reach: int) -> Places:
    """The first position of each position's group that is at most ``reach`` ticks older."""
    result = np.empty(len(times), dtype=np.int32)
    first = 0
    for place in range(len(times)):
        first = max(first, starts[place])
        # The difference of two instants may pass 63 bits; it is not below 0, and unsigned it fits.
        while np.uint64(times[place] - times[first]) > np.uint64(reach):
            first += 1
        result[place] = first
    return result
