"""A feature set over a log in pieces, as jobs of Spark."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from engine.backends.polars.plan import Plan
from engine.backends.spark.carried import Carrying
from engine.backends.spark.cut import Sample, Sizes, Stage, cut, kept_after
from engine.backends.spark.rows import PLACE, ROW, Parcel, packed, unpacked
from engine.backends.spark.session import quiet, waited_for
from engine.backends.spark.tasks import Compute, Finish, Order, Piece, Read, Route, ToPlace, ToStage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Task = Callable[[Iterable[Any]], Iterator[Any]]

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
    """

    plan: Plan
    passed: tuple[str, ...]
    pieces: tuple[Piece, ...]
    sample: Sample
    rows: int
    places: int
    sizes: Sizes

    def run(self, session: "SparkSession", folder: Path | None) -> Iterator[pl.DataFrame]:
        """What the tasks that put the features in order give back, in order; see ``Order``."""
        stages = cut(self.plan, self.sample, self.rows, self.sizes)
        carrying = self._carrying(session, stages)
        with quiet():
            ordered = self._ordered(session, stages, carrying, folder)
        return _collected(ordered)

    def _ordered(
        self,
        session: "SparkSession",
        stages: tuple[Stage, ...],
        carrying: Carrying,
        folder: Path | None,
    ) -> "DataFrame":
        places = self.sizes.partitions(self.rows)
        last = ToPlace(self.places, places)
        routes: list[Route] = [*map(ToStage, stages), last]
        finish = Finish(self.plan, self.passed)
        data = _mapped(
            _numbers(session, len(self.pieces)),
            Read(self.pieces, routes[0], None if stages else finish),
        )
        for number, stage in enumerate(stages):
            is_last = number + 1 == len(stages)
            compute = Compute(
                stage,
                carrying.carried(number),
                self._kept(stages, number),
                routes[number + 1],
                finish if is_last else None,
            )
            data = _mapped(data.repartitionById(stage.partitions, "partition"), compute)
        return _mapped(data.repartitionById(places, "partition"), Order(folder))

    def _kept(self, stages: tuple[Stage, ...], number: int) -> tuple[str, ...]:
        """What travels on from a stage, of an event and of what was found before."""
        wanted = kept_after(self.plan, stages, number + 1)
        columns = (name for name in self.plan.columns if name in wanted)
        found = (name for stage in stages[:number] for name in stage.names)
        return tuple(dict.fromkeys((PLACE, *self.passed, *columns, *found)))

    def _carrying(self, session: "SparkSession", stages: tuple[Stage, ...]) -> Carrying:
        carrying = Carrying(stages)
        if not carrying:
            return carrying
        with quiet():
            found = _mapped(
                _numbers(session, len(self.pieces)),
                Carry(self.pieces, stages),
            )
        for parcel in _parcels(found):
            carrying.join(parcel.partition, parcel.kind, parcel.frame)
        return carrying


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


def _mapped(data: "DataFrame", task: Task) -> "DataFrame":
    def run(batches: Iterable[Any]) -> Iterator[Any]:
        return task(batches)

    # Of an object that can be called Spark would not know how many arguments it takes.
    return data.mapInArrow(run, ROW)


def _numbers(session: "SparkSession", count: int) -> "DataFrame":
    return session.range(0, count, 1, count)


def _parcels(data: "DataFrame") -> Iterator[Parcel]:
    with quiet():
        table = waited_for(data.toArrow)
    yield from unpacked(table.to_batches())


def _collected(data: "DataFrame") -> Iterator[pl.DataFrame]:
    parcels = sorted(_parcels(data), key=lambda parcel: parcel.partition)
    for parcel in parcels:
        yield parcel.frame
