"""A key's layout: the rows of a frame brought together by key, in the order of events within it.

Shapes: a frame has n rows in the order of events; a layout has m <= n of them (rows with a null in
the key have no place in it). Everything about windows happens in layout positions, where the past
of an event lies directly before it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.compiled import FLOATS, INT, INTS, PLACES, compiled

IntArray = npt.NDArray[np.int64]
Places = npt.NDArray[np.int32]  # rows of a frame or positions of a layout, fewer than 2^31
FloatArray = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Values = IntArray | FloatArray

_DIGIT: Final = 16
# Codes up to this many times the rows are sorted in one pass: the table of counts is then no larger
# than what is sorted.
_DENSE: Final = 2
_ALL_BITS: Final = -1


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows brought together by key.

    Parameters
    ----------
    rows
        (m,) the frame's row at each position.
    times
        (m,) event times, ascending within a group.
    starts
        (m,) the first position of each position's group.
    """

    rows: Places
    times: IntArray
    starts: Places

    def __len__(self) -> int:
        return len(self.rows)


def whole_layout(times: IntArray) -> Layout:
    """The layout of the empty key: all rows are one group."""
    return Layout(
        np.arange(len(times), dtype=np.int32), times, np.zeros(len(times), dtype=np.int32)
    )


def make_layout(codes: IntArray, times: IntArray) -> Layout:
    """The layout of a key of one column.

    Parameters
    ----------
    codes
        (n,) a code of each row's key; below 0 where the key is null.
    times
        (n,) event times, ascending.
    """
    rows = stable_order(codes)
    groups = np.zeros(len(codes), dtype=np.int32)
    return Layout(rows, *_grouped(rows, codes, groups, times))


def refine(layout: Layout, codes: IntArray, times: IntArray) -> Layout:
    """The layout of a key with one column more than another's.

    Sorted by the further column, stable, rows that agree in both stay neighbours in the order of
    events; in which order the groups come is nobody's concern.
    """
    rows = stable_order(codes, layout.rows)
    groups = np.empty(len(codes), dtype=np.int32)
    groups[layout.rows] = layout.starts
    return Layout(rows, *_grouped(rows, codes, groups, times))


def gather(values: Values, rows: Places) -> Values:
    """The values of some rows; rows are known to be in bounds, which is not looked at again."""
    return _gather(values, rows)


def stable_order(codes: IntArray, rows: Places | None = None) -> Places:
    """Rows (all, if none are given) in ascending order of code, equal ones as they come.

    Rows with a code below 0 are left out.

    A code that is not small is sorted a digit at a time, the least significant first (LSD radix
    sort; Knuth, vol. 3, 5.2.5).
    """
    order = np.arange(len(codes), dtype=np.int32) if rows is None else rows
    if int(codes.min(initial=0)) < 0:
        order = order[codes[order] >= 0]
    greatest = int(codes.max(initial=0))
    if greatest <= max(_DENSE * len(order), 1 << _DIGIT):
        return _by_digit(order, codes, 0, _ALL_BITS, greatest + 1)
    for shift in range(0, greatest.bit_length(), _DIGIT):
        order = _by_digit(order, codes, shift, (1 << _DIGIT) - 1, 1 << _DIGIT)
    return order


@compiled((PLACES, INTS, INT, INT, INT))
def _by_digit(order: Places, codes: IntArray, shift: int, mask: int, digits: int) -> Places:
    """``order`` in ascending order of one digit of the rows' codes, equal ones as they come."""
    place = np.zeros(digits + 1, dtype=np.int32)
    for row in order:
        place[((codes[row] >> shift) & mask) + 1] += 1
    for digit in range(digits):
        place[digit + 1] += place[digit]
    result = np.empty(len(order), dtype=np.int32)
    for row in order:
        digit = (codes[row] >> shift) & mask
        result[place[digit]] = row
        place[digit] += 1
    return result


@compiled((PLACES, INTS, PLACES, INTS))
def _grouped(
    rows: Places, codes: IntArray, groups: Places, times: IntArray
) -> tuple[IntArray, Places]:
    """Times and group starts of rows in an order in which groups are runs of equal code, group."""
    size = len(rows)
    ordered, starts = np.empty(size, dtype=np.int64), np.empty(size, dtype=np.int32)
    start, last_code, last_group = 0, -1, -1
    for place in range(size):
        row = rows[place]
        code, group = codes[row], groups[row]
        if code != last_code or group != last_group:
            start, last_code, last_group = place, code, group
        ordered[place] = times[row]
        starts[place] = start
    return ordered, starts


@compiled((INTS, PLACES), (FLOATS, PLACES))
def _gather(values: Values, rows: Places) -> Values:
    result = np.empty(len(rows), dtype=values.dtype)
    for place in range(len(rows)):
        result[place] = values[rows[place]]
    return result  # type: ignore[return-value] # the stubs lose which of the two dtypes it is
