"""A replay: read, score, observe, record, through the code that runs live."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import polars as pl

from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures
from engine.clock import elapsed
from engine.decide.decider import Decider, Known
from engine.decide.decisions import Decisions
from engine.decide.records import ARRIVAL_TIME, Recorder, event_columns, record_schema
from engine.definition import FeatureSet, fingerprint
from engine.definition.needs import needs_labels
from engine.events.disk import scratch_folder
from engine.events.inputs import InputFile, find_inputs
from engine.events.log import Log
from engine.events.quarantine import Quarantine
from engine.model.loading import load_run
from engine.model.run import Run
from engine.model.split import utc_text
from engine.process import let_go_of_collector, manage_collector
from engine.progress import Meter
from replay.again import Again
from replay.digest import Digest
from replay.ledger import Ledger, open_ledger
from replay.options import Options
from replay.outcome import Outcome
from replay.pace import Pace
from replay.replayed import Replayed
from replay.source import Source

# Decisions of so many events make rows of the ledger at a time: it changes nothing but speed.
_CHUNK_ROWS: Final = 8_192


def replay(options: Options) -> Replayed:
    """Replay a log.

    Raises
    ------
    SentinelError
        If something was refused, or could not be written.
    """
    run = load_run(options.run)
    files = find_inputs(options.inputs)
    log = _log(run.features, files)
    near = Path(gettempdir()) if options.ledger is None else options.ledger.parent
    with (
        Meter("read", log.rows, quiet=options.quiet, noun="event") as meter,
        scratch_folder(near) as scratch,
        Quarantine(scratch / "quarantine.parquet") as quarantine,
    ):
        folder = scratch / "ledger" if options.ledger is None else options.ledger
        about = _about(options, run, files)
        schema = record_schema(run.features)
        ledger = open_ledger(folder, schema, about, overwrite=options.overwrite)
        source = Source(
            log,
            order=options.order,
            lag=options.feed_lag * run.features.schema.ticks_per_second,
            quarantine=quarantine,
            scratch=scratch,
        )
        job = _Job(options, run, source, ledger, meter)
        try:
            with job.stopping():
                replayed = job.run()
        finally:
            let_go_of_collector()
        ledger.finish(replayed.summary())
        return replayed


def _log(features: FeatureSet, files: tuple[InputFile, ...]) -> Log:
    schema = features.schema
    known = [name for name in (schema.label, schema.label_time) if name is not None]
    return Log(files, schema, (*event_columns(features), *known))


def _about(options: Options, run: Run, files: tuple[InputFile, ...]) -> dict[str, Any]:
    """What decides about what is decided: two replays that agree in it end in one digest."""
    return {
        "inputs": [{"file": file.name, "bytes": file.path.stat().st_size} for file in files],
        "feature_set": run.features.name,
        "fingerprint": fingerprint(run.features),
        "model": run.manifest["sha256"],
        "threshold": run.threshold,
        "from": options.start,
        "to": options.end,
        "order": options.order,
        "feed_lag": options.feed_lag,
        "label_delay": options.label_delay if needs_labels(run.features) else None,
        "reasons": options.reasons,
    }


class _Job:
    """One replay."""

    def __init__(
        self, options: Options, run: Run, source: Source, ledger: Ledger, meter: Meter
    ) -> None:
        schema = run.features.schema
        self._options = options
        self._run = run
        self._source = source
        self._ledger = ledger
        self._meter = meter
        self._schema = schema
        self._online = OnlineFeatures(run.features)
        self._decider = Decider(run, self._online, most_reasons=options.reasons)
        self._recorder = Recorder(run)
        self._columns = compile_online(run.features).columns
        self._needs_labels = needs_labels(run.features)
        self._delay = options.label_delay * schema.ticks_per_second
        self._pace = Pace(options.speed, schema.ticks_per_second)
        self._digest = Digest()
        self._outcome = Outcome(schema)
        self._history = 0

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Keep what was decided if the block is interrupted: the next replay goes on from there."""
        try:
            yield
        except KeyboardInterrupt:
            self._ledger.flush()
            raise

    def run(self) -> Replayed:
        began = elapsed()
        self._meter.begin("replay", self._source.counts.kept, "event")
        again = Again(self._ledger)
        for batch in self._within(self._source.batches()):
            self._decide_batch(batch[self._repeat(again, batch) :])
        again.refuse_rest()
        return Replayed(
            run=self._run,
            counts=self._source.counts,
            history=self._history,
            resumed=again.rows,
            late=self._online.late,
            too_late=self._online.too_late,
            outcome=self._outcome,
            digest=self._digest.hexdigest(),
            seconds=elapsed() - began,
        )

    def _within(self, batches: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The batches until the end; what comes before the start is let become history."""
        ticks = self._schema.ticks_per_second
        start, end = self._options.start, self._options.end
        for batch in batches:
            arrivals = batch[ARRIVAL_TIME]
            first = 0 if start is None else int((arrivals < start * ticks).sum())
            last = len(batch) if end is None else int((arrivals < end * ticks).sum())
            history = batch[: min(first, last)]
            if len(history):
                self._decider.observe(self._rows(history), self._labels(history))
                self._history += len(history)
                self._advance(history)
            if first < last:
                yield batch[first:last]
            if last < len(batch):
                return

    def _repeat(self, again: Again, batch: pl.DataFrame) -> int:
        """Observe the events that were decided on before; how many of a batch they are."""
        known = again.known(batch)
        if known:
            events = batch[:known]
            places, values = self._decider.observe(self._rows(events), self._labels(events))
            self._keep(again.same(events[places], values), events[places])
            self._advance(events)
        return known

    def _decide_batch(self, batch: pl.DataFrame) -> None:
        arrivals: list[int] = batch[ARRIVAL_TIME].to_list()
        start = 0
        while start < len(batch):
            now = self._pace.wait(arrivals[start])
            end = min(start + _CHUNK_ROWS, len(batch))
            if now is not None:  # what has come by now, the first of it at least
                end = min(end, max(bisect_right(arrivals, now, lo=start), start + 1))
            chunk = batch[start:end]
            rows, labels = self._rows(chunk), self._labels(chunk)
            size = self._options.batch
            decided = [
                self._decider.decide(
                    rows[at : at + size], None if labels is None else labels[at : at + size]
                )
                for at in range(0, len(rows), size)
            ]
            self._record(chunk, Decisions.joined(decided, size))
            manage_collector()
            start = end

    def _record(self, events: pl.DataFrame, decisions: Decisions) -> None:
        rows = self._recorder.rows(events, decisions)
        self._ledger.append(rows)
        self._keep(rows, events[decisions.places])
        self._advance(events)

    def _keep(self, rows: pl.DataFrame, events: pl.DataFrame) -> None:
        self._digest.update(rows)
        self._outcome.add(rows, events)

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
