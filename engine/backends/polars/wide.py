"""Power sums and the formulas over them, exact beyond 64 bits.

Bounds (``schema.EXACT_LIMIT``): |x| <= 2^30 and fewer than 2^31 rows, so that |Σx| < 2^61,
Σx² < 2^91 and N = n·Σx² − (Σx)² < 2^122. N is held as two int64 digits to the base 2^62.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from engine.backends.polars.layout import IntArray

FloatArray = npt.NDArray[np.float64]

_HALF: Final = 30
_HALF_MASK: Final = (1 << _HALF) - 1
_BASE: Final = 62
_BASE_MASK: Final = (1 << _BASE) - 1
# Below this a product of two float64 estimates leaves no doubt that the exact one is below 2^62.
_SURELY_NARROW: Final = 4.6e18


@dataclass(frozen=True, slots=True)
class WideSum:
    """Σx² as ``high·2^30 + low``, both int64 sums over the same rows; ``high`` None if it is 0."""

    low: IntArray
    high: IntArray | None


def square_limbs(values: IntArray, longest: int) -> tuple[IntArray, IntArray | None]:
    """Squares in one limb where ``longest`` of them cannot pass 63 bits, else in two."""
    squares = values * values
    if int(squares.max(initial=0)) * longest < 2**63:
        return squares, None
    return squares & _HALF_MASK, squares >> _HALF


def exact_mean(count: IntArray, total: IntArray, minor_units: int) -> FloatArray:
    """``float(Σx) ÷ float(n × m)``; NaN where n is 0 (the caller makes it null)."""
    with np.errstate(invalid="ignore"):
        return total.astype(np.float64) / (count * minor_units).astype(np.float64)


def exact_var(count: IntArray, total: IntArray, squares: WideSum, minor_units: int) -> FloatArray:
    """``(wide(N) ÷ d) ÷ d`` with ``d = float(n × m)``; NaN where n is 0."""
    divisor = (count * minor_units).astype(np.float64)
    with np.errstate(invalid="ignore"):
        return spread(count, total, squares) / divisor / divisor


def exact_std(count: IntArray, total: IntArray, squares: WideSum, minor_units: int) -> FloatArray:
    """``√wide(N) ÷ d`` with ``d = float(n × m)``; NaN where n is 0."""
    with np.errstate(invalid="ignore"):
        return np.sqrt(spread(count, total, squares)) / (count * minor_units).astype(np.float64)


def spread(count: IntArray, total: IntArray, squares: WideSum) -> FloatArray:
    """``wide(N)`` of ``N = n·Σx² − (Σx)²``: ``float(⌊N ÷ 2^62⌋) × 2^62 + float(N mod 2^62)``."""
    if squares.high is None:
        surely_narrow = squares.low.astype(np.float64) * count < _SURELY_NARROW
        if surely_narrow.all():
            return (count * squares.low - total * total).astype(np.float64)
    high, low = _subtract(_scaled(count, squares), _squared(total))
    return high.astype(np.float64) * 2.0**_BASE + low.astype(np.float64)


def _scaled(count: IntArray, squares: WideSum) -> tuple[IntArray, IntArray]:
    """n·Σx² in two digits to the base 2^62."""
    low = squares.low & _HALF_MASK
    high = squares.low >> _HALF
    if squares.high is not None:
        high = high + squares.high
    # Σx² = (top·2^31 + middle)·2^30 + low
    top, middle = high >> 31, high & ((1 << 31) - 1)
    by_top, by_middle = count * top, count * middle
    digit = ((by_top & 1) << 61) + ((by_middle & ((1 << 32) - 1)) << _HALF) + count * low
    return (by_top >> 1) + (by_middle >> 32) + (digit >> _BASE), digit & _BASE_MASK


def _squared(total: IntArray) -> tuple[IntArray, IntArray]:
    """(Σx)² in two digits to the base 2^62."""
    size = np.abs(total)
    top, low = size >> 31, size & ((1 << 31) - 1)
    cross = top * low
    digit = ((cross & _HALF_MASK) << 32) + low * low
    return top * top + (cross >> _HALF) + (digit >> _BASE), digit & _BASE_MASK


def _subtract(
    first: tuple[IntArray, IntArray], second: tuple[IntArray, IntArray]
) -> tuple[IntArray, IntArray]:
    low = first[1] - second[1]
    borrow = low < 0
    return first[0] - second[0] - borrow, low & _BASE_MASK
