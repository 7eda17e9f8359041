"""The worst misses and false alarms, one of each card, with reasons that go their way."""

from engine.report.importance import importance
from engine.report.worst import worst_alarms, worst_misses
from unit.report.judgements import judged

EVENTS = judged(
    #  misses          flagged  alarms          right
    [0.10, 0.02, 0.10, 0.9, 0.7, 0.95, 0.7, 0.3],
    [1, 1, 1, 1, 0, 0, 0, 0],
    cards=[1, 1, 2, 1, 3, 4, 4, 5],
    amounts=[7.0, 1.0, 9.0, 5.0, 2.0, 3.0, 8.0, 1.0],
)


def test_misses_are_fraud_of_low_scores() -> None:
    found = worst_misses(EVENTS)
    assert [event.event_id for event in found] == ["e1", "e2"]
    assert [event.amount for event in found] == [1.0, 9.0]
    assert all(
        event.card == f"{'*' * 12}000{code}" for event, code in zip(found, (1, 2), strict=True)
    )
    # The second feature is what lowers every score.
    second = EVENTS.run.features.names[1]
    assert [[reason.feature for reason in event.reasons] for event in found] == [[second]] * 2
    assert all(reason.contribution < 0 for event in found for reason in event.reasons)


def test_alarms_are_legitimate_of_high_scores() -> None:
    found = worst_alarms(EVENTS)
    assert [event.event_id for event in found] == ["e5", "e4"]
    assert all(reason.contribution > 0 for event in found for reason in event.reasons)


def test_of_equal_scores_the_greater_amount_comes_first() -> None:
    one = judged([0.2, 0.2, 0.2, 0.9], [1, 1, 1, 0], amounts=[1.0, 3.0, 2.0, 1.0])
    assert [event.amount for event in worst_misses(one)] == [3.0, 2.0, 1.0]


def test_at_most_ten() -> None:
    one = judged([0.1] * 30 + [0.9], [1] * 30 + [0])
    assert len(worst_misses(one)) == 10
    assert worst_misses(one)[0].amount is None


def test_importance_is_of_a_sample_of_both_kinds() -> None:
    one = judged([0.8] * 3 + [0.2] * 700, [1] * 3 + [0] * 700)
    found = importance(one)
    assert (found.fraud, found.legitimate) == (3, 500)
    second, first = one.run.features.names[1:3]
    top = found.scores.head(2).rows()
    assert [row[0] for row in top] == [first, second]
    assert [round(value, 9) for value in top[0][1:]] == [0.8, 0.2]
    assert found.training["feature"][0] == one.run.features.names[-1]
    assert found.training["share"].is_sorted(descending=True)
