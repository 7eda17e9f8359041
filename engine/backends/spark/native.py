"""A build of Parquet files in which no event passes through the process that asks for it.

Tasks read the row groups, look for repeated event ids, compute, and write the results; what comes
back is what is said of pieces, files and parts.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from engine.backends.polars.plan import compile_features
from engine.backends.spark.cut import Sizes, Stage, bases_of
from engine.backends.spark.failing import left_at
from engine.backends.spark.job import Job, by_spark
from engine.backends.spark.parts import as_parquet
from engine.backends.spark.pieces import Reading, pieces_of
from engine.backends.spark.repeated import FindHashes, FindIds, ReadIds, ToPieces, left_in
from engine.backends.spark.rows import Parcel
from engine.backends.spark.sampling import MOST, joined
from engine.backends.spark.survey import SAMPLED, TOLD, LookAgain, Survey, Told
from engine.backends.spark.tasks import grouped
from engine.backends.spark.watching import Watch
from engine.definition.nodes import FeatureSet
from engine.errors import InputError
from engine.events.disk import own_folder
from engine.events.log import Counts, Log
from engine.events.quarantine import Quarantine

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

IDS_ROWS: Final = 4_194_304  # about how many hashes of ids meet in a task


class NativeLog:
    """A log of Parquet files that tasks read.

    Parameters
    ----------
    spark
        A session, with settings of its own.
    features
        The feature set.
    log
        The log; all its files are Parquet.
    passed
        Columns to put before the features.
    scratch
        A folder that all tasks see.
    rows
        About how many rows a piece, a partition and a part of the results have.
    watch
        Is told how far it is; see ``watched``.

    Attributes
    ----------
    counts
        What became of the rows, once it has been surveyed.
    """

    def __init__(
        self,
        spark: "SparkSession",
        features: FeatureSet,
        log: Log,
        passed: tuple[str, ...],
        scratch: Path,
        *,
        rows: int,
        watch: Watch | None = None,
    ) -> None:
        self.counts = Counts(read={file.name: 0 for file in log.files})
        self._moves = by_spark(spark, watch)
        self._master = spark.sparkContext.master
        self._plan = compile_features(features)
        self._passed = passed
        self._folder = own_folder(scratch).resolve()
        self._sizes = Sizes(spark.sparkContext.defaultParallelism, rows=rows)
        reading = Reading(self._plan, passed, log.schema, log.columns, log.batch_rows)
        self._pieces = tuple(pieces_of(log, reading, rows))
        self._places = sum(piece.rows for piece in self._pieces)
        self._samples: list[pl.DataFrame] = []

    def survey(self, quarantine: Quarantine, check: Callable[[], None]) -> None:
        """Look at all rows: count, put those aside that are refused, drop what arrived before.

        Parameters
        ----------
        quarantine
            Takes the rows that are refused, in the order of the log.
        check
            Called whenever it has taken some.
        """
        if not self._pieces:
            return
        found = self._looked_at()
        told = _told(found)
        self._refuse_unreadable(told)
        for number, piece in enumerate(self._pieces):
            self.counts.read[piece.called] += piece.rows
            self.counts.rounded += told[number].rounded
            bad = told[number].bad
            if bad is not None:
                quarantine.add(piece.called, pl.read_ipc(left_at(self._folder / bad)))
                check()
        self.counts.refused.update(quarantine.by_kind)
        self._samples = _frames(found, SAMPLED)
        told |= self._drop_duplicates(left_in(found, self._folder))
        self.counts.kept = sum(each.kept for each in told.values())
        refused = self.counts.refused.total()
        self.counts.duplicates = self._places - refused - self.counts.kept
        self.counts.late = self._late(told)

    def write(self) -> tuple[list[Path], dict[str, Any]]:
        """Compute, once it has been surveyed and there are events.

        Returns
        -------
        files : list of Path
            The results in scratch, in the order of arrival.
        told : dict
            How it was done, for the report.
        """
        job = Job(
            self._plan,
            self._passed,
            self._pieces,
            joined(self._samples, bases_of(self._plan)),
            self.counts.kept,
            self._sizes,
        )
        written = job.write(self._moves, self._folder, own_folder(self._folder), as_parquet)
        told = {
            "master": self._master,
            "pieces": len(self._pieces),
            "stages": [_described(stage) for stage in job.stages.all],
            "parts": len(written),
        }
        return [part.file for part in written], told

    def _looked_at(self) -> list[Parcel]:
        cores, firsts = self._sizes.cores, tuple(piece.first for piece in self._pieces)
        parts = max(cores, self._places // IDS_ROWS)
        every = max(1, -(-self._places // MOST))
        groups = self._grouped(range(len(self._pieces)))
        look = Survey(self._pieces, groups, self._folder, bases_of(self._plan), every, parts)
        find = FindHashes(ToPieces(self._folder, firsts))
        return list(self._moves(len(groups), look, [(parts, find)]))

    def _grouped(self, numbers: Iterable[int]) -> tuple[range, ...]:
        """Which of some pieces one task takes."""
        return grouped((self._pieces[number].rows for number in numbers), self._sizes.rows)

    def _refuse_unreadable(self, told: Mapping[int, Told]) -> None:
        for number in range(len(self._pieces)):
            what = told[number].what
            if what is not None:
                raise InputError(what, hint=told[number].hint or "")

    def _drop_duplicates(self, suspects: Mapping[int, tuple[Path, ...]]) -> dict[int, Told]:
        """Drop events whose ids arrived before, and look anew at pieces that lost some."""
        if not suspects:
            return {}
        parts = self._sizes.cores
        firsts = tuple(piece.first for piece in self._pieces)
        groups = self._grouped(suspects)
        read = ReadIds(self._pieces, tuple(suspects.items()), groups, parts)
        find = FindIds(ToPieces(self._folder, firsts))
        dropped = left_in(self._moves(len(groups), read, [(parts, find)]), self._folder)
        self._pieces = tuple(
            replace(piece, dropped=dropped.get(number, ()))
            for number, piece in enumerate(self._pieces)
        )
        return self._again(tuple(dropped), {})

    def _late(self, told: Mapping[int, Told]) -> int:
        """How many events lie before one that arrived earlier, in whatever piece."""
        before: dict[int, int] = {}
        latest: int | None = None
        for number in range(len(self._pieces)):
            each = told[number]
            if each.least is None or each.latest is None:
                continue
            if latest is not None and latest > each.least:
                before[number] = latest
            latest = each.latest if latest is None else max(latest, each.latest)
        told = {**told, **self._again(tuple(before), before)}
        return sum(each.late for each in told.values())

    def _again(self, numbers: tuple[int, ...], before: Mapping[int, int]) -> dict[int, Told]:
        if not numbers:
            return {}
        groups = self._grouped(numbers)
        look = LookAgain(self._pieces, numbers, groups, before)
        return _told(list(self._moves(len(groups), look, [])))


def _described(stage: Stage) -> dict[str, Any]:
    return {
        "key": list(stage.base),
        "windowed": len(stage.names),
        "reach_seconds": stage.reach / stage.plan.schema.ticks_per_second,
        "partitions": stage.partitions,
        "hot": [{"share": round(hot.share, 4), "slices": len(hot.cuts) + 1} for hot in stage.hot],
    }


def _told(parcels: Sequence[Parcel]) -> dict[int, Told]:
    """What was told of pieces, by their numbers."""
    found = chain.from_iterable(map(Told.of_frame, _frames(parcels, TOLD)))
    return {each.piece: each for each in found}


def _frames(parcels: Sequence[Parcel], kind: int) -> list[pl.DataFrame]:
    return [parcel.frame for parcel in parcels if parcel.kind == kind]
