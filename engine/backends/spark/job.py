"""A feature set over a log in pieces, as jobs of Spark."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

import polars as pl

from engine.backends.polars.plan import Plan
from engine.backends.spark.carried import Carrying
from engine.backends.spark.cut import Sample, Sizes, Stage, cut
from engine.backends.spark.failing import failure_of, lost_rows, refusals
from engine.backends.spark.left import AsItIs, Leave, ToFiles, by_place, left_of
from engine.backends.spark.parts import Finish, Part, Save, Write, Written
from engine.backends.spark.rows import ROW, Parcel, packed, unpacked
from engine.backends.spark.session import quiet, waited_for
from engine.backends.spark.tasks import Compute, Piece, Read, Stages, frames_of, grouped
from engine.backends.spark.watching import Watch, watched
from engine.errors import InputError, SentinelError
from engine.interrupts import put_off
from engine.process import spare_modules

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Task = Callable[[Iterable[Any]], Iterator[Any]]
Step = tuple[int, Task]


class First(Protocol):
    """A task that is told numbers, of pieces say."""

    @property
    def doing(self) -> str:
        """What is done by it and the steps after it, in a word or two."""
        ...

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Take the numbers, as Spark tells them, and give parcels."""
        ...


# Blobs of many megabytes: a batch of few of them is large enough.
BLOBS: Final = {"spark.sql.execution.arrow.maxRecordsPerBatch": "8"}


@dataclass(frozen=True)
class Job:
    """A feature set over a log.

    Parameters
    ----------
    plan
        The compiled feature set.
    passed
        What is put before the features.
    pieces
        The log: canonical frames with ``PLACE``, in the order of arrival.
    sample
        Some of its rows.
    rows
        How many there are.
    sizes
        How to cut it.
    """

    plan: Plan
    passed: tuple[str, ...]
    pieces: tuple[Piece, ...]
    sample: Sample
    rows: int
    sizes: Sizes

    @cached_property
    def stages(self) -> Stages:
        """How the log is cut up."""
        return Stages(cut(self.plan, self.sample, self.rows, self.sizes))

    def compute(self, moves: "Moves") -> pl.DataFrame:
        """What is passed and the features of a few rows, which are in this process.

        Parameters
        ----------
        moves
            Runs tasks, and moves what they give to the tasks that come after them.
        """
        carrying = Carrying(self.stages.all)
        if carrying:
            for frame in frames_of(self.pieces):
                carrying.add(frame)
        found: list[list[pl.DataFrame]] = [[] for _ in self.stages.all]
        for parcel in self._found(moves, carrying, AsItIs()):
            found[parcel.kind].append(parcel.frame)
        finish = Finish(self.plan, self.passed)
        return pl.concat(finish(frames_of(self.pieces), [by_place(each) for each in found]))

    def write(self, moves: "Moves", folder: Path, into: Path, save: Save) -> list[Written]:
        """Compute, and let tasks write the results, a file for each part of the log.

        Parameters
        ----------
        moves
            As for :meth:`compute`.
        folder
            Where tasks leave what they find meanwhile, which all of them see.
        into
            Where they write the files, which all of them see; it is there.
        save
            Writes a file.

        Returns
        -------
        list of Written
            What belongs to the results, in the order of arrival: of tasks that were tried again
            other files may be there.

        Raises
        ------
        OutputError
            If rows were lost on the way.
        """
        parts = self._parts(moves, folder)
        told = moves(len(parts), Write(parts, Finish(self.plan, self.passed), into, save), [])
        written = sorted(Written.of(parcel, into) for parcel in told)
        rows = sum(part.rows for part in written)
        if rows != self.rows:
            raise lost_rows(rows, self.rows)
        return [part for part in written if part.rows]

    def _parts(self, moves: "Moves", folder: Path) -> tuple[Part, ...]:
        """The parts of the results, once all is found that they need."""
        pieces = [tuple(self.pieces[place] for place in group) for group in self._groups]
        if not self.stages.all:
            return tuple(Part(number, group, None) for number, group in enumerate(pieces))
        firsts = tuple(group[0].first for group in pieces)
        told = self._found(moves, self._carrying(moves), ToFiles(folder, firsts))
        left = left_of(told, folder, len(self.stages.all))
        # Of the others all rows were refused, or dropped.
        return tuple(Part(number, pieces[number], each) for number, each in left.items())

    @cached_property
    def _groups(self) -> tuple[range, ...]:
        """Which pieces are read by a task, and make up a part of the results."""
        return grouped((piece.end - piece.first for piece in self.pieces), self.sizes.rows)

    def _found(self, moves: "Moves", carrying: Carrying, leave: Leave) -> Iterator[Parcel]:
        compute = Compute(self.stages, self._carried(carrying), leave)
        partitions = self.stages.firsts[-1]
        steps: list[Step] = [(partitions, compute)] if partitions else []
        return moves(len(self._groups), Read(self.pieces, self._groups, self.stages), steps)

    def _carried(self, carrying: Carrying) -> Mapping[int, bytes]:
        return {
            first + partition: rows
            for number, first in enumerate(self.stages.firsts[:-1])
            for partition, rows in carrying.carried(number).items()
        }

    def _carrying(self, moves: "Moves") -> Carrying:
        carrying = Carrying(self.stages.all)
        if carrying:
            carry = Carry(self.pieces, self._groups, self.stages.all)
            for parcel in moves(len(self._groups), carry, []):
                carrying.join(parcel.partition, parcel.kind, parcel.frame)
        return carrying


class Moves(Protocol):
    """Runs tasks one after the other, each on many partitions."""

    def __call__(self, pieces: int, first: First, steps: list[Step]) -> Iterator[Parcel]:
        """Run ``first`` on the numbers of the pieces, then each step on what the one before gave.

        Parameters
        ----------
        pieces
            How many pieces there are.
        first, steps
            The tasks; with each step how many partitions its parcels are for.

        Returns
        -------
        iterator of Parcel
            What the last task gives, in any order.
        """
        ...


@dataclass(frozen=True)
class BySpark:
    """Spark runs them."""

    session: "SparkSession"
    watch: Watch | None

    def __call__(self, pieces: int, first: First, steps: list[Step]) -> Iterator[Parcel]:
        """See ``Moves``."""

        def run() -> Any:  # noqa: ANN401 - pyarrow is untyped
            data = _mapped(self.session.range(0, pieces, 1, pieces), first)
            for partitions, task in steps:
                data = _mapped(data.repartitionById(partitions, "partition"), task)
            return data.toArrow()

        tasks = pieces + sum(partitions for partitions, _ in steps)
        with quiet(), watched(self.session, first.doing, tasks, self.watch):
            table = _done(run)
        yield from unpacked(table.to_batches())


def _done(run: Callable[[], Any]) -> Any:  # noqa: ANN401 - pyarrow is untyped
    try:
        return waited_for(run)
    except SentinelError:
        raise
    except Exception as error:
        raise failure_of(error) from error


@dataclass(frozen=True)
class Carry:
    """Finds what is to be carried in pieces of a log."""

    pieces: tuple[Piece, ...]
    groups: tuple[range, ...]
    stages: tuple[Stage, ...]
    doing: ClassVar[str] = "look for last rows"

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels: the stage as the partition, the condition as the kind."""
        carrying = Carrying(self.stages)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for frame in frames_of(self.pieces[place] for place in self.groups[number]):
                    carrying.add(frame)
        yield from packed(Parcel(*part) for part in carrying.parts())


def require_polars(version: str) -> None:
    """Refuse another polars than the one that cut up the log: hashes tell where rows meet.

    Raises
    ------
    InputError
        If it is another.
    """
    if pl.__version__ != version:
        raise InputError(
            f"a machine of Spark's has another polars (was {pl.__version__}, not {version})",
            hint="give all of them the same packages as where it is started",
        )


def by_spark(session: "SparkSession", watch: Watch | None = None) -> BySpark:
    """What moves rows in a session, whose settings are the caller's own; see ``watched``."""
    with put_off():
        for name, value in BLOBS.items():
            session.conf.set(name, value)
    return BySpark(session, watch)


def _mapped(data: "DataFrame", task: Task) -> "DataFrame":
    here = pl.__version__

    def run(batches: Iterable[Any]) -> Iterator[Any]:
        with refusals():
            require_polars(here)
            yield from task(batches)
        spare_modules()

    # Of an object that can be called Spark would not know how many arguments it takes.
    return data.mapInArrow(run, ROW)
