"""Thresholds against cases worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.model.threshold import Choice, Rule, choose, read_rule

#                    fraud       fraud              fraud
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4, 0.1])
LABELS = np.array([1, 0, 1, 0, 0, 0, 1, 0], dtype=np.int8)
AMOUNTS = np.array([10.0, 99.0, 200.0, 99.0, 99.0, 99.0, 30.0, 99.0])


def chosen(rule: str, *, days: float = 2.0, alert_cost: float = 5.0) -> Choice:
    return choose(
        read_rule(rule), SCORES, LABELS, days=days, amounts=AMOUNTS, alert_cost=alert_cost
    )


@pytest.mark.parametrize(
    ("rule", "threshold"),
    [
        # F1 at 0.9: 2/4; at 0.8: 2/5; at 0.7: 4/6; at 0.6: 4/8; at 0.5: 4/9; at 0.4: 6/10.
        ("max-f1", 0.7),
        # Precision at 0.9: 1; at 0.7: 2/3; at 0.4: 3/7.
        ("precision=1", 0.9),
        ("precision=0.66", 0.7),
        ("precision=0.4", 0.4),
        ("recall=0.3", 0.9),
        ("recall=0.5", 0.7),
        ("recall=1", 0.4),
        # Of two days: at most 2, 3, 5 alerts; 0.6 would make 5 of 3.
        ("alerts-per-day=1", 0.8),
        ("alerts-per-day=1.5", 0.7),
        ("alerts-per-day=2", 0.7),
        ("alerts-per-day=2.5", 0.6),
        ("alerts-per-day=1000", 0.1),
    ],
)
def test_rules(rule: str, threshold: float) -> None:
    choice = chosen(rule)
    assert choice.threshold == threshold
    flagged = threshold <= SCORES
    assert choice.precision == LABELS[flagged].mean()
    assert choice.recall == LABELS[flagged].sum() / 3
    assert choice.alerts_per_day == flagged.sum() / 2


@pytest.mark.parametrize(
    ("alert_cost", "threshold", "cost"),
    [
        # At 0.9 230 is missed; at 0.7 30 and one false alert; at 0.4 nothing and four of these.
        (5.0, 0.4, 20.0),
        (10.0, 0.7, 40.0),
        (100.0, 0.7, 130.0),
        (210.0, 0.9, 230.0),
    ],
)
def test_cost(alert_cost: float, threshold: float, cost: float) -> None:
    choice = chosen("cost", alert_cost=alert_cost)
    assert (choice.threshold, choice.cost) == (threshold, cost)


@pytest.mark.parametrize("seed", range(5))
def test_a_cost_of_nothing_has_no_sign(seed: int) -> None:
    """What is left of adding floats may round to 0 from below."""
    amounts = np.random.default_rng(seed).integers(1, 100_000, 50) / 100
    labels = np.array([1] * 49 + [0], dtype=np.int8)
    scores = np.linspace(1.0, 0.0, 50)
    choice = choose(read_rule("cost"), scores, labels, days=1.0, amounts=amounts, alert_cost=0.0)
    assert str(choice.cost) == "0.0"


def test_where_every_alert_costs_more_than_it_saves_nothing_is_flagged() -> None:
    choice = choose(
        read_rule("cost"),
        np.array([0.9, 0.5]),
        np.array([0, 1], dtype=np.int8),
        days=1.0,
        amounts=np.array([1.0, 2.0]),
        alert_cost=100.0,
    )
    assert choice.threshold > 0.9
    assert choice.cost == 2.0
    assert choice.alerts_per_day == 0.0


def test_what_no_score_can_keep_to() -> None:
    scores, labels = np.array([0.5, 0.5, 0.1]), np.array([1, 0, 0], dtype=np.int8)
    for rule, words in (("precision=0.9", "the best is 0.5"), ("alerts-per-day=1", "more alerts")):
        with pytest.raises(InputError, match=words):
            choose(read_rule(rule), scores, labels, days=1.0, amounts=None, alert_cost=5.0)
    with pytest.raises(InputError, match="do not tell the amount of each"):
        choose(read_rule("cost"), scores, labels, days=1.0, amounts=None, alert_cost=5.0)


@pytest.mark.parametrize(
    "text",
    [
        *("f1", "precision", "precision=2", "recall=0", "alerts-per-day=-1", "cost=5", ""),
        *("alerts-per-day=1e999", "precision=1e-999", "precision=e-1", "recall=nan"),
    ],
)
def test_what_is_no_rule(text: str) -> None:
    with pytest.raises(InputError, match="not a rule"):
        read_rule(text)


@given(st.floats(0, 1, exclude_min=True))
def test_rules_are_read_as_they_were_written(value: float) -> None:
    for rule in (Rule("precision", value), Rule("alerts-per-day", value * 1e9)):
        assert read_rule(str(rule)) == rule
    assert str(Rule("alerts-per-day", 100.0)) == "alerts-per-day=100"
    assert str(Rule("precision", 0.9)) == "precision=0.9"
    assert str(Rule("recall", 0.123456789)) == "recall=0.123456789"


def test_a_budget_is_used_up_whatever_floats_make_of_it() -> None:
    """0.29 a day in 100 days are 29 alerts; as floats 0.29 × 100 is less than 29."""
    scores = np.linspace(1.0, 0.0, 50)
    labels = np.tile(np.array([1, 0], dtype=np.int8), 25)
    rule = read_rule("alerts-per-day=0.29")
    choice = choose(rule, scores, labels, days=100.0, amounts=None, alert_cost=5.0)
    assert (scores >= choice.threshold).sum() == 29


COSTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0]),
        st.integers(0, 1),
        st.sampled_from([0, 10, 20, 30, 500, 1_000]),
    ),
    min_size=2,
    max_size=14,
).filter(lambda rows: 0 < sum(row[1] for row in rows) < len(rows))


@settings(max_examples=200)
@given(COSTS, st.sampled_from([0, 10, 500]))
def test_of_equal_costs_the_highest_score_is_chosen(
    rows: list[tuple[float, int, int]], alert_cents: int
) -> None:
    def cents(threshold: float) -> int:
        missed = sum(amount for score, fraud, amount in rows if fraud and score < threshold)
        false = sum(1 for score, fraud, _ in rows if not fraud and score >= threshold)
        return missed + alert_cents * false

    choice = choose(
        read_rule("cost"),
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows], dtype=np.int8),
        days=1.0,
        amounts=np.array([row[2] / 100 for row in rows]),
        alert_cost=alert_cents / 100,
    )
    nothing = 2.0  # above all scores
    best = min(sorted({row[0] for row in rows} | {nothing}, reverse=True), key=cents)
    assert choice.cost == pytest.approx(cents(best) / 100)
    if best == nothing:
        assert choice.threshold > max(row[0] for row in rows)
    else:
        assert choice.threshold == best
