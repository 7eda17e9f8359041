"""Drift: bins that hold each value once, and the index as its formula has it."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from engine.catalog import notebook
from engine.errors import InputError
from engine.model.drift import (
    LEAST_SHARE,
    MOST_BINS,
    Bins,
    bins_from_json,
    by_chance,
    drift,
    fit_bins,
    in_a_word,
    stability_index,
    training_bins,
)

NAN = float("nan")


def test_the_index_is_its_formula() -> None:
    bins = fit_bins(np.array([0.0, 0.0, 1.0, 1.0]))
    assert bins == Bins((0.0, 1.0), (), (0.0, 0.5, 0.5, 0.0))
    # Of four a half and a half before, three quarters and one now; two bins hold nothing.
    by_hand = (0.75 - 0.5) * math.log(0.75 / 0.5) + (0.25 - 0.5) * math.log(0.25 / 0.5)
    assert stability_index(bins, np.array([0.0, 0.0, 0.0, 1.0])) == pytest.approx(by_hand)


def test_an_empty_bin_counts_as_the_least_share() -> None:
    bins = fit_bins(np.array([0.0, 1.0]))
    one = (1.0 - LEAST_SHARE) * math.log(1.0 / LEAST_SHARE)
    gone = 2 * (LEAST_SHARE - 0.5) * math.log(LEAST_SHARE / 0.5)
    # A value, or a null, that training never had.
    assert stability_index(bins, np.array([7.0])) == pytest.approx(one + gone)
    assert stability_index(bins, np.array([NAN])) == pytest.approx(one + gone)


def test_continuous_values_are_cut_into_tenths() -> None:
    values = np.random.default_rng(1).normal(size=10_000)
    bins = fit_bins(values)
    assert bins.alone == ()
    assert len(bins.edges) == MOST_BINS - 1
    assert bins.shares == pytest.approx([0.0, *[1 / MOST_BINS] * MOST_BINS], abs=1e-9)
    assert stability_index(bins, values) == 0.0
    # A half has moved by a deviation: beyond what is called stable.
    assert stability_index(bins, np.concatenate([values[:5_000], values[5_000:] + 1])) > 0.1


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
    bins = training_bins(notebook, values, np.linspace(0, 1, 100)).features
    assert 1e9 in bins["time_since_last_s"].alone
    assert 0.0 in bins["user_merchant_dist_km"].alone
    assert -1.0 in bins["age"].alone
    assert 0.0 in bins["amt_z_user"].alone
    assert bins["hour"].alone == ()


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
    index = stability_index(bins, np.array(now))
    assert math.isfinite(index)
    assert index >= 0
    assert stability_index(bins, np.array(before)) == pytest.approx(0.0, abs=1e-12)


def test_both_ways_are_the_same() -> None:
    some, other = [0.0] * 3 + [1.0] * 7, [0.0] * 6 + [1.0] * 4
    there = stability_index(fit_bins(np.array(some)), np.array(other))
    assert stability_index(fit_bins(np.array(other)), np.array(some)) == pytest.approx(there)


@pytest.mark.parametrize(
    ("index", "word"),
    [
        (0.0, "stable"),
        (0.0999, "stable"),
        (0.1, "moderate"),
        (0.2499, "moderate"),
        (0.25, "shifted"),
    ],
)
def test_the_limits_in_words(index: float, word: str) -> None:
    assert in_a_word(index, 0.05) == word
    assert in_a_word(index, 0.1) == "too few events"


def test_the_index_by_chance_is_a_quantile_of_chi_squared() -> None:
    for bins in (2, 5, 11, 20):
        values = np.arange(float(bins))
        fitted = Bins(tuple(values.tolist()), (), (0.0, *[1 / bins] * bins, 0.0))
        exact = (1 / 300 + 1 / 200) * stats.chi2.ppf(0.999, bins - 1)
        assert by_chance(fitted, 300, 200) == pytest.approx(exact, rel=0.04)


@pytest.mark.parametrize(("events", "word"), [(20, "too few events"), (100, "too few events")])
def test_fresh_draws_of_the_same_are_not_called_moved(events: int, word: str) -> None:
    random = np.random.default_rng(6)
    bins = fit_bins(random.normal(size=5_000))
    chance = by_chance(bins, 5_000, events)
    for _ in range(50):
        assert in_a_word(stability_index(bins, random.normal(size=events)), chance) == word


def test_of_a_thousand_fresh_draws_of_the_same_the_word_is_stable() -> None:
    random = np.random.default_rng(6)
    bins = fit_bins(random.normal(size=5_000))
    chance = by_chance(bins, 5_000, 1_000)
    found = [stability_index(bins, random.normal(size=1_000)) for _ in range(200)]
    assert {in_a_word(index, chance) for index in found} == {"stable"}
    # The mean under no change, of nine degrees of freedom.
    assert np.mean(found) == pytest.approx(9 * (1 / 1_000 + 1 / 5_000), rel=0.1)
    assert max(found) < 2 * chance


def test_the_report_begins_with_what_moved_most() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(2_000, len(notebook.names)))
    scores = random.random(2_000)
    bins = training_bins(notebook, values, scores)
    moved = values.copy()
    moved[:, notebook.names.index("hour")] += 5
    found = drift(bins, moved, scores, trained=2_000, held_out=2_000)
    assert found["features"][0]["feature"] == "hour"
    assert found["features"][0]["word"] == "shifted"
    assert [each["word"] for each in found["features"][1:]] == ["stable"] * 25
    assert (found["score"]["psi"], found["score"]["word"]) == (0.0, "stable")
    assert found["events"] == 2_000


def test_bins_are_read_as_they_were_written() -> None:
    values = np.random.default_rng(2).normal(size=(50, len(notebook.names)))
    values[:9, 3] = NAN
    values[9, 4] = math.inf
    bins = training_bins(notebook, values, values[:, 0])
    written = json.loads(json.dumps(bins.to_json(), allow_nan=False))
    assert bins_from_json(written, "bins.json") == bins
    for harmed in ({}, {"features": []}, {"features": {}, "score": {"alone": [], "edges": []}}):
        with pytest.raises(InputError, match="the bins cannot be read"):
            bins_from_json(harmed, "bins.json")
    written["score"]["shares"].pop()
    with pytest.raises(InputError, match="the bins cannot be read"):
        bins_from_json(written, "bins.json")
