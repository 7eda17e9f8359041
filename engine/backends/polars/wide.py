"""Power sums and the formulas over them, exact beyond 64 bits.

Bounds (``schema.EXACT_LIMIT``): |x| <= 2^30 and fewer than 2^31 rows, so that |Σx| < 2^61,
Σx² < 2^91 and N = n·Σx² − (Σx)² < 2^122. Σx² is held in two limbs, N in two int64 digits to the
base 2^62.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.backends.polars.layout import FloatArray, IntArray, Places
from engine.backends.polars.windows import Bounds
from engine.compiled import INT, INTS, PLACES, compiled

_HALF: Final = 30
_HALF_MASK: Final = (1 << _HALF) - 1
_ROOT: Final = 31
_ROOT_MASK: Final = (1 << _ROOT) - 1
_BASE: Final = 62
_BASE_MASK: Final = (1 << _BASE) - 1
# Below this a product of two float64 estimates leaves no doubt that the exact one is below 2^62.
_SURELY_NARROW: Final = 4.6e18


@dataclass(frozen=True, slots=True)
class WideSum:
    """(m,) Σx² as ``high·2^30 + low``, both int64 sums over the same rows."""

    low: IntArray
    high: IntArray


def square_sums(values: IntArray, bounds: Bounds) -> WideSum:
    """Σx² of the values in each window."""
    return WideSum(*_square_sums(values, bounds.begin, bounds.end))


def exact_mean(bounds: Bounds, total: IntArray, minor_units: int) -> FloatArray:
    """``float(Σx) ÷ float(n × m)``; NaN where n is 0 (the caller makes it null)."""
    return _means(bounds.begin, bounds.end, total, minor_units)


def exact_var(bounds: Bounds, total: IntArray, squares: WideSum, minor_units: int) -> FloatArray:
    """``(wide(N) ÷ d) ÷ d`` with ``d = float(n × m)``; NaN where n is 0."""
    return _variances(bounds.begin, bounds.end, total, squares.low, squares.high, minor_units)


def exact_std(bounds: Bounds, total: IntArray, squares: WideSum, minor_units: int) -> FloatArray:
    """``√wide(N) ÷ d`` with ``d = float(n × m)``; NaN where n is 0."""
    return _deviations(bounds.begin, bounds.end, total, squares.low, squares.high, minor_units)


@compiled((INTS, PLACES, PLACES))
def _square_sums(values: IntArray, begin: Places, end: Places) -> tuple[IntArray, IntArray]:
    lows, highs = np.empty(len(begin), dtype=np.int64), np.empty(len(begin), dtype=np.int64)
    first, beyond, low, high = 0, 0, 0, 0
    for place in range(len(begin)):
        while beyond < end[place]:
            square = values[beyond] * values[beyond]
            low += square & _HALF_MASK
            high += square >> _HALF
            beyond += 1
        while first < begin[place]:
            square = values[first] * values[first]
            low -= square & _HALF_MASK
            high -= square >> _HALF
            first += 1
        lows[place], highs[place] = low, high
    return lows, highs


@compiled((INT, INT, INT, INT))
def spread(count: int, total: int, low: int, high: int) -> float:
    """``wide(N)`` of ``N = n·Σx² − (Σx)²``: ``float(⌊N ÷ 2^62⌋) × 2^62 + float(N mod 2^62)``."""
    if (float(high) * 2.0**_HALF + float(low)) * float(count) < _SURELY_NARROW:
        return float(count * ((high << _HALF) + low) - total * total)
    # n·Σx², with Σx² = (top·2^31 + middle)·2^30 + rest
    rest, high = low & _HALF_MASK, high + (low >> _HALF)
    by_top, by_middle = count * (high >> _ROOT), count * (high & _ROOT_MASK)
    digit = ((by_top & 1) << 61) + ((by_middle & ((1 << 32) - 1)) << _HALF) + count * rest
    upper, lower = (by_top >> 1) + (by_middle >> 32) + (digit >> _BASE), digit & _BASE_MASK
    # less (Σx)², with |Σx| = top·2^31 + rest
    size = abs(total)
    top, rest = size >> _ROOT, size & _ROOT_MASK
    cross = top * rest
    digit = ((cross & _HALF_MASK) << 32) + rest * rest
    upper -= top * top + (cross >> _HALF) + (digit >> _BASE)
    lower -= digit & _BASE_MASK
    if lower < 0:
        upper -= 1
        lower &= _BASE_MASK
    return float(upper) * 2.0**_BASE + float(lower)


@compiled((PLACES, PLACES, INTS, INT))
def _means(begin: Places, end: Places, total: IntArray, minor_units: int) -> FloatArray:
    result = np.empty(len(begin), dtype=np.float64)
    for place in range(len(begin)):
        count = np.int64(end[place]) - begin[place]
        result[place] = float(total[place]) / float(count * minor_units)
    return result


@compiled((PLACES, PLACES, INTS, INTS, INTS, INT))
def _variances(
    begin: Places, end: Places, total: IntArray, low: IntArray, high: IntArray, minor_units: int
) -> FloatArray:
    result = np.empty(len(begin), dtype=np.float64)
    for place in range(len(begin)):
        count = np.int64(end[place]) - begin[place]
        divisor = float(count * minor_units)
        result[place] = spread(count, total[place], low[place], high[place]) / divisor / divisor
    return result


@compiled((PLACES, PLACES, INTS, INTS, INTS, INT))
def _deviations(
    begin: Places, end: Places, total: IntArray, low: IntArray, high: IntArray, minor_units: int
) -> FloatArray:
    result = np.empty(len(begin), dtype=np.float64)
    for place in range(len(begin)):
        count = np.int64(end[place]) - begin[place]
        wide = spread(count, total[place], low[place], high[place])
        result[place] = np.sqrt(wide) / float(count * minor_units)
    return result
