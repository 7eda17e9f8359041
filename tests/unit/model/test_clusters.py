"""What events of cards are worth, against cases worked out by hand and against draws."""

import numpy as np
import pytest

from engine.model.clusters import Sample, alike, sample_of

LEAST = 1e-4


def test_events_a_card() -> None:
    # Of three events of one card and one of another: 3, 3, 3 and 1.
    assert sample_of(np.array([5, 5, 5, 2])) == Sample(4, 2.5)
    assert Sample(100, 5.0).cards == 20
    assert Sample(100, 5.0).design_effects(np.array([1.0, 0.5, 0.0])).tolist() == [5.0, 3.0, 1.0]


def test_events_that_are_the_same_on_a_card_are_worth_a_card_each() -> None:
    random = np.random.default_rng(1)
    expected = np.array([0.0, 0.3, 0.3, 0.4])
    of_card = random.choice(4, size=3_000, p=expected)
    cards = np.repeat(np.arange(3_000), 4)
    found = alike(of_card[cards], cards, expected, LEAST)
    assert found == pytest.approx([1.0, 1.0], abs=0.06)
    independent = alike(random.choice(4, size=12_000, p=expected), cards, expected, LEAST)
    assert independent == pytest.approx([0.0, 0.0], abs=0.03)


def test_few_cards_that_are_alike_by_chance_are_not_taken_for_independent() -> None:
    """Three cards in one bin do not vary at all; they are as far from what is expected."""
    cards = np.repeat(np.arange(3), 50)
    found = alike(np.zeros(150, dtype=np.int64), cards, np.array([0.5, 0.5]), LEAST)
    assert found == pytest.approx([1.0])


def test_where_no_card_has_two_events_nobody_knows() -> None:
    assert alike(np.array([0, 1, 1]), np.arange(3), np.array([0.2, 0.5, 0.3]), LEAST) is None
    found = alike(np.array([0, 0]), np.array([1, 1]), np.array([1.0]), LEAST)
    assert found is not None
    assert len(found) == 0
