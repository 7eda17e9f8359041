"""Folds: what may be learnt from is older than a label takes, whatever the windows are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.model.split import DAY, utc_text
from replay.backtest.folds import labels_end, learnable, plan, rows_of
from replay.backtest.options import Windows
from unit.model.cases import table_of

NOW = 20_000 * DAY


def windows(train: int, delay: int, test: int, validation: int | None = None) -> Windows:
    tail = None if validation is None else validation * DAY
    return Windows(train * DAY, delay * DAY, test * DAY, tail)


def test_folds_follow_each_other_and_end_where_labels_do() -> None:
    folds = plan(windows(28, 7, 7), NOW + 5, NOW + 100 * DAY - 1, start=None, until=None)
    # The first whole day, the training window and the delay; the last one ends by the delay before
    # the log does, and whole weeks are used.
    assert folds[0].start == NOW + (1 + 28 + 7) * DAY
    assert folds[-1].end <= NOW + 93 * DAY < folds[-1].end + 7 * DAY
    assert [fold.start for fold in folds[1:]] == [fold.end for fold in folds[:-1]]
    assert [fold.number for fold in folds] == list(range(1, len(folds) + 1))
    fold = folds[0]
    assert fold.start - fold.learnt_from == (28 + 7) * DAY
    assert fold.chosen_until == fold.start - 7 * DAY
    assert fold.chosen_from - fold.learnt_until == 7 * DAY
    assert fold.chosen_until - fold.chosen_from == (28 - 7) // 4 * DAY


@given(st.integers(1, 30), st.integers(0, 10), st.integers(1, 9), st.none() | st.integers(1, 9))
def test_nothing_is_learnt_from_before_its_label_is_known(
    train: int, delay: int, test: int, validation: int | None
) -> None:
    times = np.arange(NOW, NOW + 80 * DAY, DAY // 4)
    table = table_of(times.tolist(), (np.arange(len(times)) % 2).tolist())
    try:
        folds = plan(
            windows(train, delay, test, validation),
            int(times[0]),
            int(times[-1]),
            start=None,
            until=None,
        )
    except InputError as refused:
        assert refused.hint  # noqa: PT017 - which windows have room is the plan's to say
        return
    for fold in folds:
        rows = rows_of(table, fold)
        parts = learnable(table, fold, rows)
        for part in (parts.train, parts.validation):
            assert (times[part.rows] + delay * DAY <= fold.start).all()
            assert (times[part.rows] >= fold.start - (delay + train) * DAY).all()
        last = times[parts.train.rows].max()
        assert last + delay * DAY <= times[parts.validation.rows].min()
        assert ((times[rows] >= fold.start) & (times[rows] < fold.end)).all()
        assert len(rows) == fold.days * 4


def test_a_fold_that_would_learn_from_later_days_learns_nothing() -> None:
    """The windows are not trusted: what is not known when the test begins is left out."""
    times = np.arange(NOW, NOW + 60 * DAY, DAY // 4)
    table = table_of(times.tolist(), (np.arange(len(times)) % 2).tolist())
    fold = plan(windows(28, 7, 7), NOW, int(times[-1]), start=None, until=None)[0]
    wrong = replace(fold, chosen_until=fold.end + DAY)
    rows = learnable(table, wrong, rows_of(table, fold)).validation.rows
    assert times[rows].max() + 7 * DAY <= fold.start


@given(st.integers(0, 2**32 - 1), st.sampled_from([0.1, 0.5]))
def test_a_label_that_the_log_says_came_later_is_not_learnt_from_before(
    seed: int, share: float
) -> None:
    times = np.arange(NOW, NOW + 60 * DAY, DAY // 8)
    random = np.random.default_rng(seed)
    # Some before the event itself, as logs will have it; some long after it.
    later = random.integers(-3 * DAY, 40 * DAY, len(times))
    label_times = times + np.where(random.random(len(times)) < share, later, 0)
    labels = random.integers(0, 2, len(times))
    table = replace(table_of(times.tolist(), labels.tolist()), label_times=label_times)
    for fold in plan(windows(21, 5, 5), NOW, int(times[-1]), start=None, until=None):
        parts = learnable(table, fold, rows_of(table, fold))
        known = np.maximum(times + 5 * DAY, label_times)
        for part, by in ((parts.train, fold.chosen_from), (parts.validation, fold.start)):
            inside = (times >= part.start) & (times < part.end)
            expected = np.flatnonzero(inside & (known <= by))
            assert part.rows.tolist() == expected.tolist()
            assert (known[part.rows] <= fold.start).all()
            # The threshold of so many alerts a day is chosen on a share of the day's events.
            assert part.coverage == len(expected) / inside.sum()


def test_events_without_a_label_are_in_no_part() -> None:
    times = np.arange(NOW, NOW + 60 * DAY, DAY // 4)
    labels = np.arange(len(times)) % 3 - 1
    table = table_of(times.tolist(), labels.tolist())
    for fold in plan(windows(28, 7, 7), NOW, int(times[-1]), start=None, until=None):
        rows = rows_of(table, fold)
        for part in learnable(table, fold, rows).parts:
            inside = (times >= part.start) & (times < part.end)
            assert part.rows.tolist() == np.flatnonzero(inside & (labels >= 0)).tolist()
            assert part.coverage == len(part.rows) / inside.sum()


def test_labels_that_are_never_known_in_time_are_said_to_be() -> None:
    times = np.arange(NOW, NOW + 60 * DAY, DAY // 4)
    table = table_of(times.tolist(), (np.arange(len(times)) % 2).tolist())
    fold = plan(windows(28, 7, 7), NOW, int(times[-1]), start=None, until=None)[0]
    table = replace(table, label_times=times + 300 * DAY)
    with pytest.raises(InputError, match=r"no events whose labels are known on .* \(was 0 of 64\)"):
        learnable(table, fold, rows_of(table, fold))


def test_a_class_whose_labels_are_known_too_late_is_said_to_be() -> None:
    times = np.arange(NOW, NOW + 60 * DAY, DAY // 4)
    labels = np.arange(len(times)) % 2
    table = table_of(times.tolist(), labels.tolist())
    fold = plan(windows(28, 7, 7), NOW, int(times[-1]), start=None, until=None)[0]
    table = replace(table, label_times=times + labels * 300 * DAY)
    words = "without the 32 whose labels are known later: there is no fraud"
    with pytest.raises(InputError, match=words):
        learnable(table, fold, rows_of(table, fold))


@pytest.mark.parametrize(
    ("made", "days", "words"),
    [
        (windows(14, 7, 7, 7), 100, "no room to learn in"),
        (windows(28, 7, 0), 100, "--test: no time to test in"),
        (windows(28, 7, 7), 30, "no room for a single test window"),
    ],
)
def test_windows_without_room_are_refused(made: Windows, days: int, words: str) -> None:
    with pytest.raises(InputError, match=words) as said:
        plan(made, NOW, NOW + days * DAY, start=None, until=None)
    assert said.value.hint


def test_testing_goes_on_to_the_log_s_last_day_if_that_is_asked_for() -> None:
    first, last = NOW, NOW + 100 * DAY - 7  # the last day is NOW + 99 days
    made = windows(28, 7, 7)
    folds = plan(made, first, last, start=None, until=NOW + 100 * DAY)
    assert folds[-1].end <= NOW + 100 * DAY < folds[-1].end + 7 * DAY
    assert folds[-1].end > labels_end(made, last) == NOW + 92 * DAY
    for start, until, option, word in (
        (None, NOW + 101 * DAY, "--until", utc_text(NOW + 100 * DAY)),
        (None, NOW + 999 * DAY, "--until", utc_text(NOW + 100 * DAY)),
        (NOW - DAY, None, "--from", utc_text(NOW)),
    ):
        with pytest.raises(InputError, match=f"{option}: the log has no events") as said:
            plan(made, first, last, start=start, until=until)
        assert word in said.value.hint
    assert plan(made, first + 5, last, start=NOW, until=None)[0].start == NOW


def test_a_window_without_fraud_to_learn_from_says_which() -> None:
    times = np.arange(NOW, NOW + 60 * DAY, DAY // 4)
    table = table_of(times.tolist(), [0] * len(times))
    fold = plan(windows(28, 7, 7), NOW, int(times[-1]), start=None, until=None)[0]
    with pytest.raises(InputError, match=r"fold 1, .*the train part, .*no fraud"):
        learnable(table, fold, rows_of(table, fold))
