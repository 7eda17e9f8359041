"""The backend's two ways in: a whole log in memory, and a log in time order through files."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import polars as pl

from engine.backends.polars.codes import hold_text_codes
from engine.backends.polars.plan import Plan, compile_features
from engine.backends.spark.cut import Sizes, bases_of
from engine.backends.spark.job import Job, Moves, by_spark
from engine.backends.spark.parts import as_arrow
from engine.backends.spark.placed import placed
from engine.backends.spark.rows import cut_up, of_bytes, to_bytes
from engine.backends.spark.sampling import Sampling
from engine.backends.spark.session import session, shared_session
from engine.definition.nodes import FeatureSet
from engine.events.canonical import feature_schema
from engine.events.disk import own_folder, writing

PIECE_ROWS: Final = 524_288

_compiled = lru_cache(maxsize=32)(compile_features)


@dataclass(frozen=True)
class InMemory:
    """A piece of a log that goes with the task."""

    content: bytes
    end: int
    first: int = 0

    def frames(self) -> Iterator[pl.DataFrame]:
        """See ``tasks.Piece``."""
        yield of_bytes(self.content)


@dataclass(frozen=True)
class Staged:
    """A piece of a log in a file that all tasks see."""

    path: Path
    first: int
    end: int

    def frames(self) -> Iterator[pl.DataFrame]:
        """See ``tasks.Piece``."""
        yield from cut_up(pl.read_ipc(self.path))


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame; see ``engine.backends.Backend.compute``."""
    if not len(events):
        return pl.DataFrame(schema=feature_schema(features))
    return compute_by(by_spark(shared_session()), features, events)


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,
    memory: int,
    scratch: Path,
) -> Iterator[pl.DataFrame]:
    """Features of a log in time order; see ``engine.backends.Backend.stream``.

    The batches are staged in ``scratch``, which every task has to see, and so are the results.
    """
    # Tasks may start in folders of their own.
    folder = own_folder(scratch).resolve()
    staged = stage(_compiled(features), batches, passed, folder)
    if staged is None:
        return
    with session(threads=threads, memory=memory, scratch=scratch) as spark:
        sizes = Sizes(spark.sparkContext.defaultParallelism)
        yield from staged.features(by_spark(spark), sizes)


def compute_by(moves: Moves, features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame of one row or more, whoever moves its rows.

    It is cut as small as it goes, so that whatever is done with logs is done with any frame.
    """
    plan = _compiled(features)
    held = hold_text_codes()
    rows = placed(plan, events, (), 0)
    sampling = _sampling(plan)
    sampling.add(rows)
    job = Job(
        plan,
        passed=(),
        pieces=(InMemory(to_bytes(rows), len(rows)),),
        sample=sampling.sample(),
        rows=len(rows),
        sizes=Sizes(cores=2, rows=len(rows), reach=0.0),
    )
    found = job.compute(moves)
    del held
    return found


@dataclass(frozen=True)
class StagedLog:
    """A log in files, in time order.

    Parameters
    ----------
    plan, passed
        What is computed.
    pieces, sampling
        Its files, and what is known of it.
    folder
        Where they are, and where the features go.
    """

    plan: Plan
    passed: tuple[str, ...]
    pieces: tuple[Staged, ...]
    sampling: Sampling
    folder: Path

    def features(self, moves: Moves, sizes: Sizes) -> Iterator[pl.DataFrame]:
        """What is passed and the features, in order."""
        sample, rows = self.sampling.sample(), self.sampling.rows
        job = Job(self.plan, self.passed, self.pieces, sample, rows, sizes)
        for part in job.write(moves, self.folder, own_folder(self.folder), as_arrow):
            yield from cut_up(pl.read_ipc(part.file))


def stage(
    plan: Plan,
    batches: Iterable[pl.DataFrame],
    passed: tuple[str, ...],
    folder: Path,
    *,
    rows: int = PIECE_ROWS,
) -> StagedLog | None:
    """Batches put into files of a folder, of so many rows at least; None if they hold no row."""
    sampling = _sampling(plan)
    pieces = tuple(_staged(plan, batches, passed, folder, sampling, rows))
    return StagedLog(plan, passed, pieces, sampling, folder) if pieces else None


def _staged(
    plan: Plan,
    batches: Iterable[pl.DataFrame],
    passed: tuple[str, ...],
    folder: Path,
    sampling: Sampling,
    least: int,
) -> Iterator[Staged]:
    """The batches in files, of many rows each."""
    held: list[pl.DataFrame] = []
    first = 0
    number = 0
    for batch in batches:
        if not len(batch):
            continue
        rows = placed(plan, batch, passed, sampling.rows)
        sampling.add(rows)
        held.append(rows)
        if sampling.rows - first >= least:
            yield _written(held, folder / f"piece-{number:06d}.arrow", first)
            held, first, number = [], sampling.rows, number + 1
    if held:
        yield _written(held, folder / f"piece-{number:06d}.arrow", first)


def _written(frames: list[pl.DataFrame], path: Path, first: int) -> Staged:
    rows = pl.concat(frames)
    with writing(path):
        rows.write_ipc(path)
    return Staged(path, first, first + len(rows))


def _sampling(plan: Plan) -> Sampling:
    return Sampling(plan.schema.event_time, bases_of(plan))
