"""A key's layout: the rows of a frame brought together by key, in the order of events within it.

Shapes: a frame has n rows in the order of events; a layout has m <= n of them (rows with a null in
the key have no place in it). Everything about windows happens in layout positions, where the past
of an event lies directly before it.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]

_DIGIT: Final = 16


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

    rows: IntArray
    times: IntArray
    starts: IntArray

    def __len__(self) -> int:
        return len(self.rows)


def whole_layout(times: IntArray) -> Layout:
    """The layout of the empty key: all rows are one group."""
    return Layout(np.arange(len(times)), times, np.zeros(len(times), dtype=np.int64))


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
    return _grouped(rows, codes[rows], None, times)


def refine(layout: Layout, codes: IntArray, times: IntArray) -> Layout:
    """The layout of a key with one column more than another's.

    Sorted by the further column, stable, rows that agree in both stay neighbours in the order of
    events; in which order the groups come is nobody's concern.
    """
    ordered = codes[layout.rows]
    order = stable_order(ordered)
    return _grouped(layout.rows[order], ordered[order], layout.starts[order], times)


def _grouped(rows: IntArray, codes: IntArray, groups: IntArray | None, times: IntArray) -> Layout:
    """A layout of rows in order of code, null codes first; groups differ in code or group."""
    nulls = int(np.searchsorted(codes, 0))
    rows, codes = rows[nulls:], codes[nulls:]
    first = np.empty(len(rows), dtype=bool)
    first[:1] = True
    np.not_equal(codes[1:], codes[:-1], out=first[1:])
    if groups is not None:
        groups = groups[nulls:]
        first[1:] |= groups[1:] != groups[:-1]
    starts = np.zeros(len(rows), dtype=np.int64)
    heads = np.flatnonzero(first)
    starts[heads] = heads
    return Layout(rows, times[rows], np.maximum.accumulate(starts))


def stable_order(codes: IntArray) -> IntArray:
    """The rows in ascending order of code, equal codes in their given order; nulls (−1) first.

    numpy sorts 16-bit integers by radix, in linear time, so a wider code is sorted a digit at a
    time, the least significant first (LSD radix sort).
    """
    if len(codes) == 0:
        return np.empty(0, dtype=np.int64)
    # Nulls become 0 and come first; without any nothing needs to be moved.
    shifted = codes + 1 if int(codes.min()) < 0 else codes
    bits = int(shifted.max()).bit_length()
    order = np.argsort(shifted.astype(np.uint16), kind="stable")
    for shift in range(_DIGIT, bits, _DIGIT):
        digit = (shifted >> shift).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order
