"""The primitive aggregates over windows of a layout.

Shapes: values (m,) in layout order; begin and end (m,) as in ``windows.Bounds``; results (m,). As
both ascend, a window is had from the one before it by taking in what is new and letting go of what
is left behind: linear time, whatever the windows' sizes.
"""

import numpy as np

from engine.backends.polars.layout import IntArray, Mask, Places, Values
from engine.backends.polars.windows import Bounds
from engine.compiled import FLAG, FLOATS, INT, INTS, PLACES, compiled


def window_sums(values: IntArray, bounds: Bounds) -> IntArray:
    """Σ of the values in each window, each of which fits in 64 bits."""
    return _sums(values, bounds.begin, bounds.end)


def window_extremes(values: Values, bounds: Bounds, *, largest: bool) -> Values:
    """Largest or smallest value of each window; meaningless where a window is empty."""
    return _extremes(values, bounds.begin, bounds.end, largest)


def window_distinct(codes: IntArray, bounds: Bounds) -> IntArray:
    """How many distinct codes each window shows; codes are small and not below 0."""
    return _distinct(codes, bounds.begin, bounds.end, int(codes.max(initial=-1)) + 1)


def by_row(values: Values, rows: Places, first: int, size: int) -> Values:
    """Values of a layout for the frame's rows from ``first`` on; 0 for a row without a place."""
    return _by_row(values, rows, first, size)


def counts_by_row(bounds: Bounds, rows: Places, first: int, size: int) -> IntArray:
    """How many positions each window shows, as ``by_row`` does."""
    return _counts_by_row(bounds.begin, bounds.end, rows, first, size)


def picked_by_row(
    shown: Places, bounds: Bounds, rows: Places, first: int, size: int, *, last: bool
) -> tuple[Places, Mask]:
    """Which of the rows ``shown`` each window shows last or first, and where it shows none.

    By row, as ``by_row`` has it.
    """
    return _picked_by_row(shown, bounds.begin, bounds.end, rows, first, size, last)


@compiled((INTS, PLACES, PLACES))
def _sums(values: IntArray, begin: Places, end: Places) -> IntArray:
    result = np.empty(len(begin), dtype=np.int64)
    low, high, total = 0, 0, 0
    for place in range(len(begin)):
        while high < end[place]:
            total += values[high]
            high += 1
        while low < begin[place]:
            total -= values[low]
            low += 1
        result[place] = total
    return result


@compiled((INTS, PLACES, PLACES, INT))
def _distinct(codes: IntArray, begin: Places, end: Places, size: int) -> IntArray:
    result = np.empty(len(begin), dtype=np.int64)
    seen = np.zeros(size, dtype=np.int32)  # how often the window shows each code
    low, high, distinct = 0, 0, 0
    for place in range(len(begin)):
        while high < end[place]:
            distinct += seen[codes[high]] == 0
            seen[codes[high]] += 1
            high += 1
        while low < begin[place]:
            seen[codes[low]] -= 1
            distinct -= seen[codes[low]] == 0
            low += 1
        result[place] = distinct
    return result


@compiled((INTS, PLACES, PLACES, FLAG), (FLOATS, PLACES, PLACES, FLAG))
def _extremes(
    values: Values,
    begin: Places,
    end: Places,
    largest: bool,  # noqa: FBT001 - a loop's arguments have places, not names
) -> Values:
    """A queue of the positions that are more extreme than all later ones in the window."""
    result = np.zeros(len(begin), dtype=values.dtype)
    queue = np.empty(len(values), dtype=np.int32)
    head, tail, high = 0, 0, 0
    for place in range(len(begin)):
        while high < end[place]:
            value = values[high]
            while tail > head and (
                values[queue[tail - 1]] <= value if largest else values[queue[tail - 1]] >= value
            ):
                tail -= 1
            queue[tail] = high
            tail += 1
            high += 1
        while head < tail and queue[head] < begin[place]:
            head += 1
        if head < tail:
            result[place] = values[queue[head]]
    return result  # type: ignore[return-value] # the stubs lose which of the two dtypes it is


@compiled((INTS, PLACES, INT, INT), (FLOATS, PLACES, INT, INT))
def _by_row(values: Values, rows: Places, first: int, size: int) -> Values:
    result = np.zeros(size - first, dtype=values.dtype)
    for place in range(len(rows)):
        if rows[place] >= first:
            result[rows[place] - first] = values[place]
    return result  # type: ignore[return-value] # the stubs lose which of the two dtypes it is


@compiled((PLACES, PLACES, PLACES, INT, INT))
def _counts_by_row(begin: Places, end: Places, rows: Places, first: int, size: int) -> IntArray:
    result = np.zeros(size - first, dtype=np.int64)
    for place in range(len(rows)):
        if rows[place] >= first:
            result[rows[place] - first] = end[place] - begin[place]
    return result


@compiled((PLACES, PLACES, PLACES, PLACES, INT, INT, FLAG))
def _picked_by_row(
    shown: Places,
    begin: Places,
    end: Places,
    rows: Places,
    first: int,
    size: int,
    last: bool,  # noqa: FBT001 - a loop's arguments have places, not names
) -> tuple[Places, Mask]:
    picked = np.zeros(size - first, dtype=np.int32)
    null = np.ones(size - first, dtype=np.bool_)
    for place in range(len(begin)):
        if rows[place] >= first and begin[place] < end[place]:
            picked[rows[place] - first] = shown[end[place] - 1 if last else begin[place]]
            null[rows[place] - first] = False
    return picked, null
