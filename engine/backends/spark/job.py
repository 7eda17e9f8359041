"""A feature set over a log in pieces, as jobs of Spark."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import polars as pl

from engine.backends.polars.plan import Plan
from engine.backends.spark.carried import Carrying
from engine.backends.spark.cut import Sample, Sizes, Stage, cut, kept_after
from engine.backends.spark.parts import ToFiles, Write, Written, parts_left
from engine.backends.spark.rows import PLACE, ROW, Parcel, in_order, packed, unpacked
from engine.backends.spark.session import quiet, waited_for
from engine.backends.spark.tasks import Compute, Finish, Piece, Read, Route, ToOne, ToStage
from engine.backends.spark.worker import set_modules_aside
from engine.interrupts import put_off

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Task = Callable[[Iterable[Any]], Iterator[Any]]
Step = tuple[int, Task]

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
        The log: canonical frames with ``PLACE``.
    sample
        Some of its rows.
    rows
        How many there are.
    places
        One more than the greatest place.
    sizes
        How to cut it.
    is_at_hand
        Whether the pieces are in this process, so that tasks cost more than they save.
    """

    plan: Plan
    passed: tuple[str, ...]
    pieces: tuple[Piece, ...]
    sample: Sample
    rows: int
    places: int
    sizes: Sizes
    is_at_hand: bool = False

    def run(self, moves: "Moves", folder: Path | None) -> Iterator[pl.DataFrame]:
        """The place, what is passed and the features, in the order of arrival.

        Parameters
        ----------
        moves
            Runs tasks, and moves what they give to the tasks that come after them.
        folder
            Where tasks leave the features, which all of them see; None for a few rows, which come
            back as they are.
        """
        found = self._found(moves, folder)
        if folder is None:
            yield in_order([parcel.frame for parcel in found], PLACE)
            return
        for part in parts_left(found, folder):
            yield part.rows()

    def write(self, moves: "Moves", folder: Path, into: Path) -> list[Written]:
        """Compute, and let tasks write the results, a Parquet file for each even part of the log.

        Parameters
        ----------
        moves
            As for :meth:`run`.
        folder
            Where tasks leave the features meanwhile, which all of them see.
        into
            Where they write the files, which all of them see; it is there.

        Returns
        -------
        list of Written
            What belongs to the results, in the order of arrival: of tasks that were tried again
            other files may be there.
        """
        parts = tuple(parts_left(self._found(moves, folder), folder))
        told = moves(len(parts), Write(parts, into), [])
        return sorted(Written.of(parcel, into) for parcel in told)

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        """How the log is cut up."""
        return cut(self.plan, self.sample, self.rows, self.sizes)

    def _found(self, moves: "Moves", folder: Path | None) -> list[Parcel]:
        stages = self.stages
        carrying = self._carrying(moves, stages)
        return list(moves(len(self.pieces), *self._tasks(stages, carrying, folder)))

    def _tasks(
        self, stages: tuple[Stage, ...], carrying: Carrying, folder: Path | None
    ) -> tuple[Task, list[Step]]:
        """What reads the pieces, and what comes after it."""
        parts = max(1, self.places // self.sizes.rows)
        last: Route = ToOne() if folder is None else ToFiles(folder, self.places, parts)
        routes: list[Route] = [*map(ToStage, stages), last]
        finish = Finish(self.plan, self.passed)
        steps: list[Step] = []
        for number, stage in enumerate(stages):
            task = Compute(
                stage,
                carrying.carried(number),
                self._kept(stages, number),
                routes[number + 1],
                finish if number + 1 == len(stages) else None,
            )
            steps.append((stage.partitions, task))
        return Read(self.pieces, routes[0], None if stages else finish), steps

    def _kept(self, stages: tuple[Stage, ...], number: int) -> tuple[str, ...]:
        """What travels on from a stage, of an event and of what was found before."""
        wanted = kept_after(self.plan, stages, number + 1)
        columns = (name for name in self.plan.columns if name in wanted)
        found = (name for stage in stages[:number] for name in stage.names)
        return tuple(dict.fromkeys((PLACE, *self.passed, *columns, *found)))

    def _carrying(self, moves: "Moves", stages: tuple[Stage, ...]) -> Carrying:
        carrying = Carrying(stages)
        if carrying and self.is_at_hand:
            for piece in self.pieces:
                for frame in piece.frames():
                    carrying.add(frame)
        elif carrying:
            for parcel in moves(len(self.pieces), Carry(self.pieces, stages), []):
                carrying.join(parcel.partition, parcel.kind, parcel.frame)
        return carrying


class Moves(Protocol):
    """Runs tasks one after the other, each on many partitions."""

    def __call__(self, pieces: int, first: Task, steps: list[Step]) -> Iterator[Parcel]:
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

    def __call__(self, pieces: int, first: Task, steps: list[Step]) -> Iterator[Parcel]:
        """See ``Moves``."""

        def run() -> Any:  # noqa: ANN401 - pyarrow is untyped
            data = _mapped(self.session.range(0, pieces, 1, pieces), first)
            for partitions, task in steps:
                data = _mapped(data.repartitionById(partitions, "partition"), task)
            return data.toArrow()

        with quiet():
            table = waited_for(run)
        yield from unpacked(table.to_batches())


@dataclass(frozen=True)
class Carry:
    """Finds what is to be carried in pieces of a log."""

    pieces: tuple[Piece, ...]
    stages: tuple[Stage, ...]

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels: the stage as the partition, the condition as the kind."""
        carrying = Carrying(self.stages)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                for frame in self.pieces[number].frames():
                    carrying.add(frame)
        yield from packed(Parcel(*part) for part in carrying.parts())


def by_spark(session: "SparkSession") -> BySpark:
    """What moves rows in a session, whose settings are the caller's own."""
    with put_off():
        for name, value in BLOBS.items():
            session.conf.set(name, value)
    return BySpark(session)


def _mapped(data: "DataFrame", task: Task) -> "DataFrame":
    def run(batches: Iterable[Any]) -> Iterator[Any]:
        yield from task(batches)
        set_modules_aside()

    # Of an object that can be called Spark would not know how many arguments it takes.
    return data.mapInArrow(run, ROW)
