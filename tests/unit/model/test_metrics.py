"""Figures against scikit-learn, and against cases worked out by hand."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from engine.model.bursts import Bursts
from engine.model.daily import DayCards
from engine.model.evaluate import evaluate, reliability
from engine.model.figures_text import figure_lines
from engine.model.metrics import Measurement, Scored, Terms
from engine.model.ranked import Ranked

DAY = 86_400


def scored(
    scores: list[float],
    labels: list[int],
    *,
    cards: list[int] | None = None,
    times: list[int] | None = None,
    amounts: list[float] | None = None,
) -> Scored:
    return Scored(
        scores=np.array(scores),
        probabilities=np.array(scores),
        labels=np.array(labels, dtype=np.int8),
        card_codes=np.array(cards or range(len(scores)), dtype=np.int64),
        times=np.array(times or range(len(scores)), dtype=np.int64),
        amounts=None if amounts is None else np.array(amounts),
    )


def terms(threshold: float = 0.5) -> Terms:
    return Terms(threshold=threshold, alert_cost=5.0, cards_per_day=2, days=1.0)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.50001, 0.9, 1.0]),
        st.integers(0, 1),
        st.integers(0, 3),
    ),
    min_size=2,
    max_size=40,
).filter(lambda rows: 0 < sum(row[1] for row in rows) < len(rows))


@given(EVENTS)
def test_curves_are_those_of_scikit_learn_with_ties_and_weights(
    rows: list[tuple[float, int, int]],
) -> None:
    scores = np.array([row[0] for row in rows])
    labels = np.array([row[1] for row in rows], dtype=np.int8)
    weights = np.array([row[2] for row in rows], dtype=np.int64)
    for counted in (np.ones_like(weights), weights):
        if not 0 < (counted * labels).sum() < counted.sum():
            continue
        curve = Ranked(scores, labels).curve(counted)
        expected = sk.average_precision_score(labels, scores, sample_weight=counted)
        assert curve.average_precision == pytest.approx(expected, abs=1e-12)
        expected = sk.roc_auc_score(labels, scores, sample_weight=counted)
        assert curve.roc_auc == pytest.approx(expected, abs=1e-12)
        false_rate, recall, _ = sk.roc_curve(
            labels, scores, sample_weight=counted, drop_intermediate=False
        )
        for rate in (0.001, 0.01, 0.3):
            assert curve.recall_at(rate) == pytest.approx(recall[false_rate <= rate].max())


@given(EVENTS)
def test_figures_at_thresholds_are_those_of_scikit_learn(
    rows: list[tuple[float, int, int]],
) -> None:
    events = scored([row[0] for row in rows], [row[1] for row in rows])
    for threshold, name in ((0.3, "at_threshold"), (0.5, "at_half")):
        measured = Measurement(events, terms(0.3))
        flagged = events.scores >= threshold
        figures = measured.figures()
        assert figures[f"{name}.recall"] == sk.recall_score(events.labels, flagged)
        if flagged.any():
            assert figures[f"{name}.precision"] == sk.precision_score(events.labels, flagged)
        assert figures[f"{name}.f1"] == pytest.approx(sk.f1_score(events.labels, flagged))
        matrix = measured.confusion(threshold)
        assert sk.confusion_matrix(events.labels, flagged).tolist() == [
            [matrix["true_negatives"], matrix["false_positives"]],
            [matrix["false_negatives"], matrix["true_positives"]],
        ]


def test_a_weight_counts_as_so_many_equal_events() -> None:
    events = scored(
        [0.9, 0.8, 0.4, 0.2, 0.7],
        [1, 0, 1, 0, 0],
        cards=[0, 1, 2, 0, 1],
        amounts=[5.0, 6.0, 7.0, 8.0, 9.0],
    )
    weights = np.array([2, 1, 3])
    repeats = weights[events.card_codes]
    # A card drawn twice is two cards: bursts of the copies do not run together.
    copies = np.concatenate([np.arange(count) for count in repeats])
    again = Scored(
        scores=events.scores.repeat(repeats),
        probabilities=events.probabilities.repeat(repeats),
        labels=events.labels.repeat(repeats),
        card_codes=events.card_codes.repeat(repeats) * 10 + copies,
        times=events.times.repeat(repeats),
        amounts=np.array([5.0, 6.0, 7.0, 8.0, 9.0]).repeat(repeats),
    )
    drawn = Measurement(events, terms()).figures(weights)
    written_out = Measurement(again, terms()).figures()
    for name, value in drawn.items():
        if not name.startswith("cards."):
            assert value == pytest.approx(written_out[name], nan_ok=True), name


def test_money() -> None:
    events = scored([0.9, 0.8, 0.4, 0.2], [1, 0, 1, 0], amounts=[100.0, 50.0, 300.0, 20.0])
    figures = Measurement(events, terms()).figures()
    assert figures["money.fraud"] == 400.0
    assert figures["money.caught"] == 100.0
    assert figures["money.caught_share"] == 0.25
    assert figures["money.saved"] == 95.0
    without = Measurement(scored([0.9, 0.1], [1, 0]), terms()).figures()
    assert not [name for name in without if "money" in name]


def test_bursts() -> None:
    flagged = np.array([False, False, True, True, False, False, True])
    cards = np.array([0, 0, 0, 0, 1, 1, 1])
    # Card 1's last fraud is more than a day after the one before: a burst of its own.
    times = np.array([10, 20, 30, 40, 10, 20, 21 + DAY])
    amounts = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0])
    figures = Bursts(flagged, cards, times, amounts).figures(np.array([1, 1]))
    assert figures == {
        "count": 3.0,
        "caught_share": pytest.approx(2 / 3),
        "caught_at_once_share": pytest.approx(1 / 3),
        "transactions_before_flag": 1.0,  # two of one burst, none of the other
        "money_before_flag": 1.5,
        "money_passed_share": pytest.approx((3 + 48) / 127),
    }
    # One more second apart is another burst; in any order of rows the same.
    order = np.array([6, 3, 0, 5, 2, 4, 1])
    mixed = Bursts(flagged[order], cards[order], times[order], amounts[order])
    assert mixed.figures(np.array([1, 1])) == figures
    within = Bursts(flagged, cards, np.where(times > DAY, 20 + DAY, times), amounts)
    assert within.figures(np.array([1, 1]))["count"] == 2.0


def test_no_bursts() -> None:
    nothing = np.array([], dtype=np.int64)
    figures = Bursts(nothing.astype(bool), nothing, nothing, nothing.astype(float)).figures(
        np.array([1])
    )
    assert figures["count"] == 0.0
    assert np.isnan(figures["caught_share"])


def test_cards_of_a_day() -> None:
    #                 day 0: cards 0, 1, 2; day 1: card 0
    scores = np.array([0.9, 0.1, 0.8, 0.7, 0.3])
    labels = np.array([0, 1, 0, 1, 1], dtype=np.int8)
    cards = np.array([0, 0, 1, 2, 0])
    times = np.array([0, 1, 2, 3, DAY])
    day_cards = DayCards(scores, labels, cards, times, 2)
    assert day_cards.days == 2
    # Of cards 0 and 1 one is defrauded, if not by the event that scored high; then the one card.
    assert day_cards.figures(np.array([1, 1])) == {"precision": 0.75, "best_precision": 1.0}
    assert day_cards.figures(np.array([2, 0])) == {"precision": 0.5, "best_precision": 1.0}


def test_intervals_draw_cards_and_not_rows() -> None:
    # A thousand rows, but only two cards: one all right, the other all wrong.
    scores = [0.9] * 500 + [0.1] * 500
    labels = ([1] * 250 + [0] * 250) * 2
    cards = [0] * 500 + [1] * 500
    report = evaluate(scored(scores, labels, cards=cards), terms(), resamples=200, seed=1)
    recall = report["figures"]["at_threshold.recall"]
    assert recall == {"value": 0.5, "low": 0.0, "high": 1.0}
    by_row = evaluate(scored(scores, labels), terms(), resamples=200, seed=1)
    recall = by_row["figures"]["at_threshold.recall"]
    assert 0.42 < recall["low"] < recall["high"] < 0.58


def test_draws_depend_on_the_seed_alone() -> None:
    random = np.random.default_rng(3)
    events = scored(
        random.random(300).tolist(),
        (random.random(300) < 0.2).astype(int).tolist(),
        cards=random.integers(0, 40, 300).tolist(),
    )
    reports = [evaluate(events, terms(), resamples=20, seed=seed) for seed in (5, 5, 6)]
    assert reports[0] == reports[1] != reports[2]
    assert reports[0]["intervals"]["of"] == "cards"


def test_reliability() -> None:
    report = reliability(scored([0.8, 0.7, 0.2, 0.2], [1, 1, 0, 1]))
    # The top one, the next one, the lower half: said 0.8, 0.7, 0.2; came 1, 1, 0.5.
    assert [row["events"] for row in report["bins"]] == [1, 1, 2]
    assert report["expected_error"] == pytest.approx((0.2 + 0.3 + 2 * 0.3) / 4)


def test_equal_probabilities_are_in_one_bin_of_the_reliability() -> None:
    labels = [1, 1, 0, 0, 0, 0, 0, 0]
    for order in (labels, labels[::-1]):
        report = reliability(scored([0.25] * 8, order))
        assert report["bins"] == [{"events": 8, "mean_probability": 0.25, "fraud_share": 0.25}]
        assert report["expected_error"] == 0.0
    # The first bin would end after one event: it goes on to the end of the nines.
    report = reliability(scored([0.9] * 3 + [0.1] * 5, labels))
    assert [row["events"] for row in report["bins"]] == [3, 1 + 4]
    assert sum(row["events"] for row in report["bins"]) == 8


def test_of_one_card_no_interval_is_told() -> None:
    report = evaluate(
        scored([0.9, 0.1, 0.4], [1, 0, 0], cards=[3, 3, 3]), terms(), resamples=20, seed=1
    )
    for name, figure in report["figures"].items():
        if name != "bursts.count":
            assert (figure["low"], figure["high"]) == (None, None), name
    days = scored([0.9, 0.1, 0.4], [1, 0, 0], cards=[3, 3, 3], times=[0, DAY, 2 * DAY])
    figures = evaluate(days, terms(), resamples=20, seed=1)["figures"]
    assert figures["cards.precision"]["low"] is not None
    assert figures["roc_auc"]["low"] is None


@pytest.mark.parametrize("resamples", [0, 3])
def test_of_no_events_nothing_is_measured(resamples: int) -> None:
    of_none = Terms(threshold=0.5, alert_cost=5.0, cards_per_day=10, days=0.0)
    report = evaluate(scored([], []), of_none, resamples=resamples, seed=1)
    json.dumps(report, allow_nan=False)
    assert report["events"] == report["cards"] == 0
    for name in ("average_precision", "at_threshold.precision", "at_threshold.alerts_per_day"):
        assert report["figures"][name] == {"value": None}
    assert report["calibration"] == {"bins": [], "expected_error": None}


def test_a_draw_without_fraud_has_no_recall_and_no_money() -> None:
    events = scored([0.9, 0.1], [1, 0], amounts=[5.0, 6.0])
    figures = Measurement(events, terms()).figures(np.array([0, 2]))
    for name in (
        *("at_threshold.recall", "at_threshold.f1", "recall_at_fpr.0.001"),
        *("money.fraud", "money.caught", "money.saved"),
    ):
        assert np.isnan(figures[name]), name
    # None is flagged that may be: that is a recall.
    lowest = scored([0.9, 0.1], [0, 1])
    assert Measurement(lowest, terms()).figures()["recall_at_fpr.0.001"] == 0.0


@pytest.mark.parametrize("cards", [2, 20, 400])
def test_where_draws_are_all_alike_no_interval_is_told(cards: int) -> None:
    """Nothing was caught in twenty bursts: that is not to say that nothing ever would be."""
    events = scored([0.1] * cards, [1] * cards, amounts=[1.0] * cards)
    figures = evaluate(events, terms(), resamples=20, seed=1)["figures"]
    for name in ("money.caught", "money.caught_share", "at_threshold.recall"):
        assert figures[name] == {"value": 0.0, "low": None, "high": None}, name
    one = scored([0.9] + [0.1] * (cards - 1), [1] * cards, amounts=[1.0] * cards)
    recall = evaluate(one, terms(), resamples=20, seed=1)["figures"]["at_threshold.recall"]
    assert recall["low"] < recall["high"]


@pytest.mark.parametrize(
    ("asked", "share", "looked_at"), [(10, 1.0, 10), (10, 0.2, 2), (10, 0.01, 1), (1, 0.6, 1)]
)
def test_of_a_sample_as_many_fewer_cards_are_looked_at(
    asked: int, share: float, looked_at: int
) -> None:
    labels = [1, 1] + [0] * 18
    events = scored([0.9, 0.8, *np.linspace(0.7, 0.1, 18).tolist()], labels)
    found = evaluate(events, Terms(0.5, 5.0, asked, 1.0, share), resamples=0, seed=1)
    assert (found["cards_per_day"], found["cards_looked_at"]) == (asked, looked_at)
    precision = found["figures"]["cards.precision"]["value"]
    assert precision == min(2, looked_at) / looked_at
    lines = list(figure_lines(found))
    assert any(line.startswith(f"card precision@{looked_at} a day") for line in lines)
    assert any("these events are a sample" in line for line in lines) == (looked_at != asked)
