"""A log as a source of events."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from engine.decide.records import ARRIVAL_TIME, SEQUENCE
from engine.definition import Schema
from engine.errors import InputError
from engine.events.log import POSITION, Counts, Log
from engine.events.quarantine import Quarantine
from engine.events.refused import everything_refused
from engine.events.staging import StagedLog
from replay.source import Order, refuse_feed_lag


def by_arrival(schema: Schema) -> Schema:
    """A schema by which a log is read that says when its events arrived: that is its time."""
    arrival = replace(schema.by_name[schema.event_time], name=ARRIVAL_TIME)
    others = (column for column in schema.columns if column.name != ARRIVAL_TIME)
    return replace(schema, columns=(*others, arrival), event_time=ARRIVAL_TIME)


class LogSource:
    """A log as it came; see :class:`replay.source.Source`.

    Parameters
    ----------
    log
        The log. Read by a schema of :func:`by_arrival`, events arrived when it says.
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
        If the log holds no event, is out of time order and that is to be refused, or says that an
        event arrived before one above it.
    """

    missing = 0
    complete = True

    def __init__(
        self, log: Log, *, order: Order, lag: int, quarantine: Quarantine, scratch: Path
    ) -> None:
        self._time = log.schema.event_time
        self.recorded = self._time == ARRIVAL_TIME
        if self.recorded:
            refuse_feed_lag(lag)
        self._staged = StagedLog(log, quarantine, scratch)
        self._order = order
        self._lag = lag
        if quarantine.total and not self.counts.kept:
            raise everything_refused(quarantine, log.schema)
        if not self.counts.kept:
            raise InputError(
                "the log holds no events, so there is nothing to replay (was 0 rows)",
                hint="name files with transactions in them",
            )
        if self.counts.late and self.recorded:
            raise InputError(
                f"the log's {ARRIVAL_TIME} goes back (was {self.counts.late:,} of "
                f"{self.counts.kept:,} events arriving before one above them)",
                hint=f"sort the log by {ARRIVAL_TIME}; or add --order event-time, which does not "
                "look at it",
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
