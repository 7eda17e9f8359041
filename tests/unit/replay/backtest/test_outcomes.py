"""What a policy was worth, counted by hand on a few events."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from replay.backtest.labels import UNLABELLED
from replay.backtest.outcomes import Outcomes, Terms
from replay.backtest.policies import Action, Policy
from unit.model.cases import table_of

HOUR = 3_600
#         card, hour, fraud, amount, action
EVENTS = [
    (0, 0, 0, 5.0, Action.PASSED),
    (0, 1, 1, 10.0, Action.PASSED),  # missed
    (0, 3, 1, 20.0, Action.ALERTED),  # found two hours later
    (0, 4, 1, 40.0, Action.BLOCKED),
    (0, 5, 0, 7.0, Action.BLOCKED),
    (1, 6, 0, 3.0, Action.ALERTED),  # false
    (2, 7, 1, 80.0, Action.UNREVIEWED),  # nobody looked
    (2, 8, 1, 160.0, Action.OVER_BUDGET),
]


def outcomes(policy: Policy, events: list[tuple[int, int, int, float, Action]]) -> Outcomes:
    cards, hours, fraud, amounts, actions = zip(*events, strict=True)
    table = table_of([hour * HOUR for hour in hours], list(fraud), list(cards))
    table = replace(table, amounts=np.array(amounts))
    decisions = pl.DataFrame(
        {
            "sequence": range(len(events)),
            "action": pl.Series([int(action) for action in actions], dtype=pl.Int8),
        }
    )
    return Outcomes(table, decisions, Terms(policy, alert_cost=2.0, days=2))


@pytest.mark.parametrize(
    ("policy", "fraud", "stopped", "money", "saved"),
    [
        # What follows on a blocked card is no part of it, or it is all stopped.
        (Policy(blocking="pool"), 4, 1, 270.0, 20.0),
        (Policy(blocking="saved"), 5, 2, 310.0, 60.0),
    ],
)
def test_counts_are_those_by_hand(
    policy: Policy, fraud: int, stopped: int, money: float, saved: float
) -> None:
    found = outcomes(policy, EVENTS).figures()
    assert found["alerts"] == 3
    assert found["alerts_per_day"] == 1.5
    assert found["precision"] == 1 / 2
    assert found["recall"] == stopped / fraud
    assert found["money_of_fraud"] == money
    assert found["money_saved"] == saved
    assert found["money_saved_net"] == saved - 2.0
    assert (found["defrauded_cards"], found["caught_cards"]) == (2, 1)
    assert found["hours_to_first_flag"] == found["median_hours_to_first_flag"] == 2.0
    assert (found["unreviewed"], found["over_budget"]) == (1, 1)
    assert (found["blocked"], found["blocked_legitimate"]) == (2, 1)


def test_an_alert_without_a_label_is_an_alert_but_neither_right_nor_wrong() -> None:
    unlabelled = [
        (3, 9, UNLABELLED, 1.0, Action.ALERTED),
        (3, 10, UNLABELLED, 2.0, Action.BLOCKED),
        (4, 11, UNLABELLED, 4.0, Action.UNREVIEWED),
        (4, 12, UNLABELLED, 8.0, Action.PASSED),
    ]
    policy = Policy(blocking="saved")
    before = outcomes(policy, EVENTS).figures()
    found = outcomes(policy, EVENTS + unlabelled).figures()
    assert "unlabelled_alerts" not in before
    assert found.pop("unlabelled_alerts") == 2
    changed = {name: (before[name], found[name]) for name in found if before[name] != found[name]}
    assert changed == {
        "alerts": (3, 5),
        "alerts_per_day": (1.5, 2.5),
        "unreviewed": (1, 2),
        "blocked": (2, 3),
    }


def test_a_card_counted_twice_counts_twice() -> None:
    twice = outcomes(Policy(blocking="pool"), EVENTS).figures(np.array([2, 1, 0]))
    assert twice["alerts"] == 3  # card 0 twice, card 1 once
    assert twice["money_saved"] == 40.0
    assert twice["caught_cards_share"] == 1.0
    nothing = outcomes(Policy(blocking="pool"), EVENTS).figures(np.array([0, 0, 0]))
    assert math.isnan(nothing["precision"])
    assert math.isnan(nothing["median_hours_to_first_flag"])
