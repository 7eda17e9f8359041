"""Features of the calendar are known by their definition, and whole weeks by their seconds."""

import pytest

from engine.catalog import notebook
from engine.definition import column, day_of_week, hour, if_else, key
from engine.model.calendar import (
    WEEK,
    holds_each_weekday_alike,
    reads_calendar,
    whole_weeks_until,
)

DAY = 86_400


def test_which_features_are_of_the_calendar() -> None:
    found = {each.name for each in notebook.features if reads_calendar(each.expression)}
    assert found == {"hour", "dow", "is_night"}
    time = column("unix_time")
    assert reads_calendar(if_else(day_of_week(time) > 4, column("amt"), 0.0))
    # How often at night, in the days before: that is of each day alike.
    assert not reads_calendar(key("cc_num").last(days=7).where(hour(time) < 6).count())


@pytest.mark.parametrize(
    ("end", "weeks"),
    [(6 * DAY, 0), (WEEK - 3_600, 0), (WEEK - 3_599, 1), (WEEK, 1), (2 * WEEK - 1, 2)],
)
def test_whole_weeks(end: int, weeks: int) -> None:
    start = 1_735_689_600
    assert whole_weeks_until(start, start + end) == start + weeks * WEEK


@pytest.mark.parametrize(
    ("seconds", "alike"),
    [(6 * DAY, False), (WEEK, True), (WEEK - 4, True), (10 * DAY, False), (30 * DAY, True)],
)
def test_which_trainings_hold_each_weekday_alike(seconds: int, *, alike: bool) -> None:
    assert holds_each_weekday_alike(5, 5 + seconds) is alike
