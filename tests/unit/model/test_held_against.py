"""Many models held against the first: by the draws that each pair alone would have."""

from dataclasses import replace

import numpy as np
import pytest

from engine.model.evaluate import evaluate
from engine.model.features_file import FeatureTable
from engine.model.held_against import FIGURE, held_against_first
from engine.model.metrics import Scored, Terms
from engine.model.paired import Rival, paired
from engine.model.ranked import Floats
from unit.model.cases import table_of

CARDS, EVENTS = 30, 600
TERMS = Terms(threshold=0.5, alert_cost=5.0, cards_per_day=3, days=10.0)


@pytest.fixture
def table() -> FeatureTable:
    random = np.random.default_rng(1)
    return table_of(
        np.sort(random.integers(0, 864_000, EVENTS)).tolist(),
        (random.random(EVENTS) < 0.1).astype(int).tolist(),
        random.integers(0, CARDS, EVENTS).tolist(),
    )


def scores_of(table: FeatureTable, noise: float, seed: int) -> Floats:
    return 0.5 * table.known_labels + noise * np.random.default_rng(seed).random(EVENTS)


def test_as_two_by_two_and_as_each_alone(table: FeatureTable) -> None:
    """Of some of the events, in an order of their own."""
    rows = np.random.default_rng(5).permutation(EVENTS)[:400]
    scores = [scores_of(table, noise, seed)[rows] for seed, noise in enumerate((0.6, 1.0, 0.8))]
    calls: list[int] = []
    found = held_against_first(scores, table, rows, resamples=40, seed=9, progress=calls.append)
    assert calls == list(range(1, 41))
    rivals = [
        Rival(
            Scored(
                each,
                each,
                table.known_labels[rows],
                table.card_codes[rows],
                table.times[rows],
                None,
            ),
            TERMS,
        )
        for each in scores
    ]
    for held, rival in zip(found, rivals, strict=True):
        alone = evaluate(rival.scored, TERMS, resamples=40, seed=9)["figures"][FIGURE]
        assert held.alone == alone
        pair = paired({"first": rivals[0], "other": rival}, resamples=40, seed=9)
        assert held.below == pair["figures"][FIGURE]["difference"]
    assert found[0].below == {"value": 0.0, "low": None, "high": None}
    assert found[1].below["value"] is not None
    assert found[1].below["value"] > 0


def test_without_draws_or_fraud_there_is_less_to_say(table: FeatureTable) -> None:
    rows, scores = np.arange(EVENTS), scores_of(table, 0.6, 1)
    (alone,) = held_against_first([scores], table, rows, resamples=0, seed=1)
    assert set(alone.alone) == {"value"}
    none = replace(table, labels=np.zeros_like(table.known_labels))
    (nothing,) = held_against_first([scores], none, rows, resamples=5, seed=1)
    assert nothing.alone == nothing.below == {"value": None, "low": None, "high": None}
