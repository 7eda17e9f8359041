"""Texts as codes: those of a file or a batch, and those that a run keeps."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.model.encoding import MOST_TEXTS, Encoding, encoding_from_json, fit_encoding
from engine.model.feature_values import FeatureValues, values_of_rows

NAMES = ("amount", "shop", "town")
TEXTS = (1, 2)
Row = tuple[float | None, str | None, str | None]

# Code points above the surrogates come last, as in UTF-8; in UTF-16 they would not.
texts = st.one_of(st.none(), st.sampled_from(["", "a", "A", "b", "é", "\uffee", "😀", "z" * 40]))
rows = st.lists(st.tuples(st.one_of(st.none(), st.floats(-1, 1)), texts, texts), max_size=12)


def values_of(some: list[Row]) -> FeatureValues:
    return values_of_rows(some, len(NAMES), TEXTS)


def all_of(values: FeatureValues) -> np.ndarray[Any, Any]:
    return np.arange(len(values))


@given(rows)
def test_rows_come_back_as_they_were(some: list[Row]) -> None:
    values = values_of(some)
    assert [tuple(row.values()) for row in values.records(NAMES)] == some
    frame = values.to_frame(NAMES)
    assert [str(dtype) for dtype in frame.dtypes] == ["Float64", "String", "String"]
    assert frame.fill_nan(None).rows() == some


@given(st.lists(rows, min_size=1, max_size=4))
def test_parts_joined_are_the_whole(parts: list[list[Row]]) -> None:
    whole = values_of([row for part in parts for row in part])
    joined = FeatureValues.joined([values_of(part) for part in parts])
    assert np.array_equal(joined.numbers, whole.numbers, equal_nan=True)
    assert joined.levels == whole.levels


@given(rows, rows)
def test_a_code_is_the_place_among_the_training_parts(learnt: list[Row], asked: list[Row]) -> None:
    encoding = fit_encoding(values_of(learnt), np.arange(len(learnt)), NAMES)
    found = encoding.encoded(values_of(asked))
    for column in TEXTS:
        known = sorted({text for row in learnt if (text := row[column]) is not None})
        assert list(encoding.levels[column]) == known
        assert encoding.unseen[column] == len(known)
        expected = [
            math.nan
            if row[column] is None
            else float(known.index(row[column]) if row[column] in known else len(known))
            for row in asked
        ]
        assert np.array_equal(found[:, column], expected, equal_nan=True)
    amounts = np.array([row[0] for row in asked], dtype=np.float64)
    assert np.array_equal(found[:, 0], amounts, equal_nan=True)


def test_what_only_other_events_have_is_unseen() -> None:
    values = values_of([(1.0, "a", None), (1.0, "c", "x"), (1.0, "b", "x")])
    encoding = fit_encoding(values, np.array([0, 2]), NAMES)
    assert encoding.levels == {1: ("a", "b"), 2: ("x",)}
    assert encoding.encoded(values)[:, 1].tolist() == [0.0, 2.0, 1.0]
    assert values.numbers[:, 1].tolist() == [0.0, 2.0, 1.0]  # its own codes, c being the last
    assert [encoding.holds(1, text) for text in ("a", "c", None)] == [True, False, True]


def test_values_without_texts_are_not_copied() -> None:
    values = FeatureValues(np.ones((3, 2)))
    assert fit_encoding(values, all_of(values), ("a", "b")) == Encoding()
    assert Encoding().encoded(values) is values.numbers


def test_names_are_no_categories() -> None:
    many = [(1.0, f"shop {number}", "x") for number in range(MOST_TEXTS + 1)]
    values = values_of(many)
    assert len(fit_encoding(values, all_of(values)[1:], NAMES).levels[1]) == MOST_TEXTS
    with pytest.raises(InputError, match=r"^shop: .*was 256 in the training part, at most 255"):
        fit_encoding(values, all_of(values), NAMES)


ENCODING = Encoding({1: ("a", "é"), 2: ()})


def test_it_is_read_as_it_was_written() -> None:
    told = json.loads(json.dumps(ENCODING.to_json(NAMES)))
    assert told == {
        "shop": {"texts": ["a", "é"], "unseen": 2},
        "town": {"texts": [], "unseen": 0},
    }
    assert encoding_from_json(told, NAMES, TEXTS, "here") == ENCODING


@pytest.mark.parametrize(
    "changes",
    [
        {"town": None},
        {"shop": {"texts": ["a", "b"]}},
        {"shop": {"texts": ["b", "a"], "unseen": 2}},
        {"shop": {"texts": ["a", "a"], "unseen": 2}},
        {"shop": {"texts": ["a", 1], "unseen": 2}},
        {"shop": {"texts": ["a"], "unseen": 2}},
        {"street": {"texts": [], "unseen": 0}},
        {"shop": {"texts": "ab", "unseen": 2}},
        {"shop": {"texts": {"a": 0, "b": 1}, "unseen": 2}},
        {"shop": {"texts": ["a"], "unseen": True}},
        {"shop": {"texts": ["a", "b"], "unseen": 2.0}},
        {"shop": {"texts": ["a"], "unseen": 1, "more": 0}},
        {"shop": {"texts": ["a", "\ud800"], "unseen": 2}},
        {"shop": {"texts": [f"{at:03}" for at in range(256)], "unseen": 256}},
    ],
)
def test_what_is_none_is_refused(changes: dict[str, Any]) -> None:
    told = ENCODING.to_json(NAMES) | changes
    with pytest.raises(InputError, match=r"^here: the encoding of texts cannot be read"):
        encoding_from_json(told, NAMES, TEXTS, "here")
    with pytest.raises(InputError, match=r"^here: the encoding of texts cannot be read"):
        encoding_from_json(ENCODING.to_json(NAMES), NAMES, (1,), "here")
