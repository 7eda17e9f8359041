"""Loops over arrays as machine code.

What windows need walks two or three positions along a layout: one pass and no temporary arrays as a
loop, a dozen passes as array operations; what trees need stays in cache as a loop. Numba compiles
such loops with IEEE arithmetic as written (no reassociation, no contraction; x ÷ 0 as NumPy has
it), so that values stay what they are, and lets other threads run meanwhile. A loop is compiled
when it is first imported on a machine, and then kept beside its source or, where that cannot be
written, in the user's cache folder.
"""

import os
from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar, cast

import numpy as np

# Intel's vector functions, which Numba takes where they are installed, round in their own way.
os.environ.setdefault("NUMBA_DISABLE_INTEL_SVML", "1")

from numba import njit, types

Loop = TypeVar("Loop", bound=Callable[..., Any])

INT: Final = types.int64
FLOAT: Final = types.float64
CODE: Final = types.uint32
PLACES: Final = types.Array(types.int32, 1, "C", readonly=True)
INTS: Final = types.Array(types.int64, 1, "C", readonly=True)
FLOATS: Final = types.Array(types.float64, 1, "C", readonly=True)
MASK: Final = types.Array(types.boolean, 1, "C", readonly=True)
CODES: Final = types.Array(types.uint32, 1, "C", readonly=True)
HASHES: Final = types.Array(types.uint64, 1, "C", readonly=True)
SETS: Final = types.Array(types.uint64, 1, "C", readonly=True)
ROWS: Final = types.Array(types.float64, 2, "A", readonly=True)
TABLE: Final = types.Array(types.int64, 1, "C")
BLOCK: Final = types.Array(types.float64, 2, "C")
FLAGS: Final = types.Array(types.boolean, 1, "C")
RESULTS: Final = types.Array(types.float64, 1, "C")
FLAG: Final = types.boolean

_LAYOUTS: Final[tuple[tuple[int, Literal["C", "F", "A"]], ...]] = (
    (1, "C"),
    (1, "A"),
    (2, "C"),
    (2, "F"),
    (2, "A"),
)
# The types of what is passed for those above, arrays that could be written to as well. Two threads
# that are the first with a type, at the same time, would make two of it; Numba knows conversions of
# the one, and would find no loop for what is of the other. It keeps no type that nobody holds.
MADE_BEFORE_THREADS: Final = tuple(
    types.Array(dtype, dimensions, layout, readonly=readonly)
    for dtype in (
        types.int32,
        types.int64,
        types.uint32,
        types.uint64,
        types.float64,
        types.boolean,
    )
    for dimensions, layout in _LAYOUTS
    for readonly in (False, True)
)

# Multiplicative hashing (Knuth, vol. 3, 6.4): the upper half of a 64-bit number times the first
# depends on all its lower bits.
SCATTER: Final = np.uint64(0x9E3779B97F4A7C15)
UPPER_HALF: Final = np.uint64(32)


def compiled(*signatures: tuple[Any, ...], frees: bool = True) -> Callable[[Loop], Loop]:
    """Compile a loop for each tuple of argument types.

    Other threads run meanwhile if it ``frees`` them, which costs what a few steps do.

    Array arguments are contiguous, but for ``ROWS``; those of a type in the plural are only read, a
    ``TABLE``, a ``BLOCK``, ``FLAGS`` and ``RESULTS`` are written to.
    """

    def compile_loop(loop: Loop) -> Loop:
        try:
            return _compile(loop, signatures, frees=frees, cache=True)
        except RuntimeError as error:
            if "cannot cache" not in str(error):
                raise
        # No folder to keep it in: compiled anew in each process.
        return _compile(loop, signatures, frees=frees, cache=False)

    return compile_loop


def for_types(loop: Loop, signature: tuple[Any, ...]) -> Loop:
    """A compiled loop that is called with arguments of these types only.

    Which types they are of is not looked up then, which takes longer than a few steps.
    """
    return cast("Loop", cast("Any", loop).get_overload(signature))


def _compile(
    loop: Loop, signatures: tuple[tuple[Any, ...], ...], *, frees: bool, cache: bool
) -> Loop:
    compile_for = njit(list(signatures), nogil=frees, cache=cache, error_model="numpy")
    return cast("Loop", compile_for(loop))
