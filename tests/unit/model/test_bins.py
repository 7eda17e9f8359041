"""Bins that hold each value once, and are read as they were written."""

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import notebook
from engine.errors import InputError
from engine.model.bins import (
    MOST_BINS,
    bins_from_json,
    fit_bins,
    fit_text_bins,
    training_bins,
)

NAN = float("nan")
CARDS = (np.arange(500) // 5, np.arange(500) // 2)


def test_continuous_values_are_cut_into_tenths() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    bins = fit_bins(values)
    assert bins.alone == ()
    assert len(bins.edges) == MOST_BINS - 1
    assert bins.shares == pytest.approx([0.0, *[1 / MOST_BINS] * MOST_BINS], abs=1e-9)


def test_special_and_frequent_values_and_nulls_have_bins_of_their_own() -> None:
    spread = np.arange(1.0, 51.0)
    values = np.concatenate([spread, np.zeros(30), [NAN] * 15, [1e9] * 5])
    bins = fit_bins(values, (1e9, -1.0))
    assert bins.alone == (-1.0, 0.0, 1e9)
    assert bins.shares[:4] == pytest.approx([0.15, 0.0, 0.3, 0.05])
    assert len(bins.edges) == 4  # half of all, in five bins
    assert bins.shares[4:] == pytest.approx([0.1] * 5)


def test_a_definitions_own_values_stand_alone() -> None:
    values = np.random.default_rng(2).normal(size=(500, len(notebook.names)))
    bins = training_bins(notebook, values, np.linspace(0, 1, 500), CARDS).features
    assert 1e9 in bins["time_since_last_s"].alone
    assert 0.0 in bins["user_merchant_dist_km"].alone
    assert -1.0 in bins["age"].alone
    assert 0.0 in bins["amt_z_user"].alone
    assert bins["hour"].alone == ()


def test_texts_have_bins_of_their_own_and_so_has_what_is_unseen() -> None:
    codes = np.concatenate(
        [np.zeros(500), np.full(480, 2.0), np.full(8, 1.0), [3.0] * 2, [NAN] * 10]
    )
    bins = fit_text_bins(codes, 4)
    # The second and the fourth are rare: together they are the last bin.
    assert bins.alone == (0.0, 2.0, 4.0)
    assert bins.edges == ()
    assert bins.shares == pytest.approx([0.01, 0.5, 0.48, 0.0, 0.01])
    assert bins.places(np.array([NAN, 0.0, 1.0, 2.0, 3.0, 4.0])).tolist() == [0, 1, 4, 2, 4, 3]


@pytest.mark.parametrize("codes", [np.full(20, NAN), np.zeros(3)])
def test_of_few_texts(codes: np.ndarray) -> None:
    bins = fit_text_bins(codes, 1)
    assert sum(bins.shares) == 1.0
    assert len(bins.shares) == len(bins.alone) + 2


_VALUES = st.lists(
    st.one_of(st.floats(allow_infinity=True, allow_nan=True), st.integers(-3, 3).map(float)),
    min_size=1,
    max_size=60,
)


@given(_VALUES, _VALUES, st.sets(st.sampled_from([-1.0, 0.0, 1e9])))
def test_every_value_is_in_one_bin(
    before: list[float], now: list[float], special: set[float]
) -> None:
    bins = fit_bins(np.array(before), tuple(special))
    assert list(bins.alone) == sorted(set(bins.alone))
    assert list(bins.edges) == sorted(set(bins.edges))
    assert math.fsum(bins.shares) == pytest.approx(1.0)
    assert special <= set(bins.alone)
    # Counted by asking of each value which bin it is in.
    most = float(np.finfo(np.float64).max)
    counts = [0] * len(bins.shares)
    for value in before:
        if math.isnan(value):
            place = 0
        elif min(max(value, -most), most) in bins.alone:
            place = 1 + bins.alone.index(min(max(value, -most), most))
        else:
            place = 1 + len(bins.alone) + sum(edge < value for edge in bins.edges)
        counts[place] += 1
    assert bins.shares == pytest.approx([count / len(before) for count in counts])
    places = bins.places(np.array(now))
    assert len(places) == len(now)
    assert ((places >= 0) & (places < len(bins.shares))).all()
    assert all((place == 0) == math.isnan(value) for place, value in zip(places, now, strict=True))


def test_bins_are_read_as_they_were_written() -> None:
    values = np.random.default_rng(2).normal(size=(500, len(notebook.names)))
    values[:9, 3] = NAN
    values[9, 4] = math.inf
    bins = training_bins(notebook, values, values[:, 0], CARDS)
    written = json.loads(json.dumps(bins.to_json(), allow_nan=False))
    assert bins_from_json(written, "bins.json") == bins
    # Those too that do not tell of cards, as they did not at first.
    del written["events_per_card"]
    for each in (*written["features"].values(), written["score"]):
        del each["alike"]
    old = bins_from_json(written, "bins.json")
    assert (old.per_card, old.score.alike, old.score.shares) == (None, None, bins.score.shares)


@pytest.mark.parametrize(
    "harm",
    [
        lambda content: content.clear(),
        lambda content: content.update(features=[]),
        lambda content: content["score"].pop("shares"),
        lambda content: content["score"]["shares"].pop(),
        lambda content: content["score"]["alike"].pop(),
        lambda content: content["score"].update(alike=None),
        lambda content: content["score"]["edges"].__setitem__(0, NAN),
        lambda content: content.update(events_per_card=None),
        lambda content: content.update(events_per_card=[1.0]),
        lambda content: content.update(events_per_card=[0.5, 2.0]),
        lambda content: content.update(events_per_card=[1.0, math.inf]),
    ],
)
def test_bins_that_cannot_be_read(harm: Callable[[dict[str, Any]], object]) -> None:
    values = np.random.default_rng(2).normal(size=(500, len(notebook.names)))
    content = json.loads(json.dumps(training_bins(notebook, values, values[:, 0], CARDS).to_json()))
    harm(content)
    with pytest.raises(InputError, match="the bins cannot be read"):
        bins_from_json(content, "bins.json")
