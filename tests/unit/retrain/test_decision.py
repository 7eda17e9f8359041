"""The rule: by the margin, and surely."""

from typing import Any

import pytest

from engine.retrain.decision import CHALLENGER, CHAMPION, FEWEST_WITH_FRAUD, decide


def compared(
    value: float | None,
    low: float | None,
    high: float | None,
    fraud_cards: int = 10,
    fraud_days: int = 10,
) -> dict[str, Any]:
    """What a comparison says of one figure; the champion's value is a half."""
    challenger = None if value is None else 0.5 + value
    return {
        "with_fraud": {"card": fraud_cards, "day": fraud_days},
        "figures": {
            name: {
                CHALLENGER: {"value": challenger},
                CHAMPION: {"value": 0.5},
                "difference": {"value": value, "low": low, "high": high},
            }
            for name in ("roc_auc", "cards.precision")
        },
    }


@pytest.mark.parametrize(
    ("value", "low", "high", "promote"),
    [
        (0.02, 0.001, 0.04, True),
        (0.01, 0.001, 0.04, True),  # the margin itself
        (0.0099, 0.001, 0.04, False),  # sure, and too little
        (0.05, 0.0, 0.1, False),  # much, and not sure
        (0.05, -0.01, 0.1, False),
        (-0.05, -0.1, -0.01, False),
        (None, None, None, False),
        (0.05, None, None, False),
    ],
)
def test_both_have_to_hold(
    value: float | None, low: float | None, high: float | None, *, promote: bool
) -> None:
    decision = decide(compared(value, low, high), "roc_auc", 0.01)
    assert decision.promote is promote
    assert decision.word == ("promote" if promote else "keep")
    assert decision.reasons
    assert all(reason.endswith(".") for reason in decision.reasons)


def test_a_figure_that_was_not_measured_keeps_the_champion() -> None:
    decision = decide(compared(0.1, 0.05, 0.2), "money.caught_share", 0.01)
    assert not decision.promote
    assert "could not be measured" in decision.reasons[0]


@pytest.mark.parametrize("cards", [0, 1, FEWEST_WITH_FRAUD - 1])
def test_on_too_few_cards_with_fraud_nothing_is_sure(cards: int) -> None:
    decision = decide(compared(0.1, 0.05, 0.2, cards), "roc_auc", 0.01)
    assert not decision.promote
    [reason] = decision.reasons
    assert f"Only {cards} card" in reason
    assert str(FEWEST_WITH_FRAUD) in reason


def test_without_an_interval_the_champion_is_kept() -> None:
    decision = decide(compared(0.1, None, None), "roc_auc", 0.01)
    assert not decision.promote
    assert "not known" in decision.reasons[0]


@pytest.mark.parametrize("days", [1, FEWEST_WITH_FRAUD - 1])
def test_a_figure_of_days_needs_as_many_days(days: int) -> None:
    """Cards may be many: what its interval is drawn from are days."""
    interval = (None, None) if days == 1 else (0.05, 0.2)
    found = compared(0.1, *interval, fraud_cards=500, fraud_days=days)
    decision = decide(found, "cards.precision", 0.01)
    assert not decision.promote
    [reason] = decision.reasons
    assert reason.startswith(f"Only {days} of the days had fraud: ")
    assert reason.endswith("in cards.precision counts as sure with 10 or more.")
    assert decide(compared(0.1, 0.05, 0.2, fraud_days=days), "roc_auc", 0.01).promote
    assert decide(compared(0.1, 0.05, 0.2, fraud_cards=days), "cards.precision", 0.01).promote
