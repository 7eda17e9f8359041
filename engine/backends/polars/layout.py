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


def make_layout(codes: IntArray, times: IntArray) -> Layout:
    """Bring rows together by code.

    Parameters
    ----------
    codes
        (n,) a code of each row's key; below 0 where the key is null.
    times
        (n,) event times, ascending.
    """
    rows = stable_order(codes)
    nulls = int(np.count_nonzero(codes < 0))
    rows = rows[nulls:]
    ordered = codes[rows]
    first = np.empty(len(rows), dtype=bool)
    first[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
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
    shifted = codes + 1
    bits = int(shifted.max()).bit_length()
    order = np.argsort(shifted.astype(np.uint16), kind="stable")
    for shift in range(_DIGIT, bits, _DIGIT):
        digit = (shifted >> shift).astype(np.uint16)
        order = order[np.argsort(digit[order], kind="stable")]
    return order


def combine_codes(codes: list[IntArray]) -> IntArray:
    """One code for each distinct combination of codes; below 0 where one of them is."""
    combined = codes[0]
    for more in codes[1:]:
        width = int(more.max(initial=-1)) + 1
        highest = int(combined.max(initial=-1)) + 1
        if highest * width >= 2**62:
            combined = densify(combined)
        null = (combined < 0) | (more < 0)
        combined = combined * width + more
        combined[null] = -1
    return combined


def densify(codes: IntArray) -> IntArray:
    """Codes from 0 upwards without gaps, −1 kept."""
    values, dense = np.unique(codes, return_inverse=True)
    return dense.astype(np.int64) - int(np.searchsorted(values, 0))
