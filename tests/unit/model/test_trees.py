"""Scores by a booster's trees: to the bit LightGBM's own, or left to it."""

import math
import re
from contextlib import AbstractContextManager
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from engine.model import boosted, trees
from engine.model.boosted import Boosted, read_boosted
from engine.model.trees import Trees, trees_of
from engine.workers import Workers, workers

Floats = NDArray[np.float64]

INPUTS = 4
NEAR = float(np.float32(1e-35))  # what is no further from 0 is 0
ODD = (
    *(math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, -1.0, 1e300, -1e300),
    *(1e-36, -1e-36, 1e-35, -1e-35, NEAR, -NEAR, 5e-324, -5e-324, 2e-35),
    *(math.nextafter(NEAR, 1), -math.nextafter(NEAR, 1)),
)
# Of LightGBM's decision_type: nothing missing, 0 missing, NaN missing; right and left.
KINDS = (0, 2, 4, 6, 8, 10)


def learn(values: Floats, labels: NDArray[Any], rounds: int = 6, **options: Any) -> lgb.Booster:  # noqa: ANN401 - as LightGBM takes them
    settings = {
        "objective": "binary",
        "num_leaves": 63,
        "min_data_in_leaf": 3,
        "min_data_in_bin": 1,
        "num_threads": 1,
        "verbosity": -1,
    }
    codes = options.pop("codes", "auto")
    dataset = lgb.Dataset(values, labels, categorical_feature=codes)
    return lgb.train(settings | options, dataset, rounds)


def rows(seed: int, count: int = 600, *, odd: float = 0.3) -> Floats:
    random = np.random.default_rng(seed)
    values = random.normal(size=(count, INPUTS))
    values[:, 1] = random.integers(-3, 4, count)
    places = random.random(values.shape) < odd
    values[places] = random.choice(ODD, int(places.sum()))
    return values


def labels_of(values: Floats, seed: int = 0) -> NDArray[np.int8]:
    noise = np.random.default_rng(seed).normal(size=len(values))
    clean = np.clip(np.nan_to_num(values), -2, 2)
    signal = clean[:, 0] + (values[:, 1] == 0) - np.isnan(values[:, 2]) * 2
    return (signal + noise > 1).astype(np.int8)


def around(booster: lgb.Booster) -> Floats:
    """Rows of the booster's own thresholds and of the numbers next to them."""
    said = re.findall(r"(?m)^threshold=(.*)", booster.model_to_string())
    found = np.array(" ".join(said).split(), dtype=np.float64)
    with np.errstate(over="ignore", under="ignore"):
        beside = np.nextafter(found, -np.inf), np.nextafter(found, np.inf)
    near = np.concatenate([found, *beside, ODD])
    return np.random.default_rng(1).choice(near, (500, INPUTS))


def text_of(random: np.random.Generator, count: int, leaves: int | None = None) -> str:
    """A model of random trees, with thresholds and leaves as no training makes them."""
    header = {
        "version": "v4",
        "num_class": 1,
        "num_tree_per_iteration": 1,
        "label_index": 0,
        "max_feature_idx": INPUTS - 1,
        "objective": "binary sigmoid:1",
        "feature_names": " ".join(f"f{place}" for place in range(INPUTS)),
        "feature_infos": " ".join(["[-1:1]"] * INPUTS),
    }
    parts = ["tree\n", *(f"{name}={value}\n" for name, value in header.items())]
    thresholds = [value for value in ODD if not math.isnan(value)]
    for number in range(count):
        size = leaves or int(random.integers(1, 65))
        children = grown(random, size)
        nodes = size - 1
        outputs = random.normal(size=size) * random.choice([1.0, 1e-310, 30.0])
        lines = {
            "num_leaves": [size],
            "num_cat": [0],
            "split_feature": random.integers(0, INPUTS, nodes),
            "split_gain": [1] * nodes,
            "threshold": [
                *(repr(random.choice(thresholds).item()) for _ in range(nodes // 2)),
                *(repr(random.normal()) for _ in range(nodes - nodes // 2)),
            ],
            "decision_type": random.choice(KINDS, nodes),
            "left_child": [left for left, _ in children],
            "right_child": [right for _, right in children],
            "leaf_value": [repr(output.item()) for output in outputs],
            "leaf_weight": [1] * size,
            "leaf_count": [1] * size,
            "internal_value": [0] * nodes,
            "internal_weight": [1] * nodes,
            "internal_count": [1] * nodes,
            "is_linear": [0],
            "shrinkage": [1],
        }
        written = (f"{name}={' '.join(map(str, values))}\n" for name, values in lines.items())
        parts.append(f"\nTree={number}\n{''.join(written)}\n")
    return "".join(parts) + "\nend of trees\n\nparameters:\nend of parameters\n"


def grown(random: np.random.Generator, leaves: int) -> list[list[int]]:
    """A tree's nodes, each with its two children, as LightGBM numbers them: a leaf is split."""
    children: list[list[int]] = []
    holders: list[tuple[int, int] | None] = [None]  # of each leaf: the node, and which side of it
    for node in range(leaves - 1):
        leaf = int(random.integers(len(holders)))
        holder = holders[leaf]
        if holder is not None:
            children[holder[0]][holder[1]] = node
        children.append([~leaf, ~len(holders)])
        holders[leaf] = (node, 0)
        holders.append((node, 1))
    return children


def same(found: Floats, expected: Any) -> bool:  # noqa: ANN401 - LightGBM's several
    return found.tobytes() == np.asarray(expected, dtype=np.float64).tobytes()


def known(booster: lgb.Booster) -> Trees:
    made = trees_of(booster)
    assert made is not None
    return made


@pytest.mark.parametrize("options", [{}, {"zero_as_missing": True}, {"use_missing": False}])
@pytest.mark.parametrize("odd", [0.0, 0.3])
@pytest.mark.parametrize("seed", [1, 2])
def test_of_trained_boosters(options: dict[str, Any], odd: float, seed: int) -> None:
    values = rows(seed, odd=odd)
    booster = learn(values, labels_of(values), **options)
    made = known(booster)
    assert len(made.by_tree.thresholds) > 100
    for asked in (values, rows(seed + 10), around(booster)):
        expected = booster.predict(asked, num_threads=1)
        assert len(np.unique(expected)) > 20
        assert same(made.scores(asked, 1), expected)


def test_missing_values_go_each_way() -> None:
    """The trained boosters above hold what they are to be tested for."""
    kinds = set()
    for options in ({}, {"zero_as_missing": True}, {"use_missing": False}):
        values = rows(1)
        text = learn(values, labels_of(values), **options).model_to_string()
        for line in text.splitlines():
            if line.startswith("decision_type="):
                kinds |= set(line.partition("=")[2].split())
    assert kinds >= {"2", "4", "6", "8", "10"}


@given(
    seed=st.integers(0, 2**32), count=st.integers(1, 8), leaves=st.sampled_from([None, 1, 2, 64])
)
def test_of_any_trees(seed: int, count: int, leaves: int | None) -> None:
    random = np.random.default_rng(seed)
    booster = lgb.Booster(model_str=text_of(random, count, leaves))
    assert booster.num_trees() == count
    asked = np.concatenate([rows(seed), around(booster)])
    expected = booster.predict(asked, num_threads=1)
    made = known(booster)
    assert same(made.scores(asked, 1), expected)
    by_one = [made.scores(asked[row : row + 1], 1) for row in range(100)]
    assert same(np.concatenate(by_one), np.asarray(expected)[:100])


@pytest.mark.parametrize("count", [*range(20), 255, 256, 257, 264, 265, 511, 513])
def test_of_any_number_of_rows(count: int) -> None:
    booster = lgb.Booster(model_str=text_of(np.random.default_rng(5), 9))
    asked = rows(3, 600)
    expected = booster.predict(asked, num_threads=1)
    assert same(known(booster).scores(asked[:count], 1), np.asarray(expected)[:count])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_nothing(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    started = []

    def counted(threads: int, name: str) -> AbstractContextManager[Workers]:
        started.append(threads)
        return workers(threads, name)

    monkeypatch.setattr(trees, "workers", counted)
    booster = lgb.Booster(model_str=text_of(np.random.default_rng(6), 20))
    made = known(booster)
    for count in (10, 5_000, 6_145):
        asked = rows(4, count)
        assert same(made.scores(asked, threads), booster.predict(asked, num_threads=1))
    assert started == {1: [], 2: [2, 2], 3: [2, 3]}[threads]


def test_of_any_layout() -> None:
    booster = lgb.Booster(model_str=text_of(np.random.default_rng(7), 5))
    made = known(booster)
    for count in (3, 300):
        asked = rows(5, count)
        expected = booster.predict(asked, num_threads=1)
        wide = np.zeros((2 * count, 2 * INPUTS))
        wide[::2, ::2] = asked
        frozen = asked.copy()
        frozen.flags.writeable = False
        for form in (np.asfortranarray(asked), wide[::2, ::2], frozen, asked[::-1][::-1]):
            assert same(made.scores(form, 1), expected)


@pytest.mark.parametrize("kind", [np.float32, np.float16, np.int64, np.int8, ">f8", ">f4", bool])
def test_of_any_type(kind: Any) -> None:  # noqa: ANN401 - as numpy takes them
    """Numbers that a float32 does not tell apart are thresholds here."""
    text = text_of(np.random.default_rng(7), 1, leaves=2)
    instead = {"decision_type": 2, "split_feature": 0, "threshold": 2**24 + 0.5}
    for name, value in (instead | {"leaf_value": "-1 1"}).items():
        text = re.sub(rf"(?m)^{name}=.*", f"{name}={value}", text)
    booster = lgb.Booster(model_str=text)
    large = np.full((40, INPUTS), 2.0**24 + 1 if np.dtype(kind).itemsize > 2 else 1.0)
    large[::2] = 0.1
    asked = large.astype(kind)
    for values in (asked, asked[:3]):
        assert same(known(booster).scores(values, 1), booster.predict(values, num_threads=1))


def test_sums_that_are_too_large() -> None:
    random = np.random.default_rng(8)
    text = text_of(random, 3, leaves=1).replace("leaf_value=", "leaf_value=-8e2")
    for edited in (text, text.replace("leaf_value=-", "leaf_value=")):
        booster = lgb.Booster(model_str=edited)
        for count in (1, 40):
            found = known(booster).scores(rows(1, count), 1)
            assert same(found, booster.predict(rows(1, count), num_threads=1))
            assert set(found) <= {0.0, 1.0}


def test_no_trees_after_the_best() -> None:
    values, held_out = rows(1, 500), rows(2, 300)
    dataset = lgb.Dataset(values, labels_of(values), params={"verbosity": -1})
    booster = lgb.train(
        {"objective": "binary", "num_threads": 1, "verbosity": -1, "learning_rate": 0.3},
        dataset,
        60,
        valid_sets=[lgb.Dataset(held_out, labels_of(held_out, 1), reference=dataset)],
        callbacks=[lgb.early_stopping(5, verbose=False)],
    )
    best = booster.best_iteration
    assert 1 < best < 60
    # LightGBM keeps no more trees than that, or it scores by no more: as its version has it.
    for booster.best_iteration in (best, best - 1):
        made = known(booster)
        assert len(made.outputs) == booster.best_iteration * 64
        assert same(made.scores(held_out, 1), booster.predict(held_out, num_threads=1))


CATEGORIES = (1, 3)
# What is after the point does not count, below 0 and from 2**31 on there are none.
ODD_CATEGORIES = (
    *ODD,
    *(-0.5, -0.999, math.nextafter(-1, 0), math.nextafter(-1, -2), -1.5, 0.5, 1.7, 30.999),
    *(31, 32, 33, 63, 64, 95, 96, 127, 128, 159, 160, 1e3, 1e6),
    *(2**31 - 1, 2**31 - 0.5, 2**31, 2**31 + 1, 2**32, 2**32 + 1, 2**53, 2**63, 2**64, 1e18),
    *(-(2**31), -(2**31) - 1, -(2**32) + 1, -(2**63)),
)


def with_categories(seed: int, count: int = 1_500, *, odd: float = 0.2) -> Floats:
    """Rows whose second and fourth inputs are categories."""
    random = np.random.default_rng(seed)
    values = rows(seed, count, odd=odd)
    values[:, 1] = random.integers(0, 150, count)
    values[:, 3] = random.integers(0, 6, count)
    for column in CATEGORIES:
        places = random.random(count) < odd
        values[places, column] = random.choice(
            np.array(ODD_CATEGORIES, dtype=np.float64), places.sum()
        )
    return values


def by_categories(values: Floats, seed: int, **options: Any) -> lgb.Booster:  # noqa: ANN401 - as LightGBM takes them
    kinds = np.nan_to_num(values[:, 1], posinf=0, neginf=0) % 7
    labels = ((kinds < 2) + labels_of(values, seed) > 0).astype(np.int8)
    settings: dict[str, Any] = {"min_data_per_group": 1, "cat_smooth": 1}
    return learn(values, labels, 12, codes=list(CATEGORIES), **settings | options)


@pytest.mark.parametrize(
    "options", [{}, {"max_cat_to_onehot": 200}, {"use_missing": False}, {"zero_as_missing": True}]
)
@pytest.mark.parametrize("odd", [0.0, 0.3])
@pytest.mark.parametrize("seed", [1, 2])
def test_of_boosters_that_split_by_categories(
    options: dict[str, Any], odd: float, seed: int
) -> None:
    learnt = with_categories(seed, odd=odd)
    # In training LightGBM takes no category that is none, and says so of each.
    for column in CATEGORIES:
        codes = learnt[:, column]
        learnt[:, column] = np.where((codes >= 0) & (codes < 200), np.floor(codes), np.nan)
    booster = by_categories(learnt, seed, **options)
    made = known(booster)
    assert len(made.sets) > 20
    random = np.random.default_rng(seed)
    strange = random.choice(np.array(ODD_CATEGORIES, dtype=np.float64), (500, INPUTS))
    for asked in (learnt, with_categories(seed + 10), around(booster), strange):
        expected = booster.predict(asked, num_threads=1)
        assert len(np.unique(expected)) > 5
        assert same(made.scores(asked, 1), expected)
        by_one = [made.scores(asked[row : row + 1], 1) for row in range(60)]
        assert same(np.concatenate(by_one), np.asarray(expected)[:60])


def test_categories_go_by_their_sets_whatever_else_a_split_says() -> None:
    """Sets of no word and of several, and the bits of a kind that tell of missing numbers."""
    sets = [[0b1011, 0, 1 << 31], [], [2**32 - 1], [1, 1, 1, 1]]
    asked = np.array(ODD_CATEGORIES, dtype=np.float64)[:, None].repeat(INPUTS, axis=1)
    found = set()
    for words in sets:
        for kind in (1, 3, 5, 9, 11):
            text = text_of(np.random.default_rng(1), 1, leaves=2)
            lines = {
                "num_cat": "1",
                "threshold": "0",
                "decision_type": f"{kind}",
                "leaf_value": "-1 1",
                "is_linear": f"0\ncat_boundaries=0 {len(words)}\n"
                f"cat_threshold={' '.join(map(str, words))}",
            }
            for name, value in lines.items():
                text = re.sub(rf"(?m)^{name}=.*", f"{name}={value}", text)
            booster = lgb.Booster(model_str=text)
            expected = np.asarray(booster.predict(asked, num_threads=1))
            assert same(known(booster).scores(asked, 1), expected), (words, kind)
            assert same(known(booster).scores(asked[:9], 1), expected[:9]), (words, kind)
            found.add(tuple((expected < 0.5).tolist()))
    assert len(found) == len(sets)


def test_what_no_training_has_seen_is_in_no_set() -> None:
    """The code after the last goes where the codes go that are in no set of a split."""
    learnt = with_categories(3, odd=0.0)
    booster = by_categories(learnt, 3)
    codes = int(learnt[:, 1].max()) + 1
    asked = learnt[:200].copy()
    scores = []
    for code in (float(codes), math.nan, 10_000.0, -1.0):
        asked[:, 1] = code
        scores.append(known(booster).scores(asked, 1))
    assert all(same(one, scores[0]) for one in scores)
    asked[:, 1] = 0.0
    assert not same(known(booster).scores(asked, 1), scores[0])


FOREIGN: dict[str, dict[str, Any]] = {
    "linear": {"linear_tree": True},
    "forest": {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5},
    "regression": {"objective": "regression"},
    "cross-entropy": {"objective": "cross_entropy"},
    "two classes of many": {"objective": "multiclass", "num_class": 2},
    "another sigmoid": {"sigmoid": 0.5},
    "65 leaves": {"num_leaves": 65, "min_data_in_leaf": 1},
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_not_known_is_left_to_lightgbm(name: str) -> None:
    values = np.round(np.abs(rows(1, odd=0.0)), 1)
    booster = learn(values, labels_of(values), **FOREIGN[name])
    assert trees_of(booster) is None
    found = read_boosted(booster.model_to_string().encode(), 1, INPUTS).scores(values)
    assert same(found, booster.predict(values, num_threads=1))


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("objective=binary sigmoid:1\n", ""),
        ("decision_type=2", "decision_type=12"),
        ("threshold=0.5", "threshold=nan"),
    ],
)
def test_a_text_that_says_something_else_is_not_known(said: str, instead: str) -> None:
    text = text_of(np.random.default_rng(1), 1, leaves=2)
    for name, value in (("decision_type", "2"), ("threshold", "0.5"), ("split_feature", "0")):
        text = re.sub(rf"(?m)^{name}=.*", f"{name}={value}", text)
    assert trees_of(lgb.Booster(model_str=text)) is not None
    assert said in text
    assert trees_of(lgb.Booster(model_str=text.replace(said, instead))) is None


@pytest.mark.parametrize(
    ("said", "instead", "words"),
    [
        ("left_child=1 -1", "left_child=1 0", "child 0 has two parents"),
        ("left_child=1 -1", "left_child=1 1", "child 1 has two parents"),
        ("left_child=1 -1", "left_child=-2 -1", "child -2 has two parents"),
        ("left_child=1 -1", "left_child=7 -1", "child 7 is not there"),
        ("right_child=-2 -3", "right_child=-2 -9", "child -9 is not there"),
    ],
)
def test_a_tree_that_is_none_is_refused(said: str, instead: str, words: str) -> None:
    text = text_of(np.random.default_rng(1), 2, leaves=3)
    text = re.sub(r"(?m)^left_child=.*", "left_child=1 -1", text)
    text = re.sub(r"(?m)^right_child=.*", "right_child=-2 -3", text)
    assert read_boosted(text.encode(), 1, INPUTS).trees is not None
    head, second = text.split("Tree=1")
    assert said in second
    tampered = f"{head}Tree=1{second.replace(said, instead)}"
    with pytest.raises(ValueError, match=f"^tree 1, where {words}$"):
        read_boosted(tampered.encode(), 1, INPUTS)


@pytest.mark.parametrize(
    ("line", "instead", "words"),
    [
        ("threshold=", "thresholds=", "a text without threshold"),
        ("num_leaves=", "leaves=", "a text without num_leaves"),
        ("max_feature_idx=", "idx=", "a text without max_feature_idx"),
        ("leaf_value=", "leaf_value=1 ", "tree 0, where 4 numbers are to be 3"),
        ("decision_type=", "decision_type=2 ", "tree 0, where 3 numbers are to be 2"),
    ],
)
def test_a_text_that_lacks_lines_is_refused(
    line: str, instead: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LightGBM writes none such; another version of it may."""
    booster = lgb.Booster(model_str=text_of(np.random.default_rng(1), 1, leaves=3))
    text = booster.model_to_string()
    assert f"\n{line}" in text
    tampered = text.replace(f"\n{line}", f"\n{instead}")
    monkeypatch.setattr(lgb.Booster, "model_to_string", lambda _: tampered)
    with pytest.raises(ValueError, match=f"^{words}$"):
        trees_of(booster)


def test_64_leaves_are_known() -> None:
    values = rows(1, 2_000)
    booster = learn(values, labels_of(values), 3, num_leaves=64, min_data_in_leaf=1)
    assert "num_leaves=64" in booster.model_to_string()
    assert same(known(booster).scores(values, 1), booster.predict(values, num_threads=1))


def test_a_model_that_is_read_scores_by_its_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    values = rows(1)
    booster = learn(values, labels_of(values))
    expected = booster.predict(values, num_threads=1)
    model = read_boosted(booster.model_to_string().encode(), 2, INPUTS)
    assert same(Boosted(model.booster).scores(values), expected)
    monkeypatch.delattr(boosted.lgb.Booster, "predict")
    assert same(model.scores(values), expected)
    assert model.scores(values[:0]).shape == (0,)


def test_rows_of_another_width_are_refused() -> None:
    booster = lgb.Booster(model_str=text_of(np.random.default_rng(1), 2))
    model = Boosted(booster, 1, trees_of(booster))
    for width in (INPUTS - 1, INPUTS + 1):
        with pytest.raises(lgb.basic.LightGBMError, match="number of features"):
            model.scores(np.zeros((2, width)))


@pytest.mark.parametrize(("leaves", "objective"), [(80, "binary"), (8, "regression")])
@pytest.mark.parametrize(
    ("line", "first", "why"),
    [
        ("left_child", "0", "child 0 has two parents"),
        ("left_child", "500", "child 500 is not there"),
        ("split_feature", "3", "input 3 is not there"),
        ("split_feature", "99999999", "input 99999999 is not there"),
    ],
)
def test_trees_that_are_left_to_lightgbm_are_looked_at_too(
    leaves: int, objective: str, line: str, first: str, why: str
) -> None:
    draw = np.random.default_rng(0)
    values = draw.normal(size=(2_000, 3))
    labels = (values[:, 1] + draw.normal(size=2_000) > 0.5).astype(int)
    options = {"objective": objective, "num_leaves": leaves, "min_data_in_leaf": 5}
    quiet = {"verbosity": -1, "num_threads": 1}
    text = lgb.train(options | quiet, lgb.Dataset(values, labels), 1).model_to_string()
    assert trees_of(lgb.Booster(model_str=text)) is None
    tampered = re.sub(rf"(?m)^{line}=\S+", f"{line}={first}", text, count=1)
    assert tampered != text
    with pytest.raises(ValueError, match=f"tree 0, where {why}"):
        read_boosted(tampered.encode(), 1, 3)


CATEGORICAL: dict[str, Any] = {"codes": [1], "min_data_per_group": 1, "cat_smooth": 1}


@pytest.mark.parametrize(
    ("options", "line", "instead", "words"),
    [
        ({}, r"tree_sizes=\S+ ", "tree_sizes=", "not as long as the text says"),
        ({}, r"tree_sizes=\S+", "tree_sizes=9999999", "not as long as the text says"),
        ({}, r"(?s)\nend of trees.*", "", "without its end"),
        ({}, r"\n", "\r\n", "other line ends"),
        ({}, r"num_tree_per_iteration=1", "num_tree_per_iteration=0", "0 at a time"),
        ({}, r"num_tree_per_iteration=1", "num_tree_per_iteration=3", "5 trees, 3 at a time"),
        ({}, r"num_cat=0", "num_dog=0", "without num_cat"),
        ({}, r"decision_type=\S+", "decision_type=1", "categories .* are not there"),
        (CATEGORICAL, r"num_cat=\d+", "num_cat=77", "are to be 78"),
        (CATEGORICAL, r"cat_threshold=\d+", "cat_threshold=4294967296", "none of 32 bits"),
        (CATEGORICAL, r"cat_threshold=\d+", "cat_threshold=-1", "none of 32 bits"),
        (CATEGORICAL, r"cat_boundaries=0 \d+", "cat_boundaries=0 9999", "whose categories are"),
        ({"linear_tree": True}, r"num_features=\S+", "num_features=-1", "has -1 inputs"),
        ({"linear_tree": True}, r"leaf_features=\S+", "leaf_features=99", "is not there"),
    ],
)
def test_a_text_that_lightgbm_would_not_survive_is_refused(
    options: dict[str, Any], line: str, instead: str, words: str
) -> None:
    values = np.round(np.abs(rows(1, odd=0.0)), 1)
    text = learn(values, labels_of(values), 5, **options).model_to_string()
    read_boosted(text.encode(), 1, INPUTS)
    tampered = re.sub(line, instead, text)
    if "tree_sizes" not in line:  # or that is what would be seen
        tampered = re.sub(r"tree_sizes=.*\n", "", tampered)
    assert re.search(line, text)
    with pytest.raises(ValueError, match=words):
        read_boosted(tampered.encode(), 1, INPUTS)
