"""The primitive aggregates over windows of a layout.

Shapes: values (m,) in layout order; begin and end (m,) as in ``windows.Bounds``; results (m,).
"""

from typing import cast

import numpy as np
import numpy.typing as npt

from engine.backends.polars.layout import IntArray, Layout, stable_order
from engine.backends.polars.wide import WideSum, square_limbs
from engine.backends.polars.windows import Bounds

Values = npt.NDArray[np.int64] | npt.NDArray[np.float64]


def window_sums(values: IntArray, bounds: Bounds) -> IntArray:
    """Σ of the values in each window.

    The prefix sums may wrap around; their differences are exact all the same, as long as each
    window's own sum fits in 64 bits.
    """
    prefix = np.empty(len(values) + 1, dtype=np.int64)
    prefix[0] = 0
    np.cumsum(values, out=prefix[1:])
    upper = prefix[:-1] if bounds.ends_at_self else prefix[bounds.end]
    return upper - prefix[bounds.begin]


def window_square_sums(values: IntArray, bounds: Bounds) -> WideSum:
    """Σx² of the values in each window, beyond 64 bits where it must be."""
    longest = int(bounds.count.max(initial=0))
    low, high = square_limbs(values, longest)
    return WideSum(window_sums(low, bounds), None if high is None else window_sums(high, bounds))


def window_extremes(values: Values, bounds: Bounds, *, largest: bool) -> Values:
    """Largest or smallest value of each window; meaningless where a window is empty.

    A sparse table: the level k holds the extreme of every run of 2^k values, and a window of any
    size is the union of two runs. One level is in memory at a time. Source: Bender and
    Farach-Colton, The LCA problem revisited (2000).
    """
    pick = np.maximum if largest else np.minimum
    result = cast("Values", np.zeros(len(bounds.count), dtype=values.dtype))
    # frexp of a whole number n >= 1 gives the exponent e with 2^(e−1) <= n < 2^e
    levels = np.frexp(bounds.count.astype(np.float64))[1] - 1
    runs = values
    for level in range(int(levels.max(initial=-1)) + 1):
        if level:
            half = 1 << (level - 1)
            runs = pick(runs[:-half], runs[half:])
        at = np.flatnonzero(levels == level)
        if len(at):
            width = 1 << level
            result[at] = pick(runs[bounds.begin[at]], runs[bounds.end[at] - width])
    return result


def window_distinct(codes: IntArray, layout: Layout, bounds: Bounds) -> IntArray:
    """How many distinct codes each window shows.

    A window shows as many distinct values as events, less those whose value occurs again later
    within it. Each pair of neighbouring occurrences of a value is such a one for exactly the
    windows that hold both, a run of positions since begin and end ascend; so the pairs are counted
    by a running sum, in linear time whatever the windows' sizes.
    """
    count = bounds.count
    # The rows are in order of group and time already: sorted by value, stable, then by group.
    order = stable_order(codes)
    groups = layout.starts
    order = order[stable_order(groups[order])]
    same = (codes[order[1:]] == codes[order[:-1]]) & (groups[order[1:]] == groups[order[:-1]])
    earlier, later = order[:-1][same], order[1:][same]
    first = later + 1 if bounds.ends_at_self else np.searchsorted(bounds.end, later, side="right")
    beyond = np.searchsorted(bounds.begin, earlier, side="right")
    seen = first < beyond
    size = len(count) + 1
    steps = np.bincount(first[seen], minlength=size) - np.bincount(beyond[seen], minlength=size)
    return count - np.cumsum(steps[:-1])
