"""Playing events back: read, score, observe, record, through the code that runs live."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import polars as pl

from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures
from engine.clock import elapsed
from engine.decide.decider import Decider, Known
from engine.decide.decisions import Decisions
from engine.decide.records import ARRIVAL_TIME, Recorder, event_columns
from engine.definition import FeatureSet
from engine.definition.needs import needs_labels
from engine.events.inputs import InputFile
from engine.events.log import Log
from engine.model.run import Run
from engine.model.split import utc_text
from engine.process import let_go_of_collector, manage_collector
from engine.progress import Meter
from replay.again import Again
from replay.clocks import Clocks
from replay.ledger import Ledger
from replay.logged import by_arrival
from replay.pace import Pace
from replay.source import Source

# Decisions of so many events make rows of the ledger at a time: it changes nothing but speed.
_CHUNK_ROWS: Final = 8_192


class Sink(Protocol):
    """Takes decisions as they are made."""

    def add(self, rows: pl.DataFrame, events: pl.DataFrame) -> None:
        """Take in rows of the ledger, with the events that they are on."""
        ...


@dataclass(frozen=True, slots=True)
class Shift:
    """The time in which a run decides.

    Parameters
    ----------
    run
        The run.
    start, end
        Seconds since 1970 UTC: it decides on what arrives from ``start`` to before ``end``; None
        for from the first event, to the last.
    """

    run: Run
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Manner:
    """How events are played back; nothing from the batch on changes a decision.

    Parameters
    ----------
    clocks
        Whose clocks are believed.
    reasons
        How many reasons a flagged event gets.
    label_delay
        Seconds between an event and its label, where the log does not say.
    batch
        How many events are decided on at once, at most.
    speed
        How many times as fast as it happened; None for as fast as it goes.
    """

    clocks: Clocks
    reasons: int = 3
    label_delay: int = 7 * 86_400
    batch: int = 512
    speed: float | None = None


def played_log(
    features: FeatureSet, files: tuple[InputFile, ...], *, arrivals: bool = False
) -> Log:
    """A log with the columns that a playback needs of it.

    Parameters
    ----------
    features
        What is computed of it.
    files
        Its files.
    arrivals
        Whether it is asked when its events arrived, if it says so.
    """
    schema = features.schema
    known = [name for name in (schema.label, schema.label_time) if name is not None]
    columns = (*event_columns(features), *known)
    log = Log(files, schema, columns)
    if arrivals and ARRIVAL_TIME in log.present:
        return Log(files, by_arrival(schema), columns)
    return log


class Playback:
    """One playback, of one log into one ledger.

    Parameters
    ----------
    source
        The events.
    shifts
        Which runs decide when, one after the other; all of one feature set. What no run decides on
        before the last of them ends becomes history.
    ledger
        Where decisions are recorded; those that it holds already are found to be the same again.
    sinks
        Take each decision once, recorded before or made now, in order.
    manner
        How.
    meter
        Shows how far it is.

    Attributes
    ----------
    history, resumed
        How many events came before the first that was decided on, or between two shifts; how many
        decisions had been recorded before.
    last_of_history
        When the last of these events came, in ticks; None if there was none.
    seconds
        How long it took.
    """

    def __init__(
        self,
        source: Source,
        shifts: Sequence[Shift],
        ledger: Ledger,
        sinks: Sequence[Sink],
        manner: Manner,
        meter: Meter,
    ) -> None:
        features = shifts[0].run.features
        self._schema = features.schema
        self._source = source
        self._ledger = ledger
        self._sinks = sinks
        self._meter = meter
        self._shifts = shifts
        clocks = manner.clocks
        self._online = OnlineFeatures(features, lateness=clocks.lateness, leap=clocks.leap)
        # Features are observed once, whichever run decides: only the model is another.
        self._deciders = [
            Decider(shift.run, self._online, most_reasons=manner.reasons) for shift in shifts
        ]
        self._recorders = [Recorder(shift.run) for shift in shifts]
        self._columns = compile_online(features).columns
        self._needs_labels = needs_labels(features)
        self._batch = manner.batch
        self._delay = manner.label_delay * self._schema.ticks_per_second
        self._pace = Pace(manner.speed, self._schema.ticks_per_second)
        self.history = 0
        self.last_of_history: int | None = None
        self.resumed = 0
        self.seconds = 0.0

    @property
    def late(self) -> int:
        """How many events came after a later one."""
        return self._online.late

    @property
    def too_late(self) -> int:
        """How many events came too late to be scored exactly."""
        return self._online.too_late

    @property
    def astray(self) -> int:
        """How many events have a clock that is not believed."""
        return self._online.astray

    def run(self) -> None:
        """Play it back.

        Raises
        ------
        SentinelError
            If the ledger holds something else than what comes out, or cannot be written.
        """
        began = elapsed()
        self._meter.begin("replay", self._source.counts.kept, "event")
        again = Again(self._ledger)
        with self._stopping():
            for number, batch in self._decided(self._source.batches()):
                known = self._repeat(again, number, batch)
                if known < len(batch):
                    again.refuse_rest()  # before anything is appended behind it
                    self._decide_batch(number, batch[known:])
        again.refuse_rest()
        self.resumed = again.rows
        self.seconds = elapsed() - began

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Keep what was decided if the block is interrupted: the next replay goes on from there."""
        try:
            yield
        except KeyboardInterrupt:
            self._ledger.flush()
            raise
        finally:
            let_go_of_collector()

    def _decided(self, batches: Iterator[pl.DataFrame]) -> Iterator[tuple[int, pl.DataFrame]]:
        """What each shift decides on, by its number; all else is let become history."""
        ticks = self._schema.ticks_per_second
        number = 0
        for batch in batches:
            arrivals = batch[ARRIVAL_TIME]
            at = 0
            while at < len(batch):
                start, end = self._shifts[number].start, self._shifts[number].end
                first = at if start is None else max(at, int((arrivals < start * ticks).sum()))
                last = len(batch) if end is None else int((arrivals < end * ticks).sum())
                self._observe(batch[at : max(at, min(first, last))])
                if first < last:
                    yield number, batch[first:last]
                at = max(at, min(last, len(batch)))
                if last < len(batch):
                    number += 1
                    if number == len(self._shifts):
                        return

    def _observe(self, events: pl.DataFrame) -> None:
        if len(events):
            self._deciders[0].observe(self._rows(events), self._labels(events))
            self.history += len(events)
            self.last_of_history = int(events[ARRIVAL_TIME][-1])
            self._advance(events)

    def _repeat(self, again: Again, number: int, batch: pl.DataFrame) -> int:
        """Observe the events that were decided on before; how many of a batch they are."""
        known = again.known(batch)
        if known:
            events = batch[:known]
            places, values = self._deciders[0].observe(self._rows(events), self._labels(events))
            rows = again.same(self._recorders[number], events[places], values)
            self._keep(rows, events[places])
            self._advance(events)
        return known

    def _decide_batch(self, number: int, batch: pl.DataFrame) -> None:
        arrivals: list[int] = batch[ARRIVAL_TIME].to_list()
        decider, start = self._deciders[number], 0
        while start < len(batch):
            self._ledger.flush_if_old(self._pace.due_in(arrivals[start]))
            now = self._pace.wait(arrivals[start])
            end = min(start + _CHUNK_ROWS, len(batch))
            if now is not None:  # what has come by now, the first of it at least
                end = min(end, max(bisect_right(arrivals, now, lo=start), start + 1))
            chunk = batch[start:end]
            rows, labels = self._rows(chunk), self._labels(chunk)
            size = self._batch
            decided = [
                decider.decide(
                    rows[at : at + size], None if labels is None else labels[at : at + size]
                )
                for at in range(0, len(rows), size)
            ]
            self._record(number, chunk, Decisions.joined(decided, size))
            manage_collector()
            start = end

    def _record(self, number: int, events: pl.DataFrame, decisions: Decisions) -> None:
        rows = self._recorders[number].rows(events, decisions)
        self._ledger.append(rows)
        self._keep(rows, events[decisions.places])
        self._advance(events)

    def _keep(self, rows: pl.DataFrame, events: pl.DataFrame) -> None:
        for sink in self._sinks:
            sink.add(rows, events)

    def _advance(self, events: pl.DataFrame) -> None:
        at = int(events[ARRIVAL_TIME][-1]) // self._schema.ticks_per_second
        self._meter.advance(len(events), f"at {utc_text(at)}")

    def _rows(self, events: pl.DataFrame) -> list[tuple[Any, ...]]:
        return events.select(self._columns).rows()

    def _labels(self, events: pl.DataFrame) -> list[Known] | None:
        """The labels, each known when the log says, or else a delay after its event."""
        if not self._needs_labels:
            return None
        label, label_time = self._schema.label or "", self._schema.label_time or ""
        known = events[self._schema.event_time] + self._delay
        if label_time in events.columns:
            known = events[label_time].fill_null(known)
        return list(zip(events[label].to_list(), known.to_list(), strict=True))
