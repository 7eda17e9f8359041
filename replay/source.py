"""Events as they came: a log in arrival order, each event with its place and when it arrived."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal

import polars as pl

from engine.decide.records import ARRIVAL_TIME, SEQUENCE
from engine.errors import InputError
from engine.events.log import POSITION, Counts, Log
from engine.events.quarantine import Quarantine
from engine.events.refused import everything_refused
from engine.events.staging import StagedLog

Order = Literal["refuse", "arrival", "event-time"]
ORDERS: Final[dict[Order, str]] = {
    "refuse": "a log out of time order is refused",
    "arrival": "the order of the file is that of arrival: what is out of time order came late",
    "event-time": "put in time order first, as if nothing had come late",
}


class Source:
    """A log as it came.

    Parameters
    ----------
    log
        The log.
    order
        What to do about events out of time order, of ``ORDERS``.
    lag
        Ticks between an event and its arrival. No event arrives before one that came before it:
        a late one arrives with what it comes behind.
    quarantine
        Takes the rows that are refused.
    scratch
        A folder for copies of the log; see ``StagedLog``.

    Raises
    ------
    InputError
        If the log holds no event, or is out of time order and that is to be refused.
    """

    def __init__(
        self, log: Log, *, order: Order, lag: int, quarantine: Quarantine, scratch: Path
    ) -> None:
        self._staged = StagedLog(log, quarantine, scratch)
        self._time = log.schema.event_time
        self._order = order
        self._lag = lag
        if quarantine.total and not self.counts.kept:
            raise everything_refused(quarantine, log.schema)
        if not self.counts.kept:
            raise InputError(
                "the log holds no events, so there is nothing to replay (was 0 rows)",
                hint="name files with transactions in them",
            )
        if self.counts.late and order == "refuse":
            raise InputError(
                f"the log is out of time order (was {self.counts.late:,} of "
                f"{self.counts.kept:,} events before one above them)",
                hint="add --order arrival if the file is as it came, or --order event-time to put "
                "it in order",
            )

    @property
    def counts(self) -> Counts:
        """What became of the log's rows."""
        return self._staged.counts

    def batches(self) -> Iterator[pl.DataFrame]:
        """Canonical frames in arrival order, with ``sequence`` and ``arrival_time``. Repeatable."""
        time, latest, start = pl.col(self._time), None, 0
        for batch in self._arriving():
            end = start + len(batch)
            arrival = time.cum_max() if latest is None else time.cum_max().clip(latest)
            yield (
                made := batch.with_columns(
                    pl.int_range(start, end, dtype=pl.Int64).alias(SEQUENCE),
                    (arrival + self._lag).alias(ARRIVAL_TIME),
                )
            )
            latest, start = int(made[ARRIVAL_TIME][-1]) - self._lag, end

    def _arriving(self) -> Iterator[pl.DataFrame]:
        batches = self._staged.batches()
        if self.counts.late and self._order == "arrival":
            return self._staged.arrival_order(batches)
        return (batch.drop(POSITION) for batch in batches)
