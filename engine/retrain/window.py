"""The newest labelled days, by which champion and challenger are judged."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.errors import InputError
from engine.model.features_file import FeatureTable
from engine.model.labels import lacking_class
from engine.model.ranked import Integers
from engine.model.split import DAY, Split, SplitOptions, midnight, split, utc_text
from engine.retrain.options import Options

_SHORTER: Final = "ask for fewer --days, or take a log that reaches further back"


@dataclass(frozen=True, slots=True)
class Window:
    """The newest labelled days, by which both are judged.

    Parameters
    ----------
    start, end
        Seconds since 1970 UTC, from ``start`` to before ``end``; both at midnight.
    """

    start: int
    end: int

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.end - self.start) // DAY

    def __str__(self) -> str:
        return f"{utc_text(self.start)} to {utc_text(self.end)}"


def newest_labelled(options: Options, table: FeatureTable, like_champion: SplitOptions) -> Window:
    """The days to judge by, which leave a challenger days to learn from.

    Parameters
    ----------
    options
        How many days, and by when they end.
    table
        The log.
    like_champion
        How the champion's log was split: when what it learnt from began, if that was said, and how
        long until a label is known.

    Raises
    ------
    InputError
        If the log ends before they do, or begins too late for any training before them.
    """
    delay = like_champion.label_delay
    first, last = int(table.times.min()), int(table.times.max()) + 1
    end = (last - delay) // DAY * DAY
    if options.until is not None:
        end, log_end = midnight(options.until), -(-last // DAY) * DAY
        if end > log_end:
            raise InputError(
                f"--until: the log holds no events from {utc_text(log_end)} on "
                f"(was {options.until.isoformat()})",
                hint="give a day up to which there are events, or leave it out",
            )
    window = Window(end - options.days * DAY, end)
    start = like_champion.start
    begins = first if start is None else max(first, midnight(start))
    # Before the window lie training and validation, and a gap after each.
    if window.start - 2 * delay <= begins:
        learnt = "the log begins" if begins == first else "the champion's training began"
        raise InputError(
            f"{table.name}: no room for a challenger to learn before the days both are judged by, "
            f"with two gaps of {delay / DAY:g} days for the label delay (was {options.days} days, "
            f"{window}; {learnt} {utc_text(begins)})",
            hint=_SHORTER,
        )
    return window


@dataclass(frozen=True, slots=True)
class Judging:
    """The events of the window.

    Parameters
    ----------
    rows
        int64, those with a label: their places in the table.
    days
        How many days' events these are.
    unlabelled
        How many have none, so that nobody is judged by them.
    """

    rows: Integers
    days: float
    unlabelled: int


def events_of(table: FeatureTable, window: Window) -> Judging:
    """The events to judge by.

    Raises
    ------
    InputError
        If they hold no fraud, or nothing else.
    """
    inside = (table.times >= window.start) & (table.times < window.end)
    rows = np.flatnonzero(inside & table.is_labelled)
    lacking = lacking_class(table.known_labels[rows])
    if lacking is not None:
        raise InputError(
            f"{table.name}: among the labels of the days to judge by there is {lacking} "
            f"(was {window}, {len(rows):,} events with a label)",
            hint="ask for more --days, or for others with --until",
        )
    every = int(inside.sum())
    return Judging(rows, window.days * len(rows) / every, every - len(rows))


def parts_of(table: FeatureTable, options: SplitOptions) -> Split:
    """What a challenger is to learn from, split as the options say.

    Raises
    ------
    InputError
        If that is too little.
    """
    try:
        return split(table, options)
    except InputError as error:
        raise InputError(
            f"{table.name}: for the challenger, {error.what}", hint=_SHORTER
        ) from error
