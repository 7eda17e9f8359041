"""The primitive aggregates over windows of a layout.

Shapes: values (m,) in layout order; begin and end (m,) as in ``windows.Bounds``; results (m,). As
both ascend, a window is had from the one before it by taking in what is new and letting go of what
is left behind: linear time, whatever the windows' sizes.
"""

import numpy as np

from engine.backends.polars.layout import IntArray, Mask, Values
from engine.backends.polars.wide import WideSum, square_sums
from engine.backends.polars.windows import Bounds
from engine.compiled import FLAG, FLOATS, INT, INTS, MASK, compiled


def window_sums(values: IntArray, bounds: Bounds) -> IntArray:
    """Σ of the values in each window, each of which fits in 64 bits."""
    return _sums(values, bounds.begin, bounds.end)


def window_square_sums(values: IntArray, bounds: Bounds) -> WideSum:
    """Σx² of the values in each window, beyond 64 bits."""
    return square_sums(values, bounds.begin, bounds.end)


def window_extremes(values: Values, bounds: Bounds, *, largest: bool) -> Values:
    """Largest or smallest value of each window; meaningless where a window is empty."""
    return _extremes(values, bounds.begin, bounds.end, largest)


def window_distinct(codes: IntArray, bounds: Bounds) -> IntArray:
    """How many distinct codes each window shows; codes are small and not below 0."""
    return _distinct(codes, bounds.begin, bounds.end, int(codes.max(initial=-1)) + 1)


def by_row(values: Values, rows: IntArray, first: int, size: int) -> Values:
    """Values of a layout for the frame's rows from ``first`` on; 0 for a row without a place."""
    return _by_row(values, rows, first, size)


def nulls_by_row(null: Mask, rows: IntArray, first: int, size: int) -> Mask:
    """The same of where values are null; a row without a place is."""
    return _nulls_by_row(null, rows, first, size)


def picked_by_row(
    shown: IntArray, bounds: Bounds, rows: IntArray, first: int, size: int, *, last: bool
) -> tuple[IntArray, Mask]:
    """Which of the rows ``shown`` each window shows last or first, and where it shows none.

    By row, as ``by_row`` has it.
    """
    return _picked_by_row(shown, bounds.begin, bounds.end, rows, first, size, last)


@compiled((INTS, INTS, INTS))
def _sums(values: IntArray, begin: IntArray, end: IntArray) -> IntArray:
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


@compiled((INTS, INTS, INTS, INT))
def _distinct(codes: IntArray, begin: IntArray, end: IntArray, size: int) -> IntArray:
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


@compiled((INTS, INTS, INTS, FLAG), (FLOATS, INTS, INTS, FLAG))
def _extremes(
    values: Values,
    begin: IntArray,
    end: IntArray,
    largest: bool,  # noqa: FBT001 - a loop's arguments have places, not names
) -> Values:
    """A queue of the positions that are more extreme than all later ones in the window."""
    result = np.zeros(len(begin), dtype=values.dtype)
    queue = np.empty(len(values), dtype=np.int64)
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


@compiled((INTS, INTS, INT, INT), (FLOATS, INTS, INT, INT))
def _by_row(values: Values, rows: IntArray, first: int, size: int) -> Values:
    result = np.zeros(size - first, dtype=values.dtype)
    for place in range(len(rows)):
        if rows[place] >= first:
            result[rows[place] - first] = values[place]
    return result  # type: ignore[return-value] # the stubs lose which of the two dtypes it is


@compiled((MASK, INTS, INT, INT))
def _nulls_by_row(null: Mask, rows: IntArray, first: int, size: int) -> Mask:
    result = np.ones(size - first, dtype=np.bool_)
    for place in range(len(rows)):
        if rows[place] >= first:
            result[rows[place] - first] = null[place]
    return result


@compiled((INTS, INTS, INTS, INTS, INT, INT, FLAG))
def _picked_by_row(
    shown: IntArray,
    begin: IntArray,
    end: IntArray,
    rows: IntArray,
    first: int,
    size: int,
    last: bool,  # noqa: FBT001 - a loop's arguments have places, not names
) -> tuple[IntArray, Mask]:
    picked = np.zeros(size - first, dtype=np.int64)
    null = np.ones(size - first, dtype=np.bool_)
    for place in range(len(begin)):
        if rows[place] >= first and begin[place] < end[place]:
            picked[rows[place] - first] = shown[end[place] - 1 if last else begin[place]]
            null[rows[place] - first] = False
    return picked, null
