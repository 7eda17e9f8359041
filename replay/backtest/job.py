"""The backtest itself: features once, a run for each fold, decisions either way, results."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.clock import elapsed
from engine.decide.records import record_schema
from engine.errors import InputError
from engine.events.disk import write_bytes
from engine.events.inputs import InputFile
from engine.events.quarantine import Quarantine
from engine.model.features_file import FeatureTable
from engine.model.run import Run
from engine.progress import Meter
from replay.alone import alone_in
from replay.backtest.about import about
from replay.backtest.check import check
from replay.backtest.content import content_of
from replay.backtest.decisions import digest_of, write_decisions
from replay.backtest.driven import decide_one_by_one
from replay.backtest.folds import Fold
from replay.backtest.labels import refuse_early_labels
from replay.backtest.models import Models, fixed_runs, wanted_set
from replay.backtest.options import Contender, Options
from replay.backtest.page import backtest_page
from replay.backtest.place import Place, check_out
from replay.backtest.results import Judge, side_by_side
from replay.backtest.schedule import folds_of
from replay.backtest.scratch import workplace
from replay.backtest.table import built_before, log_files, whole_log
from replay.backtest.tested import Tested
from replay.backtest.vectorised import decide_at_once
from replay.clocks import Clocks
from replay.ledger import open_ledger
from replay.logged import LogSource
from replay.playback import Manner, played_log
from replay.source import Source


@dataclass(frozen=True, slots=True)
class Backtest:
    """A finished backtest.

    Parameters
    ----------
    content
        What ``results.json`` holds.
    tested
        Each contender.
    seconds
        How long it took.
    """

    content: dict[str, Any]
    tested: list[Tested]
    seconds: float

    @property
    def differing(self) -> int:
        """How many decisions differ between the two ways; 0 unless they were compared."""
        return sum(each.checked.differing for each in self.tested if each.checked is not None)

    def played(self) -> dict[str, Any]:
        """How the playback of each contender went, where there was one; no result depends on it."""
        return {
            each.contender.name: {
                "events_per_second": round(each.events_per_second),
                "recorded_before": each.resumed,
            }
            for each in self.tested
            if each.events_per_second is not None
        }


def backtest(options: Options) -> Backtest:
    """Test one or two contenders on a past that they have not seen.

    Raises
    ------
    SentinelError
        If something was refused, or could not be written. What was done by then is in the folder
        of ``--out``, and the same backtest goes on from there.
    """
    began = elapsed()
    if options.mode != "vectorised" and built_before(options) is not None:
        raise InputError(
            f"a build holds no events to play back one by one (was {options.inputs[0]!r})",
            hint="name the log itself, or leave --check and --event-driven out",
        )
    if options.mode == "vectorised" and options.leap is not None:
        raise InputError(
            "--leap: features that are computed at once believe every clock (was "
            f"{options.leap:,} s)",
            hint="add --event-driven or --check, or leave --leap out",
        )
    with workplace(options.out) as scratch:
        check_out(options)
        fixed = fixed_runs(options)
        features = wanted_set(options, fixed)
        files = log_files(options)
        table = whole_log(options, files, features, scratch)
        refuse_early_labels(table.features, options.windows.delay)
        folds = folds_of(options, table, fixed)
        place = Place(
            scratch / "backtest" if options.out is None else options.out,
            about(options, table, folds, fixed),
            overwrite=options.overwrite,
        )
        job = _Job(options, files, table, folds, place, scratch)
        models = Models(options, table, folds, fixed, place.runs)
        runs = [models.of(contender) for contender in options.contenders]
        tested = job.tested(runs)
        content = job.judged(tested)
        write_bytes(backtest_page(content).encode(), place.report)
        for each in tested:
            write_decisions(each.decisions, place.decisions(each.contender))
        place.finish(content)
    return Backtest(content, tested, elapsed() - began)


class _Job:
    """One backtest, once it is known what is tested where."""

    def __init__(
        self,
        options: Options,
        files: tuple[InputFile, ...],
        table: FeatureTable,
        folds: Sequence[Fold],
        place: Place,
        scratch: Path,
    ) -> None:
        self._options = options
        self._files = files
        self._table = table
        self._folds = folds
        self._place = place
        self._scratch = scratch

    def tested(self, runs: list[list[Run]]) -> list[Tested]:
        """Each contender's decisions, in the way or ways that are asked for."""
        pairs = list(zip(self._options.contenders, runs, strict=True))
        if self._options.mode == "vectorised":
            return [self._at_once(*pair) for pair in pairs]
        with self._source() as (source, meter):
            return [self._one_by_one(*pair, source, meter) for pair in pairs]

    def _at_once(self, contender: Contender, runs: list[Run]) -> Tested:
        decisions = decide_at_once(self._table, self._folds, runs, self._options.policy)
        return Tested(contender, runs, decisions, digest_of(decisions))

    def _one_by_one(
        self, contender: Contender, runs: list[Run], source: Source, meter: Meter
    ) -> Tested:
        options = self._options
        clocks = Clocks.of_log(runs[0].features.schema, options.leap)
        folder = self._place.ledger(contender)
        with alone_in(folder, "--out", "replay"):
            ledger = open_ledger(
                folder,
                record_schema(runs[0].features),
                {"models": [run.manifest["sha256"] for run in runs], **clocks.to_json()},
                overwrite=False,
            )
            decisions, playback = decide_one_by_one(
                source,
                self._folds,
                runs,
                options.policy,
                ledger,
                Manner(
                    clocks=clocks,
                    reasons=0,
                    label_delay=options.windows.delay,
                    batch=options.batch,
                ),
                meter,
            )
            ledger.flush()
        compared = None
        if options.mode == "check":
            compared = check(self._at_once(contender, runs).decisions, decisions)
        played = playback.history + len(decisions)
        return Tested(
            contender,
            runs,
            decisions,
            digest_of(decisions),
            compared,
            played / max(playback.seconds, 1e-9),
            playback.resumed,
        )

    @contextmanager
    def _source(self) -> Iterator[tuple[Source, Meter]]:
        """The events, to be played back as often as is needed."""
        log = played_log(self._table.features, self._files)
        with (
            Meter("read", log.rows, quiet=self._options.quiet, noun="event") as meter,
            Quarantine(self._scratch / "quarantine.parquet") as quarantine,
        ):
            source = LogSource(
                log,
                order=self._options.order,
                lag=0,
                quarantine=quarantine,
                scratch=self._scratch,
            )
            yield source, meter

    def judged(self, tested: list[Tested]) -> dict[str, Any]:
        """Everything measured of them."""
        options = self._options
        parts = len(tested) * (len(self._folds) + 1) + len(tested) - 1
        with Meter("measure", None, quiet=options.quiet, noun="draw") as meter:
            meter.begin("measure", 2 * parts * options.resamples, "draw")
            judges = [
                Judge(
                    options,
                    self._table,
                    self._folds,
                    each.runs,
                    each.decisions,
                    lambda _: meter.advance(1),
                )
                for each in tested
            ]
            names = [each.contender.name for each in tested]
            compared = None
            if len(tested) > 1:
                compared = side_by_side(options, names, judges, lambda _: meter.advance(1))
            return content_of(options, self._table, self._folds, tested, judges, compared)
