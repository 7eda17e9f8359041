"""LightGBM's trees as its text has them, and whether they are any."""

import re
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

_Number = TypeVar("_Number", int, float)
_END_OF_TREES: Final = "\nend of trees"
_BEGINS: Final = re.compile(r"\n(?=Tree=|end of trees)")
_CATEGORICAL: Final = 1  # in a split's kind
_WORDS: Final = 2**32  # how many there are, of those that sets are told in


def check_trees(text: str) -> None:
    """Refuse a booster's text whose trees are none.

    LightGBM does not look: it would read what is no tree's, or go round in circles, and the process
    would end or never come back.

    Raises
    ------
    ValueError
        If a child, an input or a category of a tree is not there, a child has two parents, a line
        is missing, or the trees are not as many and as long as the text says.
    """
    if "\r" in text:
        raise ValueError("a text with other line ends")
    header, _, trees = parts_of(text)
    said = fields_of(header)
    at_once = int(said["num_tree_per_iteration"])
    if at_once < 1 or len(trees) % at_once:
        raise ValueError(f"{len(trees)} trees, {at_once} at a time")
    ends = [found.start() + 1 for found in _BEGINS.finditer(text)]
    sizes = [len(text[start:end].encode()) for start, end in pairwise(ends)]
    if "tree_sizes" in said and _whole(said["tree_sizes"]) != sizes:
        raise ValueError("trees that are not as long as the text says")


def parts_of(text: str) -> "tuple[str, int, list[Tree]]":
    """The header, how many inputs there are, and the trees.

    Raises
    ------
    ValueError
        As ``check_trees``, of each tree.
    """
    before, end, _ = text.partition(_END_OF_TREES)
    if not end:
        raise ValueError("a text without its end")
    header, *texts = before.split("\nTree=")
    width = int(fields_of(header)["max_feature_idx"]) + 1
    return header, width, [_tree_of(number, one, width) for number, one in enumerate(texts)]


class Tree(NamedTuple):
    """A tree: of its nodes the inputs, kinds, thresholds and children, of its leaves the values.

    Where a split is by categories, its threshold is the place of the set of those that go left:
    bits, in words of 32.
    """

    features: list[int]
    kinds: list[int]
    thresholds: list[float]
    lefts: list[int]
    rights: list[int]
    values: list[float]
    sets: list[tuple[int, ...]]
    is_linear: bool


def is_categorical(kind: int) -> bool:
    """Whether a split of a kind is by categories."""
    return bool(kind & _CATEGORICAL)


def _tree_of(number: int, text: str, width: int) -> Tree:
    """A tree as its text has it."""
    said = fields_of(text)
    nodes = int(said["num_leaves"]) - 1

    def numbers(name: str) -> list[int]:
        return _of_length(nodes, _whole(said[name]), number) if nodes else []

    tree = Tree(
        features=numbers("split_feature"),
        kinds=numbers("decision_type"),
        thresholds=_of_length(nodes, _floats(said["threshold"]), number) if nodes else [],
        lefts=numbers("left_child"),
        rights=numbers("right_child"),
        values=_of_length(nodes + 1, _floats(said["leaf_value"]), number),
        sets=_sets_of(number, said),
        is_linear=said.get("is_linear", "0") != "0",
    )
    met: set[int] = set()
    for child in (*tree.lefts, *tree.rights):  # a leaf below 0: they are numbered -1, -2, …
        if not ~nodes <= child < nodes or child in met or child == 0:
            fault = "is not there" if not ~nodes <= child < nodes else "has two parents"
            raise ValueError(f"tree {number}, where child {child} {fault}")
        met.add(child)
    for feature in tree.features:
        if not 0 <= feature < width:
            raise ValueError(f"tree {number}, where input {feature} is not there")
    for kind, threshold in zip(tree.kinds, tree.thresholds, strict=True):
        if is_categorical(kind) and not 0 <= threshold < len(tree.sets):
            raise ValueError(f"tree {number}, where categories {threshold:g} are not there")
    if tree.is_linear:
        _check_linear(number, nodes + 1, width, said)
    return tree


def _sets_of(number: int, said: "Fields") -> list[tuple[int, ...]]:
    """The sets of categories of a tree's splits; those that are not there are refused."""
    count = int(said["num_cat"])
    if not count:
        return []
    bounds = _of_length(count + 1, _whole(said["cat_boundaries"]), number)
    words = _whole(said["cat_threshold"])
    if bounds[0] != 0 or bounds[-1] != len(words) or any(a > b for a, b in pairwise(bounds)):
        raise ValueError(f"tree {number}, whose categories are not {len(words)} words")
    if any(not 0 <= word < _WORDS for word in words):
        raise ValueError(f"tree {number}, where a word of categories is none of 32 bits")
    return [tuple(words[first:end]) for first, end in pairwise(bounds)]


def _check_linear(number: int, leaves: int, width: int, said: "Fields") -> None:
    """Refuse leaves that ask for inputs that are not there."""
    counts = _of_length(leaves, _whole(said["num_features"]), number)
    if min(counts) < 0:
        raise ValueError(f"tree {number}, where a leaf has {min(counts)} inputs")
    asked = _of_length(sum(counts), _whole(said["leaf_features"]), number)
    _of_length(sum(counts), _floats(said["leaf_coeff"]), number)
    _of_length(leaves, _floats(said["leaf_const"]), number)
    if any(not 0 <= feature < width for feature in asked):
        raise ValueError(f"tree {number}, where a leaf asks for an input that is not there")


class Fields(dict[str, str]):
    """Lines by their names; one that is missing is a fault of the text."""

    def __missing__(self, name: str) -> str:
        raise ValueError(f"a text without {name}")


def fields_of(text: str) -> Fields:
    """What a part of a text says, by name."""
    lines = (line.partition("=") for line in text.splitlines())
    return Fields((name, value) for name, equals, value in lines if equals)


def _of_length(length: int, numbers: list[_Number], tree: int) -> list[_Number]:
    if len(numbers) != length:
        raise ValueError(f"tree {tree}, where {len(numbers)} numbers are to be {length}")
    return numbers


def _whole(numbers: str) -> list[int]:
    return [int(number) for number in numbers.split()]


def _floats(numbers: str) -> list[float]:
    return [float(number) for number in numbers.split()]
