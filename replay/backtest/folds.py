"""The folds: train on a window, wait until its labels are known, test on the next, roll on.

A fold that begins to be tested at S learns from events whose labels are known at S: those with
max(t + delay, label_time) <= S, where the log carries a ``label_time``. It is cut, as a training of
``python -m engine.train`` is, in a part to learn from and a tail to choose the threshold on, with
another delay between the two: as a test is of what nobody knew when it began, so is the tail, and
what is learnt from was known when that began. Nothing of a fold is computed from an event that is
not in one of these two parts or before the event itself.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.errors import InputError
from engine.model.features_file import FeatureTable
from engine.model.labels import require_both_classes
from engine.model.ranked import Integers
from engine.model.split import DAY, Part, Split, utc_text
from replay.backtest.labels import is_labelled, known_at
from replay.backtest.options import Windows

_TAIL: Final = 4  # one part in so many of what a training window leaves is its tail


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold, all in seconds since 1970 UTC.

    Parameters
    ----------
    number
        Counted from 1.
    start, end
        The test window, from ``start`` to before ``end``; both at midnight.
    learnt_from, learnt_until
        The part to learn from.
    chosen_from, chosen_until
        The tail to choose the threshold on.
    delay
        How long until a label is known.
    """

    number: int
    start: int
    end: int
    learnt_from: int
    learnt_until: int
    chosen_from: int
    chosen_until: int
    delay: int

    @property
    def days(self) -> int:
        """How long it is tested."""
        return (self.end - self.start) // DAY

    def __str__(self) -> str:
        return f"fold {self.number}, {utc_text(self.start)} to {utc_text(self.end)}"


def plan(
    windows: Windows, first: int, last: int, *, start: int | None, until: int | None
) -> tuple[Fold, ...]:
    """The folds of a log.

    Parameters
    ----------
    windows
        How long everything is.
    first, last
        When the log's first and last event were, in seconds since 1970 UTC.
    start
        When testing begins; None for as soon as a training window and the delay have passed.
    until
        When it ends, by the end of the log's last day; None for as long as labels are known: the
        end of the log, younger than the delay, tells nothing. Only whole test windows are used.

    Raises
    ------
    InputError
        If there is no room for a single fold, a window's parts do not fit into it, or testing is
        to begin before the log or to go on after it.
    """
    tail = windows.validation
    if tail is None:
        tail = max(DAY, (windows.train - windows.delay) // _TAIL // DAY * DAY)
    if not windows.test:
        raise InputError(
            "--test: no time to test in (was 0 days)", hint="give the length of a fold, such as 7d"
        )
    if windows.train - windows.delay - tail < DAY:
        raise InputError(
            "--train: no room to learn in, for the labels of what is learnt from have to be known "
            f"before the validation tail (was {_days(windows.train)}, of which "
            f"{_days(windows.delay)} delay and {_days(tail)} validation)",
            hint="use a longer --train, or a shorter --delay or --validation",
        )
    midnight = -(-first // DAY) * DAY
    at = midnight + windows.train + windows.delay if start is None else start
    if at < first // DAY * DAY:
        raise InputError(
            f"--from: the log has no events to test from then on (was {utc_text(at)}; the log "
            f"begins {utc_text(first)})",
            hint=f"give {utc_text(midnight)} or a later day, or leave --from out",
        )
    end = last_end(windows, last, until)
    folds: list[Fold] = []
    while at + windows.test <= end:
        known = at - windows.delay
        folds.append(
            Fold(
                number=len(folds) + 1,
                start=at,
                end=at + windows.test,
                learnt_from=known - windows.train,
                learnt_until=known - tail - windows.delay,
                chosen_from=known - tail,
                chosen_until=known,
                delay=windows.delay,
            )
        )
        at += windows.test
    if not folds:
        raise InputError(
            f"no room for a single test window (was {_days(windows.test)} from {utc_text(at)} to "
            f"{utc_text(end)}; the log is of {utc_text(first)} to {utc_text(last)})",
            hint="take a longer log, or shorter --train, --delay or --test",
        )
    return tuple(folds)


def last_end(windows: Windows, last: int, until: int | None) -> int:
    """When testing ends at the latest, of a log that ends at ``last``; see :func:`plan`.

    Raises
    ------
    InputError
        If ``until`` is after the log's last day.
    """
    if until is None:
        return labels_end(windows, last)
    day_after = (last // DAY + 1) * DAY
    if until > day_after:
        raise InputError(
            f"--until: the log has no events to test by then (was {utc_text(until)}; the log ends "
            f"{utc_text(last)})",
            hint=f"give {utc_text(day_after)} or a day before, or leave --until out",
        )
    return until


def labels_end(windows: Windows, last: int) -> int:
    """The midnight until which labels are known, of a log that ends at ``last``."""
    return (last + 1 - windows.delay) // DAY * DAY


def learnable(table: FeatureTable, fold: Fold, test: Integers) -> Split:
    """What a fold's model is trained and its threshold chosen on, of what has a label.

    Parameters
    ----------
    table
        The whole log.
    fold
        The fold.
    test
        int64, the rows of its test window.

    Raises
    ------
    InputError
        If the part to learn from, or the tail, has no fraud or nothing else.
    """
    known, labelled = known_at(table, fold.delay), is_labelled(table)

    def part(name: str, start: int, end: int, begins: int) -> Part:
        inside = (table.times >= start) & (table.times < end)
        # Without this, nothing is learnt from: the windows are not trusted.
        rows = np.flatnonzero(inside & labelled & (known <= min(begins, fold.start)))
        where = f"{fold}: the {name} part, {utc_text(start)} to {utc_text(end)}"
        if not len(rows):
            raise InputError(
                f"{where}, holds no events whose labels are known on {utc_text(begins)} "
                f"(was 0 of {inside.sum():,})",
                hint="begin later with --from, or use longer windows",
            )
        late = int((inside & labelled).sum()) - len(rows)
        without = f", without the {late:,} whose labels are known later" if late else ""
        require_both_classes(table.known_labels[rows], f"{where}{without}")
        return Part(name, rows, start, end, len(rows) / int(inside.sum()))

    judged = test[labelled[test]]
    return Split(
        part("train", fold.learnt_from, fold.learnt_until, fold.chosen_from),
        part("validation", fold.chosen_from, fold.chosen_until, fold.start),
        Part("test", judged, fold.start, fold.end, len(judged) / max(len(test), 1)),
    )


def rows_of(table: FeatureTable, fold: Fold) -> Integers:
    """The rows of a fold's test window, ascending; the table is in the order of events."""
    ends = np.searchsorted(table.times, [fold.start, fold.end])
    return np.arange(*ends.tolist(), dtype=np.int64)


def _days(seconds: int) -> str:
    return f"{seconds / DAY:g} days"
