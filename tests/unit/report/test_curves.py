"""Curves of few points that lie on the curve of all, and losses counted by hand."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from engine.report.curves import Curves
from unit.report.judgements import judged

SCORES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.5, 0.51, 0.9, 1.0]), st.integers(0, 1)),
    min_size=2,
    max_size=30,
).filter(lambda rows: 0 < sum(label for _, label in rows) < len(rows))


def many(events: int) -> tuple[list[float], list[int]]:
    random = np.random.default_rng(5)
    labels = (random.random(events) < 0.05).astype(int)
    scores = np.clip(random.normal(0.3 + 0.3 * labels, 0.15), 0.0, 1.0)
    return scores.tolist(), labels.tolist()


def test_few_points_of_a_long_curve_are_points_of_it() -> None:
    scores, labels = many(50_000)
    threshold = sorted(scores)[-777]
    found = Curves(judged(scores, labels).test, threshold).precision_recall()
    precision, recall, _ = sk.precision_recall_curve(labels, scores)
    real = set(zip(recall.round(12), precision.round(12), strict=True))
    shown = set(found.select(pl.all().round(12)).rows())
    assert shown <= real
    assert len(found) <= 2 * 300 + 3
    flagged = np.array(scores) >= threshold
    here = (sk.recall_score(labels, flagged), sk.precision_score(labels, flagged))
    assert (round(here[0], 12), round(here[1], 12)) in shown
    assert found["recall"].is_sorted()
    # What is left out is nowhere beyond what is shown of its step of recall.
    assert found["precision"].max() == precision[:-1].max()


@given(SCORES, st.sampled_from([0.05, 0.5, 0.95, 1.5]))
def test_shares_at_each_threshold_are_those_of_scikit_learn(
    rows: list[tuple[float, int]], threshold: float
) -> None:
    scores, labels = [row[0] for row in rows], [row[1] for row in rows]
    found = Curves(judged(scores, labels).test, threshold).at_thresholds()
    assert threshold in found["threshold"]
    for at, precision, recall, f1 in found.filter(pl.col("threshold") * 10 % 1 == 0).rows():
        flagged = np.array(scores) >= at
        assert recall == pytest.approx(sk.recall_score(labels, flagged))
        assert f1 == pytest.approx(sk.f1_score(labels, flagged))
        if flagged.any():
            assert precision == pytest.approx(sk.precision_score(labels, flagged))
        else:
            assert precision is None


@given(SCORES)
def test_losses_are_those_of_each_threshold(rows: list[tuple[float, int]]) -> None:
    scores, labels = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    amounts = np.arange(1.0, len(rows) + 1)
    one = judged(scores.tolist(), labels.tolist(), amounts=amounts.tolist())
    found = Curves(one.test, 0.5).losses(4.0)

    def lost(at: float) -> float:
        flagged = scores >= at
        return float(amounts[(labels == 1) & ~flagged].sum() + 4 * ((labels == 0) & flagged).sum())

    for at, total in found.points.select("threshold", "total").rows():
        assert total == pytest.approx(lost(at))
    assert found.nothing_flagged == lost(2.0)
    least = found.nothing_flagged if found.lowest is None else found.lowest["total"]
    assert least == pytest.approx(min(map(lost, [*scores.tolist(), 2.0])))
    # Of equal losses no alert is the better one.
    assert (found.lowest is None) == (least == pytest.approx(lost(2.0)))


def test_without_amounts_losses_are_numbers_of_events() -> None:
    found = Curves(judged([0.9, 0.8, 0.1], [1, 0, 1]).test, 0.5).losses(100.0)
    assert not found.is_money
    at = found.points.filter(pl.col("threshold") == 0.5).row(0, named=True)
    assert (at["missed"], at["false_alerts"]) == (1.0, 1.0)
