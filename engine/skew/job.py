"""The comparison itself: read a log once, compute it with each engine, compare as values come."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.backends import load_backend
from engine.clock import elapsed
from engine.definition import FeatureSet
from engine.definition.needs import aggregates_in, columns_of
from engine.definition.types import Kind
from engine.errors import InputError
from engine.events.canonical import EVENT_ID
from engine.events.disk import scratch_folder
from engine.events.inputs import find_inputs
from engine.events.log import POSITION, Counts, Log
from engine.events.quarantine import Quarantine
from engine.events.refused import everything_refused
from engine.events.staging import StagedLog
from engine.progress import Meter
from engine.skew.arrived import AsArrived, rests
from engine.skew.compare import Difference
from engine.skew.engines import REFERENCE, REFERENCE_ROWS, default_engines
from engine.skew.history import Explanation, explain
from engine.skew.lockstep import in_step
from engine.skew.options import Options
from engine.skew.sample import Sample, sample_cards
from engine.words import counted

_PASSED: Final = (POSITION, EVENT_ID)


@dataclass(slots=True)
class Arrived:
    """How the values that are served differ from the settled ones.

    Parameters
    ----------
    leap
        How far an event may have lain from those before it for its clock to be believed, in
        seconds; None for any.
    late, too_late, astray
        As :class:`engine.skew.arrived.AsArrived` counts them.
    differences
        By feature.
    explained
        By feature, the first difference explained.
    """

    leap: int | None
    late: int
    too_late: int
    astray: int
    differences: dict[str, Difference]
    explained: dict[str, Explanation] = field(default_factory=dict)


@dataclass(slots=True)
class Findings:
    """What a comparison found.

    Parameters
    ----------
    options, features
        What was asked for.
    counts
        What became of the log's rows.
    engines
        The engines compared, the first of them the one the others are held to.
    events
        How many events were compared.
    sample
        Which cards they are of, where not of all.
    settled
        By feature and engine.
    explained
        By feature and engine, the first difference explained.
    arrived
        None if the log is in time order, without a pause longer than the leap.
    seconds
        How long each stage took.
    """

    options: Options
    features: FeatureSet
    counts: Counts
    engines: tuple[str, ...]
    events: int
    sample: Sample | None
    settled: dict[tuple[str, str], Difference]
    explained: dict[tuple[str, str], Explanation]
    arrived: Arrived | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def differ(self) -> bool:
        """Whether some settled value differs between two engines."""
        return any(difference.different for difference in self.settled.values())


def find_skew(options: Options) -> Findings:
    """Compute a log with several engines and compare every value.

    Raises
    ------
    SentinelError
        If something was refused, or an engine fails to give a row for each event.
    """
    features = options.features
    log = _open_log(options, features)
    with (
        Meter("put in order", log.rows, quiet=options.quiet) as meter,
        scratch_folder(options.scratch) as scratch,
    ):
        return _Job(options, features, log, scratch, meter).run()


def _open_log(options: Options, features: FeatureSet) -> Log:
    schema = features.schema
    cards = (column.name for column in schema.columns if column.type.kind is Kind.CARD)
    wanted = {*columns_of(features), *cards}
    columns = tuple(name for name in schema.by_name if name in wanted)
    return Log(find_inputs(options.inputs), schema, columns)


class _Job:
    """One comparison."""

    def __init__(
        self, options: Options, features: FeatureSet, log: Log, scratch: Path, meter: Meter
    ) -> None:
        self._options = options
        self._features = features
        self._meter = meter
        leap = options.leap
        self._leap = None if leap is None else leap * features.schema.ticks_per_second
        self._seconds: dict[str, float] = {}
        with self._timed("put in order"):
            self._scratch = scratch
            self._log = self._staged(log, scratch)
        self._sample: Sample | None = None

    def run(self) -> Findings:
        counts = self._log.counts
        events = counts.kept
        if self._options.sample is not None:
            with self._timed("sample"):
                self._sample = self._take_sample(self._options.sample)
            events = self._sample.events
        engines = self._options.engines or default_engines(events)
        if REFERENCE in engines and events > REFERENCE_ROWS:
            self._meter.say(self._warning(events))
        found = Findings(
            self._options, self._features, counts, engines, events, self._sample, {}, {}
        )
        pairs = [(feature, name) for feature in self._features.names for name in engines[1:]]
        found.settled = {pair: Difference() for pair in pairs}
        self._meter.begin("compare", events)
        settled = self._compared(engines, found.settled)
        if counts.late or rests(self._batches(), self._features.schema.event_time, self._leap):
            # What is served is compared in the order of arrival, which asks for all of these first.
            found.arrived = self._arrived(settled)
        else:
            with self._timed("compare"):
                for _ in settled:
                    pass
        with self._timed("explain"):
            self._explain(found)
        found.seconds = self._seconds
        return found

    def _staged(self, log: Log, scratch: Path) -> StagedLog:
        with Quarantine(scratch / "quarantine.parquet") as quarantine:
            staged = StagedLog(log, quarantine, scratch)
            if quarantine.total and not staged.counts.kept:
                raise everything_refused(quarantine, log.schema)
        if not staged.counts.kept:
            raise InputError(
                "the log holds no events, so there is nothing to compare (was 0 rows)",
                hint="name files with transactions in them",
            )
        return staged

    def _take_sample(self, events: int) -> Sample:
        columns = self._features.schema.columns
        card = next((column.name for column in columns if column.type.kind is Kind.CARD), None)
        if card is None:
            raise InputError(
                f"--sample: schema {self._features.schema.name!r} has no cards (was {events:,})",
                hint="compare the whole log, or a shorter one",
            )
        return sample_cards(self._log.batches(), card, events)

    def _warning(self, events: int) -> str:
        roots = (feature.expression for feature in self._features.features)
        whole = any(not aggregate.key for root in roots for aggregate in aggregates_in(root))
        what = "all events before it" if whole else "all earlier events of its key"
        return (
            f"{REFERENCE}: looks from each of {counted(events, 'event')} at {what}, and shows no "
            "progress meanwhile; --sample N takes some cards, whole"
        )

    def _batches(self) -> Iterator[pl.DataFrame]:
        batches = self._log.batches()
        return batches if self._sample is None else self._sample.of_batches(batches)

    def _compared(
        self, engines: tuple[str, ...], differences: dict[tuple[str, str], Difference]
    ) -> Iterator[pl.DataFrame]:
        """The first engine's frames, in the order of events, each compared with the others'."""
        streams = {
            name: load_backend(name).stream(
                self._features,
                self._batches(),
                passed=_PASSED,
                threads=self._options.threads,
                memory=self._options.memory,
                scratch=self._scratch,
            )
            for name in engines
        }
        for expected, *others in in_step(streams):
            events = expected.select(_PASSED)
            for name, got in zip(engines[1:], others, strict=True):
                for feature in self._features.names:
                    differences[feature, name].add(expected[feature], got[feature], events)
            self._meter.advance(len(expected))
            yield expected

    def _arrived(self, settled: Iterator[pl.DataFrame]) -> Arrived:
        """Compare what is served with what is settled, both in the order of arrival."""
        online = AsArrived(self._features, leap=self._leap)
        differences = {name: Difference() for name in self._features.names}
        with self._timed("compare"):
            in_arrival_order = self._log.arrival_order(settled)
            first = next(in_arrival_order)
        self._meter.begin("as arrived", self._log.counts.kept)
        with self._timed("as arrived"):
            streams = {
                "settled": _chained(first, in_arrival_order),
                "as arrived": online.frames(self._log.arrival_order(self._batches())),
            }
            for expected, got in in_step(streams):
                for name, difference in differences.items():
                    difference.add(expected[name], got[name], expected.select(EVENT_ID))
                self._meter.advance(len(expected))
        return Arrived(self._options.leap, online.late, online.too_late, online.astray, differences)

    def _explain(self, found: Findings) -> None:
        """Look up what explains the first difference of each feature and engine, all at once."""
        by_name = {feature.name: feature for feature in self._features.features}
        wanted: list[tuple[dict[Any, Explanation], Any, str, Difference]] = [
            (found.explained, pair, pair[0], each) for pair, each in found.settled.items()
        ]
        if found.arrived is not None:
            served = found.arrived
            wanted += [
                (served.explained, name, name, each) for name, each in served.differences.items()
            ]
        asked = [
            (told, place, (by_name[name], str(each.first.event[EVENT_ID])))
            for told, place, name, each in wanted
            if each.first is not None
        ]
        if not asked:
            return
        questions = [question for _, _, question in asked]
        answers = explain(questions, self._batches, self._features.schema)
        for (told, place, _), answer in zip(asked, answers, strict=True):
            told[place] = answer

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        began = elapsed()
        yield
        self._seconds[stage] = elapsed() - began


def _chained(first: pl.DataFrame, rest: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    yield first
    yield from rest
