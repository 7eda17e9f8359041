"""LightGBM's trees as arrays, and scores by them: to the bit LightGBM's, in much less time.

LightGBM takes a row through all trees before it takes the next one; here each tree takes many rows:
see :mod:`engine.model.tree_loops`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, NamedTuple

import lightgbm as lgb
import numpy as np

from engine.model.kinds import Floats
from engine.model.tree_loops import (
    AT_ONCE,
    LEAVES,
    Codes,
    Sets,
    place_of,
    score_blocks,
    score_few,
)
from engine.model.tree_texts import Tree, fields_of, is_categorical, parts_of
from engine.workers import workers

# What a model's text says where it is of the kind that is known here.
_KNOWN: Final = {
    "version": "v4",
    "num_class": "1",
    "num_tree_per_iteration": "1",
    "objective": "binary sigmoid:1",
}
_AVERAGED: Final = "average_output"  # a line of its own: a forest's
_FEW: Final = 12  # up to so many rows, one by one is faster
_ROWS_OF_THREAD: Final = 2_048  # fewer are done before another thread has started
_EVERY: Final = 2**LEAVES - 1
# A split in a group: its threshold, the leaves in which a row that goes right may still fall, as
# bits, and which column it asks for, or of which tree it is.
_Asked = tuple[float, int, int]
_TAKEN_AS_THEY_ARE: Final = (np.float64, np.float32)
_ASKS_NOTHING: Final[_Asked] = (0.0, _EVERY, 0)
# What a split reads for NaN and for 0, by LightGBM's decision_type. Where one of them is missing it
# goes a way of its own whatever the threshold: −∞ always goes left, and NaN, which is never at most
# a threshold, right.
_READ: Final = {
    0: (0.0, 0.0),  # nothing is missing, and NaN is 0
    2: (0.0, 0.0),
    4: (math.nan, math.nan),  # 0 is missing, and NaN with it
    6: (-math.inf, -math.inf),
    8: (math.nan, 0.0),  # NaN is missing
    10: (-math.inf, 0.0),
}
# A split by categories reads −∞ or NaN, whatever the threshold: those of one set share a column.
_BY_SET: Final = 1
_ANY_THRESHOLD: Final = 0.0


class _Column(NamedTuple):
    """What splits ask for: an input, as a kind of split reads it, or whether it is in a set."""

    feature: int
    kind: int
    words: tuple[int, ...] = ()


class _Split(NamedTuple):
    tree: int
    column: _Column
    threshold: float
    leaves_right: int


@dataclass(frozen=True, slots=True, eq=False)
class _Splits:
    """All splits in groups: those of a tree, each with its column, or those of a column."""

    thresholds: Floats
    leaves_right: Sets
    others: Codes
    starts: Codes


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """The trees of a booster; made by :func:`trees_of`.

    Parameters
    ----------
    width
        How many inputs a row has.
    features
        For each column that splits ask for which input it is.
    for_nan, for_zero
        What is read for NaN and for 0 of those that are read as numbers, which come first.
    words, sets
        The sets of categories of the others, as words of 32 bits, and where each one's begin.
    by_tree, by_column
        The same splits, in two orders.
    outputs
        The leaves' values, 64 for each tree.
    """

    width: int
    features: Codes
    for_nan: Floats
    for_zero: Floats
    words: Codes
    sets: Codes
    by_tree: _Splits
    by_column: _Splits
    outputs: Floats

    def scores(self, values: Floats, threads: int) -> Floats:
        """To the bit what the booster's ``predict`` gives, whatever the number of threads.

        Parameters
        ----------
        values
            A row of ``width`` inputs for each row, laid out in any way: float64 or float32, as they
            are; of any other type taken as float32, as LightGBM does.
        threads
            How many threads score, where there are rows enough.
        """
        if values.dtype not in _TAKEN_AS_THEY_ARE:
            values = values.astype(np.float32)
        values = np.asarray(values, dtype=np.float64)
        rows = len(values)
        result = np.empty(rows)
        parts = min(threads, rows // _ROWS_OF_THREAD)
        if parts <= 1:
            self._score(values, result)
            return result
        bounds = [rows * part // parts for part in range(parts + 1)]
        slices = [slice(bounds[part], bounds[part + 1]) for part in range(parts)]
        with workers(parts, "trees") as side_by_side:
            waiting = [side_by_side.ask(self._score, values[part], result[part]) for part in slices]
            for asked in waiting:
                asked.result()
        return result

    def _score(self, values: Floats, result: Floats) -> None:
        loop, splits = score_blocks, self.by_tree
        if len(values) <= _FEW:
            loop, splits = score_few, self.by_column
        loop(
            values,
            self.features,
            self.for_nan,
            self.for_zero,
            self.words,
            self.sets,
            splits.thresholds,
            splits.leaves_right,
            splits.others,
            splits.starts,
            self.outputs,
            result,
        )


def trees_of(booster: lgb.Booster) -> Trees | None:
    """The trees that the booster's ``predict`` goes by; None if it does what is not done here.

    That is anything but the probability of two classes by the sum of a leaf of each tree: other
    objectives, the mean of a forest, linear leaves; and trees of more than 64 leaves.

    Parameters
    ----------
    booster
        One that was read from its text. One that kept its training's parameters may go by another
        sigmoid than its text, which has six digits of it. What is done to it later changes nothing
        here.

    Raises
    ------
    ValueError
        If a tree is none, whoever is to score it: a child or an input is not there, a child has two
        parents, or a line is missing.
    """
    # Its text has 17 digits of each number of a tree, which tell it exactly; its JSON has no
    # infinite ones.
    header, width, trees = parts_of(booster.model_to_string())
    said = fields_of(header)
    if _AVERAGED in header.splitlines() or any(said.get(key) != _KNOWN[key] for key in _KNOWN):
        return None
    splits: list[_Split] = []
    outputs = np.zeros((len(trees), LEAVES))
    for number, tree in enumerate(trees):
        if tree.is_linear or len(tree.values) > LEAVES:
            return None
        for place, leaf in enumerate(_add_splits(number, tree, splits)):
            outputs[number, place_of(place)] = tree.values[leaf]
    if not all(_is_known(split) for split in splits):
        return None
    return _arranged(width, splits, outputs)


def _is_known(split: _Split) -> bool:
    """Whether its kind is known, and its threshold one that −∞ is not above."""
    kind = split.column.kind
    return kind == _BY_SET or (kind in _READ and not math.isnan(split.threshold))


def _add_splits(number: int, tree: Tree, splits: list[_Split]) -> list[int]:
    """Append a tree's splits; its leaves from left to right."""
    if not tree.features:
        return [0]
    from_left: list[int] = []

    def descend(node: int) -> None:
        if node < 0:  # a leaf
            from_left.append(~node)
            return
        first = len(from_left)
        descend(tree.lefts[node])
        lost = (1 << len(from_left)) - (1 << first)
        splits.append(_Split(number, *_asked_at(tree, node), _EVERY ^ lost))
        descend(tree.rights[node])

    descend(0)
    return from_left


def _asked_at(tree: Tree, node: int) -> tuple[_Column, float]:
    """What a node asks for, and its threshold."""
    feature, kind, threshold = tree.features[node], tree.kinds[node], tree.thresholds[node]
    if not is_categorical(kind):
        return _Column(feature, kind), threshold
    # A set of no words holds nothing, as one of an empty word does.
    return _Column(feature, _BY_SET, tree.sets[int(threshold)] or (0,)), _ANY_THRESHOLD


def _arranged(width: int, splits: list[_Split], outputs: Floats) -> Trees:
    # Those of sets last.
    columns = sorted({split.column for split in splits}, key=lambda one: (bool(one.words), one))
    numeric = [_READ[column.kind] for column in columns if not column.words]
    places = {column: place for place, column in enumerate(columns)}
    of_trees: list[list[_Asked]] = [[] for _ in outputs]
    of_columns: list[list[_Asked]] = [[] for _ in columns]
    for split in splits:
        column = places[split.column]
        of_trees[split.tree].append((split.threshold, split.leaves_right, column))
        of_columns[column].append((split.threshold, split.leaves_right, split.tree))
    for group in of_trees:
        group.extend([_ASKS_NOTHING] * (-len(group) % AT_ONCE))
    for group in of_columns:
        group.sort()
    return Trees(
        width=width,
        features=np.array([column.feature for column in columns], dtype=np.uint32),
        for_nan=np.array([for_nan for for_nan, _ in numeric], dtype=np.float64),
        for_zero=np.array([for_zero for _, for_zero in numeric], dtype=np.float64),
        words=np.array([word for column in columns for word in column.words], dtype=np.uint32),
        sets=_starts(len(column.words) for column in columns if column.words),
        by_tree=_grouped(of_trees),
        by_column=_grouped(of_columns),
        outputs=outputs.ravel(),
    )


def _grouped(groups: list[list[_Asked]]) -> _Splits:
    asked = [one for group in groups for one in group]
    return _Splits(
        thresholds=np.array([threshold for threshold, _, _ in asked], dtype=np.float64),
        leaves_right=np.array([leaves for _, leaves, _ in asked], dtype=np.uint64),
        others=np.array([other for _, _, other in asked], dtype=np.uint32),
        starts=_starts(map(len, groups)),
    )


def _starts(lengths: Iterable[int]) -> Codes:
    """Where each of some groups begins, and the last one ends."""
    return np.array([0, *accumulate(lengths)], dtype=np.uint32)
