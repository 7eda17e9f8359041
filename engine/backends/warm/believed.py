"""Which events of a log in time order a running set with a ``leap`` takes for history."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import polars as pl

from engine.backends.online.aside import WITNESSES
from engine.backends.online.engine import MOST_STRAYS
from engine.events.canonical import EVENT_ID

_LONGEST: Final = 2**62  # ticks, longer than any calendar


class Believed:
    """Lets those events of a log pass whose clocks the online backend believes.

    In time order they form runs, between which nothing happens for longer than ``leap``. The first
    run is believed, another one if it is of ``WITNESSES`` events or more.

    Parameters
    ----------
    time
        The column of their instants.
    leap
        As for ``OnlineFeatures``.

    Attributes
    ----------
    aside
        The events at the end that are not believed yet.
    astray
        How many events were not believed, those that are aside included.
    """

    def __init__(self, time: str, leap: int | None) -> None:
        self._time = time
        self._leap = None if leap is None else min(leap, _LONGEST)
        self._watermark: int | None = None
        self._dropped = 0
        self._dropped_ids = pl.Series(EVENT_ID, [], dtype=pl.String)
        self.aside: pl.DataFrame | None = None

    @property
    def astray(self) -> int:
        """See the class."""
        return self._dropped + (0 if self.aside is None else len(self.aside))

    @property
    def astray_ids(self) -> pl.Series:
        """The ids of the last of them, as many as are remembered of such."""
        if self.aside is None:
            return self._dropped_ids
        return pl.concat([self._dropped_ids, self.aside[EVENT_ID]])

    def passing(self, batch: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """The events that are believed by now, of a batch and of those that were aside."""
        if self._leap is None:
            yield batch
            return
        events = batch if self.aside is None else pl.concat([self.aside, batch])
        self.aside = None
        times = events[self._time]
        begins = [0, *(times.diff() > self._leap).arg_true().to_list(), len(events)]
        for begin, end in pairwise(begins):
            run, first = events[begin:end], times[begin]
            is_next = self._watermark is None or first - self._watermark <= self._leap
            if is_next or len(run) >= WITNESSES:
                self._watermark = times[end - 1]
                yield run
            elif end < len(events):
                self._dropped += len(run)
                self._dropped_ids = pl.concat([self._dropped_ids, run[EVENT_ID]]).tail(MOST_STRAYS)
            else:
                self.aside = run
