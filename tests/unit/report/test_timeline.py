"""Days and weeks, of which none is left out and none counts what it cannot."""

from datetime import date

import pytest

from engine.report.timeline import by_period
from unit.report.judgements import DAY, MONDAY, judged

# A Monday, its Tuesday and the Monday after: a fraud flagged, one missed, then a false alert.
EVENTS = judged(
    [0.9, 0.1, 0.9],
    [1, 1, 0],
    times=[5, DAY, 7 * DAY + 1],
    amounts=[10.0, 4.0, 2.0],
    span=(MONDAY, MONDAY + 9 * DAY),
)


def test_days() -> None:
    days = by_period(EVENTS.test, EVENTS.flagged, EVENTS.span, "1d")
    assert days["from"].dt.date().to_list() == [
        *(date(2024, 12, 30 + day) for day in (0, 1)),
        *(date(2025, 1, day) for day in range(1, 8)),
    ]
    assert days["events"].to_list() == [1, 1, 0, 0, 0, 0, 0, 1, 0]
    assert days["alerts"].to_list() == [1, 0, 0, 0, 0, 0, 0, 1, 0]
    # No alerts, no precision; no fraud, no recall: neither is 0.
    assert days["precision"].to_list() == [1.0, *[None] * 6, 0.0, None]
    assert days["recall"].to_list() == [1.0, 0.0, *[None] * 7]
    assert days["money"].to_list()[:2] == [10.0, 4.0]
    assert days["money_caught"].to_list()[:2] == [10.0, 0.0]


def test_weeks_begin_on_monday() -> None:
    weeks = by_period(EVENTS.test, EVENTS.flagged, (MONDAY + DAY, EVENTS.span[1]), "1w")
    assert weeks["from"].dt.date().to_list() == [date(2024, 12, 30), date(2025, 1, 6)]
    assert weeks["until"].to_list()[0] == weeks["from"].to_list()[1]
    assert weeks["recall"].to_list() == [0.5, None]
    assert weeks["events"].to_list() == [2, 1]


@pytest.mark.parametrize("every", ["1d", "1w"])
def test_money_is_null_where_nobody_knows_amounts(every: str) -> None:
    one = judged([0.9, 0.1], [1, 0])
    found = by_period(one.test, one.flagged, one.span, "1d" if every == "1d" else "1w")
    assert len(found) == 1
    assert found["money"].to_list() == found["money_caught"].to_list() == [None]
