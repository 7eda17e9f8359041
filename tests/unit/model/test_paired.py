"""The paired difference: the same draws for both, as they would be drawn by hand."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from engine.model.evaluate import evaluate
from engine.model.metrics import Scored, Terms
from engine.model.paired import Rival, paired

CARDS, EVENTS = 30, 600
TERMS = Terms(threshold=0.5, alert_cost=5.0, cards_per_day=3, days=10.0)


def rival(noise: float, threshold: float = 0.5) -> Rival:
    """Scores of the same events, further from the truth the more noise there is."""
    random = np.random.default_rng(1)
    labels = (random.random(EVENTS) < 0.1).astype(np.int8)
    cards, times = random.integers(0, CARDS, EVENTS), np.sort(random.integers(0, 864_000, EVENTS))
    hard = random.random(CARDS)[cards]  # some cards are hard for whoever scores
    own = np.random.default_rng(round(noise * 100)).random(EVENTS)
    scores = np.clip(0.5 * labels + 0.3 * hard + noise * own, 0, 1)
    amounts = random.integers(1, 100, EVENTS).astype(np.float64)
    scored = Scored(scores, scores, labels, cards.astype(np.int64), times.astype(np.int64), amounts)
    return Rival(scored, Terms(threshold, 5.0, 3, 10.0))


def test_each_alone_is_as_it_would_be_alone() -> None:
    one, other = rival(0.3), rival(0.6, threshold=0.7)
    found = paired({"new": one, "old": other}, resamples=20, seed=4)
    assert found["rivals"] == ["new", "old"]
    for name, each in (("new", one), ("old", other)):
        alone = evaluate(each.scored, each.terms, resamples=20, seed=4)
        assert {figure: pair[name] for figure, pair in found["figures"].items()} == alone["figures"]


def test_the_difference_is_that_of_the_same_draws() -> None:
    one, other = rival(0.3), rival(0.6)
    found = paired({"new": one, "old": other}, resamples=50, seed=9)["figures"]["average_precision"]
    codes = np.unique(one.scored.card_codes, return_inverse=True)[1]
    cards = codes.max() + 1
    days = len(np.unique(one.scored.times // 86_400))
    random = np.random.default_rng(9)
    differences = []
    for _ in range(50):
        weights = random.multinomial(cards, np.full(cards, 1 / cards))[codes]
        random.multinomial(days, np.full(days, 1 / days))
        new, old = (
            average_precision_score(one.scored.labels, each.scored.scores, sample_weight=weights)
            for each in (one, other)
        )
        differences.append(new - old)
    low, high = np.quantile(differences, [0.025, 0.975])
    assert found["difference"]["low"] == pytest.approx(low)
    assert found["difference"]["high"] == pytest.approx(high)
    value = found["new"]["value"] - found["old"]["value"]
    assert found["difference"]["value"] == pytest.approx(value)


def test_a_run_differs_from_itself_by_nothing() -> None:
    found = paired({"one": rival(0.3), "two": rival(0.3)}, resamples=10, seed=1)
    for name, figure in found["figures"].items():
        bounds = {} if name == "bursts.count" else {"low": None, "high": None}
        assert figure["difference"] == {"value": 0.0, **bounds}, name


def test_what_cannot_be_measured_has_no_difference() -> None:
    one = rival(0.3)
    scored = one.scored
    none = Scored(
        scored.scores,
        scored.probabilities,
        np.zeros_like(scored.labels),
        scored.card_codes,
        scored.times,
        None,
    )
    found = paired({"one": Rival(none, TERMS), "two": Rival(none, TERMS)}, resamples=5, seed=1)
    difference = found["figures"]["average_precision"]["difference"]
    assert difference == {"value": None, "low": None, "high": None}
    assert "money.saved" not in found["figures"]


def test_without_draws_there_are_no_intervals() -> None:
    found = paired({"one": rival(0.3), "two": rival(0.6)}, resamples=0, seed=1)
    assert found["figures"]["roc_auc"]["difference"].keys() == {"value"}


def test_fraud_on_one_card_there_is_no_interval_of_the_difference_either() -> None:
    def of_one_card(each: Rival) -> Rival:
        every_other = each.scored.labels * (each.scored.times // 86_400 % 2 == 0)
        one = np.where(every_other == 1, 0, each.scored.card_codes + 1)
        labels = every_other.astype(np.int8)
        return replace(each, scored=replace(each.scored, card_codes=one, labels=labels))

    rivals = {"one": of_one_card(rival(0.3)), "two": of_one_card(rival(0.6))}
    figures = paired(rivals, resamples=5, seed=1)["figures"]
    for each in ("one", "two", "difference"):
        assert figures["average_precision"][each]["value"] is not None
        assert figures["average_precision"][each]["low"] is None
    # There are several days all the same, with fraud and without.
    for each in ("one", "two"):
        assert figures["cards.precision"][each]["low"] is not None


@pytest.mark.parametrize("fraud_cards", [1, 2, 3])
def test_of_few_cards_with_fraud_there_is_no_interval(fraud_cards: int) -> None:
    """Draws without any have nothing to measure, and the others are too much alike."""

    def of_few(each: Rival) -> Rival:
        defrauded = np.unique(each.scored.card_codes[each.scored.labels == 1])
        few = each.scored.labels * np.isin(each.scored.card_codes, defrauded[:fraud_cards])
        return replace(each, scored=replace(each.scored, labels=few.astype(np.int8)))

    found = paired({"one": of_few(rival(0.3)), "two": of_few(rival(0.6))}, resamples=400, seed=1)
    assert found["with_fraud"]["card"] == fraud_cards
    for each in ("one", "two", "difference"):
        for name in (
            *("average_precision", "at_threshold.recall", "recall_at_fpr.0.001"),
            *("money.fraud", "money.caught", "money.caught_share", "money.saved"),
        ):
            assert found["figures"][name][each]["value"] is not None
            assert found["figures"][name][each]["low"] is None, (name, each)
            assert found["figures"][name][each]["high"] is None, (name, each)


def test_of_many_cards_with_fraud_each_draw_counts() -> None:
    found = paired({"one": rival(0.3), "two": rival(0.6)}, resamples=100, seed=1)
    assert found["with_fraud"] == {"card": 24, "day": 10}
    difference = found["figures"]["average_precision"]["difference"]
    assert difference["low"] < difference["value"] < difference["high"]
