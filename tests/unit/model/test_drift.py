"""Drift: the index as its formula has it, and no more alarms than chance is said to give."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from engine.catalog import notebook
from engine.model.bins import Bins, fit_bins, training_bins
from engine.model.clusters import Sample, sample_of
from engine.model.drift import LEAST_SHARE, Moved, Recent, by_chance, drift, moved
from engine.model.ranked import Floats, Integers

NAN = float("nan")


def index(bins: Bins, values: list[float]) -> float:
    events = np.arange(len(values))
    return moved(bins, np.array(values), events, Sample(len(values), 1.0)).psi


def test_the_index_is_its_formula() -> None:
    bins = fit_bins(np.array([0.0, 0.0, 1.0, 1.0]))
    assert bins == Bins((0.0, 1.0), (), (0.0, 0.5, 0.5, 0.0))
    # Of four a half and a half before, three quarters and one now; two bins hold nothing.
    by_hand = (0.75 - 0.5) * math.log(0.75 / 0.5) + (0.25 - 0.5) * math.log(0.25 / 0.5)
    assert index(bins, [0.0, 0.0, 0.0, 1.0]) == pytest.approx(by_hand)
    found = moved(bins, np.array([0.0, 0.0, 0.0, 1.0]), np.arange(4), Sample(4, 1.0))
    assert found.bounded == pytest.approx(0.25**2 / 0.625 + 0.25**2 / 0.375)


def test_an_empty_bin_counts_as_the_least_share() -> None:
    bins = fit_bins(np.array([0.0, 1.0]))
    one = (1.0 - LEAST_SHARE) * math.log(1.0 / LEAST_SHARE)
    gone = 2 * (LEAST_SHARE - 0.5) * math.log(LEAST_SHARE / 0.5)
    # A value, or a null, that training never had.
    assert index(bins, [7.0]) == pytest.approx(one + gone)
    assert index(bins, [NAN]) == pytest.approx(one + gone)


def test_values_as_they_were_have_not_moved() -> None:
    values = np.random.default_rng(1).normal(size=10_000).tolist()
    bins = fit_bins(np.array(values))
    assert index(bins, values) == 0.0
    # A half has moved by a deviation: beyond what is called stable.
    assert index(bins, values[:5_000] + [value + 1 for value in values[5_000:]]) > 0.1


def test_both_ways_are_the_same() -> None:
    some, other = [0.0] * 3 + [1.0] * 7, [0.0] * 6 + [1.0] * 4
    there = index(fit_bins(np.array(some)), other)
    assert index(fit_bins(np.array(other)), some) == pytest.approx(there)


@pytest.mark.parametrize(
    ("psi", "bounded", "chance", "word"),
    [
        (0.0, 0.0, 0.05, "stable"),
        (0.0999, 0.09, 0.0999, "stable"),
        (0.1, 0.0999, 0.05, "moderate"),
        (0.2499, 0.24, 0.05, "moderate"),
        (0.25, 0.24, 0.05, "shifted"),
        # Chance could do as much: nobody knows.
        (0.0, 0.0, 0.1, "too few events or cards"),
        (0.3, 0.29, 0.3, "too few events or cards"),
        # The index is large because a bin is empty, as it is of few events.
        (0.3, 0.09, 0.095, "too few events or cards"),
        # It could do a lot, and not this.
        (5.0, 3.0, 2.0, "shifted"),
    ],
)
def test_the_words(psi: float, bounded: float, chance: float, word: str) -> None:
    assert Moved(psi, bounded, chance, 1.0).word == word


def test_the_index_by_chance_is_a_quantile() -> None:
    for freedom in (1, 4, 10, 19):
        variances = np.full(freedom, 1 / 300 + 1 / 200)
        exact = (1 / 300 + 1 / 200) * stats.chi2.ppf(0.999, freedom)
        assert by_chance(variances, 1e9) == pytest.approx(exact, rel=0.04)
        # Where the variances themselves were learnt of few cards, of F.
        exact = (1 / 300 + 1 / 200) * freedom * stats.f.ppf(0.999, freedom, freedom * 29)
        assert by_chance(variances, 30) == pytest.approx(exact, rel=0.04)
    # All in one direction is as if there were that one alone.
    alone = by_chance(np.array([0.1]), 1e9)
    assert by_chance(np.array([0.1, 0.0, 0.0]), 1e9) == pytest.approx(alone)
    assert by_chance(np.empty(0), 10) == 0.0
    assert math.isfinite(by_chance(np.ones(3), 1.0))


def test_of_a_thousand_fresh_draws_of_the_same_the_word_is_stable() -> None:
    random = np.random.default_rng(6)
    bins = fit_bins(random.normal(size=5_000))
    before, cards = Sample(5_000, 1.0), np.arange(1_000)
    found = [moved(bins, random.normal(size=1_000), cards, before) for _ in range(200)]
    assert {each.word for each in found} == {"stable"}
    # The mean under no change, of nine degrees of freedom.
    assert np.mean([each.psi for each in found]) == pytest.approx(9 * (1 / 1e3 + 1 / 5e3), rel=0.1)
    assert found[0].by_chance == pytest.approx(27.9 * (1 / 1_000 + 1 / 5_000), rel=0.05)


def clustered(random: np.random.Generator, cards: int) -> tuple[dict[str, Floats], Integers]:
    """Values of events of cards: each card's own, a card's own with noise, and each event's own."""
    each = random.geometric(1 / 20, cards)
    codes = np.repeat(np.arange(cards), each)
    own = random.normal(size=cards)[codes]
    noise = random.normal(size=len(codes))
    values = {
        "own": own,
        "both": own + noise,
        "noise": noise,
        "sex": (own > 0).astype(float),
        # Nearly always the same, and else with those of few cards.
        "rare": np.where((own > 1.5) & (noise > 0), noise, 0.0),
    }
    return values, codes


@pytest.mark.parametrize("cards", [3, 10, 30, 100, 400])
def test_other_cards_are_no_change(cards: int) -> None:
    """Of cards drawn alike, about one in a thousand may be called moved: here of a thousand."""
    random = np.random.default_rng(11)
    words = []
    for _ in range(40):
        before, codes = clustered(random, 200)
        now, now_codes = clustered(random, cards)
        for name, values in before.items():
            bins = fit_bins(values, (0.0,)).with_cards(values, codes)
            found = moved(bins, now[name], now_codes, sample_of(codes))
            words.append((name, found.word))
    alarms = [name for name, word in words if word in {"moderate", "shifted"}]
    assert len(alarms) <= 1, alarms
    if cards == 400:
        # Each event's own value is as sure as ever; of a card's own there is one a card.
        assert {word for name, word in words if name == "noise"} == {"stable"}
        assert "too few events or cards" in {word for name, word in words if name == "own"}


def test_a_change_beyond_chance_is_told_of_few_cards_too() -> None:
    """All homes at 0: a column that has broken, and no other cards."""
    random = np.random.default_rng(5)
    before, codes = clustered(random, 200)
    now, now_codes = clustered(random, 60)
    for name in ("own", "both", "noise"):
        bins = fit_bins(before[name]).with_cards(before[name], codes)
        found = moved(bins, np.zeros(len(now_codes)), now_codes, sample_of(codes))
        assert found.word == "shifted", name
    bins = fit_bins(before["noise"]).with_cards(before["noise"], codes)
    found = moved(bins, now["noise"] + 0.8, now_codes, sample_of(codes))
    assert found.word == "shifted"


def recent(values: Floats, scores: Floats, cards: Integers | None = None) -> Recent:
    return Recent(
        features=notebook.features,
        values=values,
        scores=scores,
        cards=np.arange(len(scores)) if cards is None else cards,
        in_whole_weeks=np.ones(len(scores), dtype=bool),
    )


ALONE = (np.arange(2_000), np.arange(2_000))  # of each card one event
PARTS = {"train": Sample(2_000, 1.0), "validation": Sample(2_000, 1.0)}


def test_the_report_begins_with_what_moved_most() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(2_000, len(notebook.names)))
    scores = random.random(2_000)
    bins = training_bins(notebook, values, scores, ALONE)
    changed = values.copy()
    changed[:, notebook.names.index("log_amt")] += 5
    found = drift(bins, recent(changed, scores), PARTS)
    assert found["features"][0]["feature"] == "log_amt"
    assert found["features"][0]["word"] == "shifted"
    assert [each["word"] for each in found["features"][1:]] == ["stable"] * 25
    assert (found["score"]["psi"], found["score"]["word"]) == (0.0, "stable")
    assert (found["events"], found["cards"]) == (2_000, 2_000)
    assert found["score"]["worth"] == 2_000


def test_events_of_few_cards_are_worth_few() -> None:
    random = np.random.default_rng(3)
    values = random.normal(size=(2_000, len(notebook.names)))
    bins = training_bins(notebook, values, values[:, 0], ALONE)
    cards = np.arange(2_000) // 50
    values[:, notebook.names.index("lat")] = random.normal(size=40)[cards]
    found = drift(bins, recent(values, values[:, 0], cards), PARTS)
    by_name = {each["feature"]: each for each in found["features"]}
    assert by_name["lat"]["worth"] == 40
    assert by_name["lat"]["word"] == "too few events or cards"
    assert by_name["long"]["worth"] > 1_000
    assert by_name["long"]["word"] == "stable"


def test_hours_and_weekdays_are_compared_of_whole_weeks() -> None:
    random = np.random.default_rng(4)
    values = random.normal(size=(2_000, len(notebook.names)))
    scores = random.random(2_000)
    bins = training_bins(notebook, values, scores, ALONE)
    calendar = ("hour", "dow", "is_night")
    some = np.arange(2_000) < 1_000
    changed = values.copy()
    for name in (*calendar, "log_amt"):
        changed[~some, notebook.names.index(name)] += 5  # on the days of no whole week
    whole = replace(recent(changed, scores), in_whole_weeks=some)
    words = {each["feature"]: each["word"] for each in drift(bins, whole, PARTS)["features"]}
    assert {words[name] for name in calendar} == {"stable"}
    assert words["log_amt"] == "shifted"
    none = replace(recent(changed, scores), in_whole_weeks=np.zeros(2_000, dtype=bool))
    words = {each["feature"]: each["word"] for each in drift(bins, none, PARTS)["features"]}
    assert {words[name] for name in calendar} == {"not whole weeks"}
    assert words["log_amt"] == "shifted"
