"""Splits: the past before the future, gaps between, cards apart, and nothing in two parts."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import numpy as np
import pytest

from engine.errors import InputError
from engine.model.features_file import FeatureTable
from engine.model.split import DAY, SplitKind, SplitOptions, split, utc_text
from unit.model.cases import table_of

START = 1_735_689_600  # 2025-01-01


@pytest.fixture
def table() -> FeatureTable:
    """An event an hour for 60 days, on 24 cards in turn, every fifth of them fraud."""
    hours = list(range(60 * 24))
    return table_of(
        [START + 3_600 * hour for hour in hours],
        [int(hour % 5 == 0) for hour in hours],
        [hour % 24 for hour in hours],
    )


def test_time_goes_from_training_to_test_with_gaps(table: FeatureTable) -> None:
    made = split(table, SplitOptions(label_delay=7 * DAY))
    assert [part.name for part in made.parts] == ["train", "validation", "test"]
    for earlier, later in pairwise(made.parts):
        assert later.start - earlier.end == 7 * DAY
    for part in made.parts:
        assert part.end % DAY == 0
        times = table.times[part.rows]
        assert part.start <= times.min() <= times.max() < part.end
        # Every event of that time is in it.
        assert len(part.rows) == ((table.times >= part.start) & (table.times < part.end)).sum()
    # The end of the log, whose labels would not be known yet, is left out.
    assert table.times.max() - made.test.end >= 7 * DAY - 3_600
    lengths = [part.days for part in made.parts]
    assert lengths == pytest.approx([0.6 * 38, 0.2 * 38, 0.2 * 38], abs=1.5)


def test_dates_instead_of_shares(table: FeatureTable) -> None:
    options = SplitOptions(
        label_delay=2 * DAY,
        start=date(2025, 1, 3),
        validation_from=date(2025, 1, 20),
        test_from=date(2025, 2, 1),
        until=date(2025, 2, 10),
    )
    made = split(table, options)
    assert [(utc_text(part.start), utc_text(part.end)) for part in made.parts] == [
        ("2025-01-03", "2025-01-18"),
        ("2025-01-20", "2025-01-30"),
        ("2025-02-01", "2025-02-10"),
    ]


def test_some_dates_and_shares_for_the_rest(table: FeatureTable) -> None:
    options = SplitOptions(label_delay=0, test_from=date(2025, 2, 20), until=date(2025, 3, 1))
    made = split(table, options)
    assert made.test.start == START + 50 * DAY
    assert made.train.days / made.validation.days == pytest.approx(3, abs=0.3)


def test_days_without_a_log_belong_to_no_part(table: FeatureTable) -> None:
    """Alerts a day are of days that there are events of, and shares of time that there is."""
    dates = {"start": date(2020, 1, 1), "until": date(2030, 1, 1)}
    made = split(table, SplitOptions(label_delay=DAY, **dates))
    assert made.train.start == START
    assert made.test.end == START + 60 * DAY
    exact = {"start": date(2025, 1, 1), "until": date(2025, 3, 2)}
    assert made.test.start == split(table, SplitOptions(label_delay=DAY, **exact)).test.start


def test_a_day_without_events_in_the_middle_is_a_day(table: FeatureTable) -> None:
    kept = table.times // DAY != START // DAY + 50
    with_hole = table_of(
        table.times[kept].tolist(),
        [1, 0] * (int(kept.sum()) // 2),
        table.card_codes[kept].tolist(),
    )
    test = split(with_hole, SplitOptions(label_delay=0)).test
    assert test.days == split(table, SplitOptions(label_delay=0)).test.days


def test_cards_are_held_out_too(table: FeatureTable) -> None:
    made = split(table, SplitOptions(kind="time+cards", label_delay=DAY))
    cards = [set(table.card_codes[part.rows].tolist()) for part in made.parts]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not cards[one] & cards[other]
    assert [len(some) for some in cards] == [14, 5, 5]
    assert made.test.coverage == pytest.approx(5 / 24, abs=0.02)
    again = split(table, SplitOptions(kind="time+cards", label_delay=DAY))
    assert np.array_equal(made.test.rows, again.test.rows)


@pytest.mark.parametrize("kind", ["time", "time+cards"])
def test_what_was_labelled_after_the_next_part_begins_is_left_out(
    table: FeatureTable, kind: SplitKind
) -> None:
    options = SplitOptions(kind=kind, label_delay=DAY)
    without = split(table, options)
    assert [part.late for part in without.parts] == [0, 0, 0]
    later = np.random.default_rng(1).integers(0, 20 * DAY, len(table))
    told = replace(table, label_times=table.times + later)
    made = split(told, options)
    begins = (made.validation.start, made.test.start, np.inf)
    for part, whole, begin in zip(made.parts, without.parts, begins, strict=True):
        known = told.label_times[whole.rows] <= begin  # type: ignore[index] # it has some
        assert np.array_equal(part.rows, whole.rows[known])
        assert part.late == (~known).sum()
        assert (part.start, part.end) == (whole.start, whole.end)
        assert part.coverage == pytest.approx(whole.coverage * len(part.rows) / len(whole.rows))
    assert made.train.late > 0 < made.validation.late
    assert np.array_equal(made.test.rows, without.test.rows)
    # At that very moment it is known; a second later it is not.
    at = replace(table, label_times=np.full(len(table), without.validation.start))
    assert np.array_equal(split(at, options).train.rows, without.train.rows)
    after = replace(table, label_times=np.full(len(table), without.validation.start + 1))
    with pytest.raises(InputError, match="the train part holds no events whose labels are known"):
        split(after, options)


def test_random_is_the_notebooks(table: FeatureTable) -> None:
    from sklearn.model_selection import train_test_split

    made = split(table, SplitOptions(kind="random"))
    train, test = train_test_split(
        np.arange(len(table)), test_size=0.2, random_state=42, stratify=table.labels
    )
    learnt, held_out = train_test_split(
        train, test_size=0.2, random_state=42, stratify=table.labels[train]
    )
    assert np.array_equal(made.test.rows, np.sort(test))
    assert np.array_equal(made.train.rows, learnt)
    assert np.array_equal(made.validation.rows, held_out)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (SplitOptions(label_delay=30 * DAY), "days of labelled log to split, delay 30 days"),
        (SplitOptions(test_from=date(2024, 1, 1)), "no room"),
        (SplitOptions(until=date(2030, 1, 1), test_from=date(2029, 1, 1)), "no room"),
        (SplitOptions(kind="random", until=date(2025, 2, 1)), "takes no dates"),
    ],
)
def test_what_cannot_be_split(table: FeatureTable, options: SplitOptions, words: str) -> None:
    with pytest.raises(InputError, match=words) as refused:
        split(table, options)
    assert refused.value.hint


def test_a_part_without_fraud(table: FeatureTable) -> None:
    labels = np.where(table.times > START + 40 * DAY, 0, table.labels)
    without = table_of(table.times.tolist(), labels.tolist())
    with pytest.raises(InputError, match=r"the test part, 2025.*there is no fraud"):
        split(without, SplitOptions(label_delay=DAY))
