"""The build itself: read, compute, write, and account for every row."""

import json
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from engine.ahead import read_ahead
from engine.backends import Backend, load_backend
from engine.build.native import why_not_native
from engine.build.options import Options
from engine.build.outputs import BUILD, FEATURES, NAMES, OUTPUTS, QUARANTINE
from engine.build.replacing import put_in_place
from engine.build.report import Report, make_report
from engine.build.state import Gathering, check_place
from engine.clock import elapsed
from engine.definition import FeatureSet
from engine.definition.needs import columns_of
from engine.definition.types import Kind
from engine.errors import InputError, OutputError
from engine.events.canonical import event_schema, feature_schema, identity_columns
from engine.events.disk import scratch_folder, writing
from engine.events.inputs import Results, find_inputs, refuse_to_replace
from engine.events.log import POSITION, Counts, Log
from engine.events.quarantine import Quarantine
from engine.events.refused import everything_refused
from engine.events.staging import InPlaceLog, NotInOrderError, StagedLog
from engine.interrupts import put_off
from engine.parts import is_parts, part_name
from engine.progress import Meter
from engine.sink import write_frames

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

PART_ROWS: Final = 524_288  # about how many rows a part has where tasks write them


def open_log(options: Options, features: FeatureSet) -> Log:
    """The log that the options name, with the columns that the features and the output need."""
    schema = features.schema
    identity = [column.name for column in schema.columns if column.type.kind is Kind.CARD]
    wanted = {*columns_of(features), *identity, schema.label, schema.label_time}
    columns = tuple(name for name in schema.by_name if name in wanted)
    results = Results(options.out, OUTPUTS)
    return Log(find_inputs(options.inputs, results), schema, columns)


def build(options: Options) -> Report:
    """Compute features and write the four files of a build.

    Raises
    ------
    SentinelError
        If something was refused or could not be written. Whatever goes wrong, the output folder
        holds what it held before.
    """
    features = options.features
    log = open_log(options, features)
    _check_out(options)
    for name in OUTPUTS:
        refuse_to_replace([file.path for file in log.files], options.out / name, "--out")
    if options.state is not None:
        check_place(options.state, options.out, log, overwrite=options.overwrite)
    backend = load_backend(options.engine)
    began = elapsed()
    with (
        _made(options.out),
        Meter("build", log.rows, quiet=options.quiet) as meter,
        scratch_folder(options.out) as scratch,
    ):
        job = _Job(options, features, backend, log, scratch, meter)
        with job.run_engine() as session:
            reading, counts = job.run(session)
        report = make_report(
            options,
            features,
            counts,
            reading=reading,
            state=None if job.gathering is None else job.gathering.finish(),
            spark=job.spark,
            seconds={**job.seconds, "total": elapsed() - began},
        )
        with writing(options.out):
            (scratch / NAMES).write_text(json.dumps(features.names, indent=2) + "\n")
            (scratch / BUILD).write_text(json.dumps(report.content, indent=2) + "\n")
            # Renames within one file system: each file is whole, and the report comes last.
            with put_off():
                if job.gathering is not None:
                    job.gathering.put_in_place()
                put_in_place(OUTPUTS, scratch, options.out)
    return report


class _Job:
    """One build, in place if the log allows it and staged if not."""

    def __init__(
        self,
        options: Options,
        features: FeatureSet,
        backend: Backend,
        log: Log,
        scratch: Path,
        meter: Meter,
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._options = options
        self._features = features
        self._log = log
        self._scratch = scratch
        self._meter = meter
        self._backend = backend
        self._passed = identity_columns(features.schema, log.present)
        label_time = features.schema.label_time
        if features.schema.label in log.present and label_time in log.present:
            self._passed += (label_time,)
        self.gathering: Gathering | None = None
        self.spark: dict[str, Any] | None = None

    def run(self, session: "SparkSession | None") -> tuple[str, Counts]:
        if session is None:
            return self._by_this_process()
        why_not = why_not_native(self._options, self._log)
        if why_not is None:
            return "by row groups, in tasks of Spark", self._native(session)
        reading, counts = self._by_this_process()
        return f"{reading}; by one process, as {why_not}", counts

    def _by_this_process(self) -> tuple[str, Counts]:
        try:
            return "in place", self._in_place()
        except NotInOrderError as reason:
            self._meter.say(f"{reason}; it is put in order first")
            return f"staged, because {reason}", self._staged()

    def _native(self, session: "SparkSession") -> Counts:
        from engine.backends.spark.native import NativeLog  # noqa: PLC0415 - an extra

        began = elapsed()
        with Quarantine(self._scratch / QUARANTINE) as quarantine:
            log = NativeLog(
                session,
                self._features,
                self._log,
                self._passed,
                self._scratch,
                rows=PART_ROWS,
                watch=_Watching(self._meter, self._log.rows or 0),
            )
            log.survey(quarantine, lambda: self._refuse(quarantine))
            self._refuse_nothing_left(quarantine, log.counts)
            self.seconds["survey"] = elapsed() - began
            began = elapsed()
            with writing(self._scratch):
                (self._scratch / FEATURES).mkdir()
            if log.counts.kept:
                files, self.spark = log.write()
                with writing(self._scratch):
                    for number, file in enumerate(files):
                        file.rename(self._scratch / FEATURES / part_name(number))
            else:
                write_frames(self._at_least_one(iter(())), self._scratch / FEATURES / part_name(0))
            self.seconds["build"] = elapsed() - began
            return log.counts

    def _in_place(self) -> Counts:
        with Quarantine(self._scratch / QUARANTINE) as quarantine:
            log = InPlaceLog(self._log, quarantine, self._scratch)
            checked = self._checked(log.batches(), quarantine, log.counts)
            with read_ahead(self._timed(checked)) as batches:
                self._write(self._compute(batches, self._passed))
            return log.counts

    def _staged(self) -> Counts:
        self._meter.begin("put in order", self._log.rows)
        with Quarantine(self._scratch / QUARANTINE) as quarantine:
            began = elapsed()
            log = StagedLog(self._log, quarantine, self._scratch)
            self._refuse(quarantine)
            self._refuse_nothing_left(quarantine, log.counts)
            self.seconds["put in order"] = elapsed() - began
            self._meter.begin("build", log.counts.kept)
            with read_ahead(self._timed(log.batches())) as batches:
                computed = self._compute(batches, (POSITION, *self._passed))
                self._write(log.arrival_order(computed))
            return log.counts

    def run_engine(self) -> "AbstractContextManager[SparkSession | None]":
        """What the engine needs beside itself for as long as the job runs."""
        if self._options.engine != "spark":
            return nullcontext()
        from engine.backends.spark.session import session  # noqa: PLC0415 - an extra

        return session(
            self._options.master,
            threads=self._options.threads,
            memory=self._options.memory,
            scratch=self._scratch,
        )

    def _compute(
        self, batches: Iterable[pl.DataFrame], passed: tuple[str, ...]
    ) -> Iterator[pl.DataFrame]:
        if self._options.state is not None:
            self.gathering = Gathering(self._features, self._options.state, leap=self._options.leap)
            batches = self.gathering.passing(batches)
        return self._backend.stream(
            self._features,
            batches,
            passed=passed,
            threads=self._options.threads,
            memory=self._options.memory,
            scratch=self._scratch,
        )

    def _write(self, frames: Iterator[pl.DataFrame]) -> None:
        began = elapsed()
        write_frames(
            self._at_least_one(frames),
            self._scratch / FEATURES,
            done=lambda frame: self._meter.advance(len(frame)),
            called=self._options.out / FEATURES,
        )
        self.seconds["build"] = elapsed() - began

    def _at_least_one(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The frames, or one without rows: a log without events has features too."""
        first = next(frames, None)
        if first is None:
            schema = self._features.schema
            columns = event_schema(schema, self._passed[1:]) | feature_schema(self._features)
            yield pl.DataFrame(schema=columns)
            return
        yield first
        yield from frames

    def _checked(
        self, batches: Iterator[pl.DataFrame], quarantine: Quarantine, counts: Counts
    ) -> Iterator[pl.DataFrame]:
        for batch in batches:
            self._refuse(quarantine)
            yield batch
        self._refuse(quarantine)
        self._refuse_nothing_left(quarantine, counts)

    def _refuse_nothing_left(self, quarantine: Quarantine, counts: Counts) -> None:
        """Refuse a log of refused rows alone; one without rows is none of these."""
        if quarantine.total and not counts.kept:
            raise everything_refused(quarantine, self._log.schema)

    def _refuse(self, quarantine: Quarantine) -> None:
        if self._options.strict and quarantine.total:
            reasons = ", ".join(f"{count:,} × {kind}" for kind, count in quarantine.by_kind.items())
            raise InputError(
                f"the log holds rows that cannot be read (was {reasons} so far)",
                hint=f"build without --strict to find them in {QUARANTINE}",
            )

    def _timed(self, frames: Iterator[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The frames; how long they took to read is counted, beside what is done meanwhile."""
        self.seconds["read"] = 0.0
        while True:
            began = elapsed()
            frame = next(frames, None)
            self.seconds["read"] += elapsed() - began
            if frame is None:
                return
            yield frame


class _Watching:
    """Shows how far Spark is with a log of so many rows, which it goes through some times."""

    def __init__(self, meter: Meter, rows: int) -> None:
        self._meter = meter
        self._rows = rows
        self._doing = ""
        self._done = 0

    def __call__(self, doing: str, part: float) -> None:
        if doing != self._doing or (part == 0.0 and self._done):
            self._meter.begin(doing, self._rows)
            self._doing, self._done = doing, 0
        done = max(self._done, int(part * self._rows))
        self._meter.advance(done - self._done)
        self._done = done


def _check_out(options: Options) -> None:
    out = options.out
    with writing(out):
        if out.exists() and not out.is_dir():
            raise OutputError(f"--out: not a folder (was {str(out)!r})", hint="name a folder")
        there = [name for name in OUTPUTS if (out / name).exists()]
        folders = [
            name
            for name in there
            if (out / name).is_dir() and not (name == FEATURES and is_parts(out / name))
        ]
    if folders:
        raise OutputError(
            f"{out}: folders are in the place of results (was {', '.join(folders)})",
            hint="choose another --out",
        )
    if there and not options.overwrite:
        raise OutputError(
            f"{out}: results are there already (was {', '.join(there)})",
            hint="add --overwrite to replace them, or choose another --out",
        )


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    """A folder, made if need be with those above it; what was made goes if the block fails."""
    made: list[Path] = []
    try:
        with writing(folder):
            for missing in reversed([p for p in (folder, *folder.parents) if not p.exists()]):
                missing.mkdir(exist_ok=True)
                made.append(missing)
        yield
    except BaseException:
        for empty in reversed(made):
            with suppress(OSError):  # somebody has put something there meanwhile
                empty.rmdir()
        raise
