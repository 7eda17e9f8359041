"""The handbook's protocol, on events few enough to be looked at one by one."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest

from benchmarks.handbook.protocol import (
    TEST,
    VALIDATION,
    WEEK,
    Figures,
    Told,
    card_precision,
    deviation_of,
    fold_of,
    mean_of,
)

START = date(2018, 7, 25)
FIRST = (START - date(1970, 1, 1)).days


def told(*events: tuple[int, int, int]) -> Told:
    """Of events (day of the fold, customer, label)."""
    days, customers, labels = np.array(events, dtype=np.int64).T
    return Told(days + FIRST, customers, labels)


def test_a_week_trains_a_week_passes_a_week_is_tested() -> None:
    events = told(*((day, day, 0) for day in range(-1, 22)))
    fold = fold_of(events, START)
    assert (events.days[fold.train] - FIRST).tolist() == [*range(7)]
    assert (events.days[fold.test] - FIRST).tolist() == [*range(14, 21)]


@pytest.mark.parametrize(
    ("fraud_on", "tested_from"),
    [
        (-1, 14),  # before the training: nobody has looked
        (0, None),
        (6, None),
        (7, 15),  # what happened a week and a day before the 15th is known then
        (12, 20),
        (13, 21),
    ],
)
def test_compromised_customers_are_not_tested(fraud_on: int, tested_from: int | None) -> None:
    seen = [(day, 1, 0) for day in range(14, 21)]
    others = [(day, 2, 0) for day in range(14, 21)]
    events = told((fraud_on, 1, 1), *seen, *others)
    fold = fold_of(events, START)
    tested = events.at(fold.test)
    mine = (tested.days[tested.customers == 1] - FIRST).tolist()
    # Once known it stays known; a fraud of before the training is never known here.
    expected = {-1: range(14, 21), 0: range(0), 6: range(0)}
    assert mine == [*expected.get(fraud_on, range(14, tested_from or 14))]
    assert (tested.days[tested.customers == 2] - FIRST).tolist() == [*range(14, 21)]


def test_a_compromised_customer_trains_all_the_same() -> None:
    events = told((0, 1, 1), (1, 1, 0), (14, 1, 0))
    fold = fold_of(events, START)
    assert fold.train.tolist() == [0, 1]
    assert fold.test.tolist() == []


def test_a_customer_is_as_suspicious_as_its_worst_event() -> None:
    events = told((14, 1, 0), (14, 1, 1), (14, 2, 0), (14, 3, 0))
    scores = np.array([0.9, 0.1, 0.8, 0.2])  # the fraud itself scored low: its customer is found
    assert card_precision(events, scores, cards=1) == 1.0
    assert card_precision(events, scores, cards=2) == 0.5
    assert card_precision(events, scores, cards=4) == 0.25  # of those asked for, not of those seen


def test_who_is_found_is_not_looked_at_again() -> None:
    events = told((14, 1, 1), (14, 2, 0), (15, 1, 1), (15, 2, 1), (16, 1, 1), (16, 2, 1))
    scores = np.array([0.9, 0.1, 0.9, 0.1, 0.9, 0.1])
    # The first day finds customer 1, the second looks at 2 instead, the third has nobody left.
    assert card_precision(events, scores, cards=1) == pytest.approx(2 / 3)


def test_who_is_looked_at_in_vain_may_be_looked_at_again() -> None:
    events = told((14, 1, 0), (14, 2, 1), (15, 1, 1), (15, 2, 0))
    scores = np.array([0.9, 0.1, 0.9, 0.1])
    assert card_precision(events, scores, cards=1) == 0.5


def test_the_mean_and_the_deviation_are_of_each_figure() -> None:
    found = [Figures(0.5, 0.25, 1.0), Figures(1.0, 0.75, 1.0)]
    assert mean_of(found) == (0.75, 0.5, 1.0)
    assert deviation_of(found) == pytest.approx((0.5**0.5 / 2, 0.5**0.5 / 2, 0.0))


def test_what_is_chosen_has_seen_no_day_of_a_test() -> None:
    last_validated = max(VALIDATION) + timedelta(days=3 * WEEK - 1)
    first_tested = min(TEST) + timedelta(days=2 * WEEK)
    assert last_validated + timedelta(days=WEEK) < first_tested
    for folds in (TEST, VALIDATION):
        assert [later - earlier for later, earlier in pairwise(folds)] == [timedelta(days=WEEK)] * 3
