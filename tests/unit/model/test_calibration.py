"""Calibrated probabilities: rising, close to what came, and plain numbers on disk."""

import json

import numpy as np
import pytest

from engine.errors import InputError
from engine.model.calibration import (
    Calibration,
    Method,
    calibration_from_json,
    fit_calibration,
)


@pytest.fixture
def events() -> tuple[np.ndarray, np.ndarray]:
    """Scores whose log-odds are twice too steep and shifted."""
    random = np.random.default_rng(1)
    odds = random.normal(-2, 2, 20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(-odds))).astype(np.int8)
    return 1 / (1 + np.exp(-(2 * odds + 1))), labels


def test_platt_finds_the_curve_that_made_the_labels(events: tuple[np.ndarray, np.ndarray]) -> None:
    found = fit_calibration("platt", *events)
    assert found.slope == pytest.approx(0.5, abs=0.02)
    assert found.intercept == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize("method", ["platt", "isotonic"])
def test_probabilities_rise_and_say_what_came(
    events: tuple[np.ndarray, np.ndarray], method: Method
) -> None:
    scores, labels = events
    found = fit_calibration(method, scores, labels)
    probabilities = found.apply(scores)
    assert probabilities.mean() == pytest.approx(labels.mean(), abs=0.002)
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 1.0)):
        inside = (probabilities >= low) & (probabilities < high)
        assert probabilities[inside].mean() == pytest.approx(labels[inside].mean(), abs=0.03)
    assert (np.diff(probabilities[np.argsort(scores)]) >= 0).all()
    assert np.isfinite(found.apply(np.array([0.0, 1.0]))).all()
    back = calibration_from_json(json.loads(json.dumps(found.to_json())), "threshold.json")
    assert back == found
    assert (back.apply(scores) == probabilities).all()


def test_classes_that_scores_part_exactly_do_not_end_in_infinity() -> None:
    found = fit_calibration(
        "platt", np.array([0.0, 0.0, 1.0, 1.0]), np.array([0, 0, 1, 1], dtype=np.int8)
    )
    low, high = found.apply(np.array([0.0, 1.0]))
    assert 0 < low < 0.5 < high < 1


def test_none_is_the_score_itself() -> None:
    assert Calibration("none").apply(np.array([0.25])).tolist() == [0.25]


@pytest.mark.parametrize("content", [{}, {"method": "other"}, {"method": "platt", "slope": "a"}])
def test_what_cannot_be_read(content: dict[str, object]) -> None:
    with pytest.raises(InputError, match="calibration cannot be read"):
        calibration_from_json(content, "threshold.json")


@pytest.mark.parametrize("score", [0.0, 0.3, 1.0])
def test_scores_that_are_all_the_same_say_the_share_of_fraud(score: float) -> None:
    labels = np.zeros(1_000, dtype=np.int8)
    labels[:7] = 1
    for method in ("platt", "isotonic"):
        found = fit_calibration(method, np.full(1_000, score), labels)
        # Platt's labels are drawn in by half a case at each end.
        assert found.apply(np.array([score])) == pytest.approx(0.007, abs=0.0003)


def test_where_high_scores_are_less_likely_fraud_all_say_its_share() -> None:
    scores = np.linspace(0.01, 0.99, 2_000)
    labels = (np.random.default_rng(0).random(2_000) < 0.4 * (1 - scores)).astype(np.int8)
    probabilities = fit_calibration("platt", scores, labels).apply(scores)
    assert np.ptp(probabilities) < 1e-6
    assert probabilities.mean() == pytest.approx(labels.mean(), abs=0.001)
    assert (np.diff(probabilities) >= 0).all()
