"""Partials of the keys of a log, from which each row of a chunk takes what its window shows.

Rows enter and leave a partial in the order of events while the chunk is walked along, so that each
row costs the same whatever its window holds, and nothing is sorted. What is kept is a record of a
few numbers for each key, in a table by key code.

Shapes: codes, entered, left (n,) for the chunk's rows; entering, leaving (e,), (l,) the key codes
of the rows that come and go, below 0 where such a row is not counted (``edges.Edges``).
"""

from typing import Final

import numpy as np

from engine.backends.polars.layout import IntArray, Mask, Places
from engine.compiled import FLAG, INT, INTS, MASK, PLACES, TABLE, compiled

POWERS: Final = 4  # numbers of a record: n, Σx, and Σx² in two limbs as ``wide.WideSum`` has it
LATEST: Final = 3  # the value, its row's time, and whether there is a row and a value
_HALF: Final = 30
_HALF_MASK: Final = (1 << _HALF) - 1
_VALUE: Final = 1  # 0 where no row has entered yet
_NULL: Final = 2


def with_room(table: IntArray, keys: int, numbers: int) -> IntArray:
    """A table with a record for each key, those that it had and new ones of zeros."""
    if keys * numbers <= len(table):
        return table
    return np.concatenate((table, np.zeros(2 * keys * numbers - len(table), dtype=np.int64)))


@compiled((PLACES, PLACES, PLACES, PLACES, PLACES, TABLE))
def counts(
    codes: Places,
    entered: Places,
    left: Places,
    entering: Places,
    leaving: Places,
    table: IntArray,
) -> IntArray:
    """How many rows each window shows."""
    result = np.zeros(len(codes), dtype=np.int64)
    high, low = 0, 0
    for row in range(len(codes)):
        while high < entered[row]:
            if entering[high] >= 0:
                table[entering[high]] += 1
            high += 1
        while low < left[row]:
            if leaving[low] >= 0:
                table[leaving[low]] -= 1
            low += 1
        if codes[row] >= 0:
            result[row] = table[codes[row]]
    return result


@compiled((PLACES, PLACES, PLACES, PLACES, PLACES, INTS, INTS, TABLE))
def sums(
    codes: Places,
    entered: Places,
    left: Places,
    entering: Places,
    leaving: Places,
    arriving: IntArray,
    departing: IntArray,
    table: IntArray,
) -> tuple[Places, IntArray]:
    """How many values each window shows, and their sum."""
    count = np.zeros(len(codes), dtype=np.int32)
    total = np.zeros(len(codes), dtype=np.int64)
    high, low = 0, 0
    for row in range(len(codes)):
        while high < entered[row]:
            if entering[high] >= 0:
                record = POWERS * entering[high]
                table[record] += 1
                table[record + 1] += arriving[high]
            high += 1
        while low < left[row]:
            if leaving[low] >= 0:
                record = POWERS * leaving[low]
                table[record] -= 1
                table[record + 1] -= departing[low]
            low += 1
        if codes[row] >= 0:
            record = POWERS * codes[row]
            count[row], total[row] = table[record], table[record + 1]
    return count, total


@compiled((PLACES, PLACES, PLACES, PLACES, PLACES, INTS, INTS, TABLE))
def powers(
    codes: Places,
    entered: Places,
    left: Places,
    entering: Places,
    leaving: Places,
    arriving: IntArray,
    departing: IntArray,
    table: IntArray,
) -> tuple[Places, IntArray, IntArray, IntArray]:
    """The same, and the sum of their squares in two limbs."""
    size = len(codes)
    count, total = np.zeros(size, dtype=np.int32), np.zeros(size, dtype=np.int64)
    lows, highs = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    high, low = 0, 0
    for row in range(size):
        while high < entered[row]:
            if entering[high] >= 0:
                record, value = POWERS * entering[high], arriving[high]
                table[record] += 1
                table[record + 1] += value
                table[record + 2] += (value * value) & _HALF_MASK
                table[record + 3] += (value * value) >> _HALF
            high += 1
        while low < left[row]:
            if leaving[low] >= 0:
                record, value = POWERS * leaving[low], departing[low]
                table[record] -= 1
                table[record + 1] -= value
                table[record + 2] -= (value * value) & _HALF_MASK
                table[record + 3] -= (value * value) >> _HALF
            low += 1
        if codes[row] >= 0:
            record = POWERS * codes[row]
            count[row], total[row] = table[record], table[record + 1]
            lows[row], highs[row] = table[record + 2], table[record + 3]
    return count, total, lows, highs


@compiled((PLACES, PLACES, PLACES, INTS, INTS, MASK, INTS, INT, FLAG, TABLE))
def latest(
    codes: Places,
    entered: Places,
    entering: Places,
    times: IntArray,
    values: IntArray,
    null: Mask,
    now: IntArray,
    reach: int,
    is_finite: bool,  # noqa: FBT001 - a loop's arguments have places, not names
    table: IntArray,
) -> tuple[IntArray, Mask]:
    """The value of the latest row that entered, and where it is null or no row is in reach.

    Parameters
    ----------
    times, values, null
        (e,) those of the rows that enter.
    now
        (n,) the times of the chunk's rows.
    reach
        How many ticks back a row is still seen, if the window ``is_finite``.
    """
    result = np.zeros(len(codes), dtype=np.int64)
    missing = np.ones(len(codes), dtype=np.bool_)
    high = 0
    for row in range(len(codes)):
        while high < entered[row]:
            if entering[high] >= 0:
                record = LATEST * entering[high]
                table[record], table[record + 1] = values[high], times[high]
                table[record + 2] = _NULL if null[high] else _VALUE
            high += 1
        if codes[row] >= 0:
            record = LATEST * codes[row]
            # The difference of two instants may pass 63 bits; unsigned it fits.
            if table[record + 2] == _VALUE and (
                not is_finite or np.uint64(now[row] - table[record + 1]) <= np.uint64(reach)
            ):
                result[row] = table[record]
                missing[row] = False
    return result, missing


@compiled((PLACES, PLACES, PLACES, PLACES, PLACES, PLACES, PLACES, TABLE, TABLE))
def distinct(
    codes: Places,
    entered: Places,
    left: Places,
    entering: Places,
    leaving: Places,
    arriving: Places,
    departing: Places,
    shown: IntArray,
    table: IntArray,
) -> IntArray:
    """How many distinct values each window shows.

    Parameters
    ----------
    arriving, departing
        (e,), (l,) a code for each pair of a key and a value.
    shown
        How often the key's window shows the value, by that code.
    """
    result = np.zeros(len(codes), dtype=np.int64)
    high, low = 0, 0
    for row in range(len(codes)):
        while high < entered[row]:
            if entering[high] >= 0:
                table[entering[high]] += shown[arriving[high]] == 0
                shown[arriving[high]] += 1
            high += 1
        while low < left[row]:
            if leaving[low] >= 0:
                shown[departing[low]] -= 1
                table[leaving[low]] -= shown[departing[low]] == 0
            low += 1
        if codes[row] >= 0:
            result[row] = table[codes[row]]
    return result
