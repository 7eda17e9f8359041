"""The loops that put rows through boosted trees.

Nothing here walks down a tree, for where a walk goes next cannot be foreseen, and a processor that
has guessed wrong stands still. Instead each split says which leaves are still possible: where a row
goes right, those to its left are not. Of what all splits of a tree leave, the first leaf from the
left is where the row falls (QuickScorer: Lucchese et al., SIGIR 2015). The leaves of a tree are the
bits of one word, and the splits may be asked in any order.

Sums are made in the order of the trees and by the same operations as LightGBM's, so that they have
its bits.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.compiled import BLOCK, CODE, CODES, FLOAT, FLOATS, INT, RESULTS, ROWS, SETS, compiled

Floats = NDArray[np.float64]
Codes = NDArray[np.uint32]
Sets = NDArray[np.uint64]

LEAVES: Final = 64  # of a tree, at most: the bits of a word
# So many splits of a tree are asked at once; their number is a multiple of this. With two, what is
# left of the leaves is read and written half as often; more are no faster.
AT_ONCE: Final = 2
# A sequence in which each six bits in a row occur once (Leiserson, Prokop, Randall, 1998): times a
# power of two its upper six bits tell which power that was.
_SEQUENCE: Final = np.uint64(0x03F79D71B4CB0A89)
_BELOW_SIX: Final = np.uint64(58)
_ONE: Final = np.uint64(1)
_ALL: Final = np.uint64(2**64 - 1)
# LightGBM takes what is no further from 0 for 0: the float nearest to 1e-35.
NEAR_ZERO: Final = 1.0000000180025095e-35
# A category is a whole number below it; what is none is in no set. Sets are words of 32 bits.
_NO_CATEGORY: Final = 2.0**31
_WORD_BITS: Final = 5
_IN_WORD: Final = 31
_BLOCK: Final = 256  # rows that go through the trees together: their values stay in cache
_STEP: Final = 8  # a narrower block is made a multiple of this wide, as vectors are


def place_of(leaf: int) -> int:
    """Where the value of a leaf, counted from the left, is among the 64 of its tree."""
    return ((int(_SEQUENCE) << leaf) & (2**64 - 1)) >> int(_BELOW_SIX)


@compiled((FLOAT, FLOAT, FLOAT))
def _read(value: float, for_nan: float, for_zero: float) -> float:
    if value != value:  # noqa: PLR0124 - NaN
        return for_nan
    return for_zero if abs(value) <= NEAR_ZERO else value


@compiled((FLOAT, CODES, CODE, CODE))
def _is_in(value: float, words: Codes, first: int, end: int) -> bool:
    """Whether a category is in the set of some words; what is after its point does not count."""
    if not -1.0 < value < _NO_CATEGORY:  # NaN is neither
        return False
    category = int(value)
    word = first + (category >> _WORD_BITS)
    return word < end and bool((words[word] >> (category & _IN_WORD)) & 1)


@compiled((ROWS, INT, INT, CODES, CODES, CODES, BLOCK))
def _read_sets(
    values: Floats,
    first: int,
    size: int,
    features: Codes,
    words: Codes,
    sets: Codes,
    asked: Floats,
) -> None:
    """Read whether categories are in sets, in the last of the columns that are asked: −∞ or NaN."""
    column = len(features) - (len(sets) - 1)
    for place in range(len(sets) - 1):
        for row in range(size):
            value = values[first + row, features[column]]
            is_in = _is_in(value, words, sets[place], sets[place + 1])
            asked[column, row] = -math.inf if is_in else math.nan
        column += 1


@compiled((ROWS, CODES, FLOATS, FLOATS, CODES, CODES, FLOATS, SETS, CODES, CODES, FLOATS, RESULTS))
def score_blocks(
    values: Floats,
    features: Codes,
    for_nan: Floats,
    for_zero: Floats,
    words: Codes,
    sets: Codes,
    thresholds: Floats,
    leaves_right: Sets,
    others: Codes,
    starts: Codes,
    outputs: Floats,
    result: Floats,
) -> None:
    """Score many rows: each split is asked of a block of rows, several of them in a vector.

    Shapes: values (rows, inputs); features one for each column that splits ask for; for_nan and
    for_zero one for each of those that are read as numbers, which come first; words of the sets of
    categories of the others, and sets where each one's begin and the last one's end; thresholds,
    leaves_right and others, which are columns here, one for each split, tree by tree, and starts
    where each tree begins and the last one ends; outputs 64 for each tree; result (rows,).
    """
    rows = len(values)
    most = min(_BLOCK, rows + _STEP - 1 - (rows - 1) % _STEP)
    asked = np.zeros((len(features), most))
    left = np.empty(most, dtype=np.uint64)
    sums = np.empty(most)
    for first in range(0, rows, _BLOCK):
        size = min(_BLOCK, rows - first)
        # Beyond the rows are others' or zeros; what comes of them is not looked at.
        width = size + _STEP - 1 - (size - 1) % _STEP
        for column in range(len(for_nan)):
            for row in range(size):
                asked[column, row] = _read(
                    values[first + row, features[column]], for_nan[column], for_zero[column]
                )
        _read_sets(values, first, size, features, words, sets, asked)
        sums[:width] = 0.0
        for tree in range(len(starts) - 1):
            left[:width] = _ALL
            for split in range(starts[tree], starts[tree + 1], AT_ONCE):
                threshold, other_threshold = thresholds[split], thresholds[split + 1]
                right, other_right = leaves_right[split], leaves_right[split + 1]
                value, other_value = asked[others[split]], asked[others[split + 1]]
                for row in range(width):
                    left[row] &= (_ALL if value[row] <= threshold else right) & (
                        _ALL if other_value[row] <= other_threshold else other_right
                    )
            for row in range(width):
                lowest = left[row] & (~left[row] + _ONE)
                sums[row] += outputs[tree * LEAVES + int((lowest * _SEQUENCE) >> _BELOW_SIX)]
        for row in range(size):
            result[first + row] = 1.0 / (1.0 + math.exp(-sums[row]))


@compiled((ROWS, CODES, FLOATS, FLOATS, CODES, CODES, FLOATS, SETS, CODES, CODES, FLOATS, RESULTS))
def score_few(
    values: Floats,
    features: Codes,
    for_nan: Floats,
    for_zero: Floats,
    words: Codes,
    sets: Codes,
    thresholds: Floats,
    leaves_right: Sets,
    others: Codes,
    starts: Codes,
    outputs: Floats,
    result: Floats,
) -> None:
    """Score a few rows, one by one: of each column only the splits are looked at that go right.

    Shapes: as of ``score_blocks``, but splits are column by column, of each the lowest threshold
    first; others are trees, and starts where each column begins and the last one ends.
    """
    left = np.empty(len(outputs) // LEAVES, dtype=np.uint64)
    for row in range(len(values)):
        left[:] = _ALL
        for column in range(len(for_nan)):
            value = _read(values[row, features[column]], for_nan[column], for_zero[column])
            first, low, high = starts[column], starts[column], starts[column + 1]
            while low < high:
                middle = (low + high) >> _ONE
                if value <= thresholds[middle]:
                    high = middle
                else:
                    low = middle + _ONE
            for split in range(first, low):
                left[others[split]] &= leaves_right[split]
        column = len(for_nan)
        for place in range(len(sets) - 1):
            value = values[row, features[column]]
            if not _is_in(value, words, sets[place], sets[place + 1]):
                for split in range(starts[column], starts[column + 1]):
                    left[others[split]] &= leaves_right[split]
            column += 1
        total = 0.0
        for tree in range(len(left)):
            lowest = left[tree] & (~left[tree] + _ONE)
            total += outputs[tree * LEAVES + int((lowest * _SEQUENCE) >> _BELOW_SIX)]
        result[row] = 1.0 / (1.0 + math.exp(-total))
