"""Results: left by the tasks that compute them, then put in order and written, part by part."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import polars as pl

from engine.backends.spark.rows import (
    CORE,
    PLACE,
    Parcel,
    cut_up,
    dealt,
    in_order,
    of_bytes,
    packed,
)
from engine.sink import write_frames


@dataclass(frozen=True, slots=True)
class ToFiles:
    """Rows stay where they are, in files that all tasks see, and of these is told.

    Features are several times as many bytes as what they are made of: nobody moves them.

    Parameters
    ----------
    folder
        Where to write them.
    places
        One more than the greatest place.
    parts
        Into how many even parts, by place, the rows are put.
    """

    folder: Path
    places: int
    parts: int

    def __call__(self, frames: Iterable[pl.DataFrame]) -> Iterator[Parcel]:
        """See ``tasks.Route``; a parcel's frame says where in which file its rows are."""
        width = max(1, -(-self.places // self.parts))
        held: dict[int, list[pl.DataFrame]] = {}
        for rows in frames:
            for parcel in dealt(rows, rows[PLACE].to_numpy() // width, CORE):
                held.setdefault(parcel.partition, []).append(parcel.frame)
        if not held:
            return
        # A task that is tried again writes a file of its own, and is the one that tells. It is one
        # for all parts: tasks times parts would be more files than a file system likes.
        name = f"{uuid4().hex}.arrows"
        # Without a buffer of Python's, so that polars writes into the file itself.
        with (self.folder / name).open("wb", buffering=0) as file:
            for part in sorted(held):
                start = file.tell()
                pl.concat(held.pop(part)).write_ipc_stream(file)
                where = {"file": [name], "start": [start], "size": [file.tell() - start]}
                yield Parcel(part, CORE, pl.DataFrame(where))


@dataclass(frozen=True, slots=True)
class Part:
    """An even part of the log's results, as tasks have left it.

    Parameters
    ----------
    number
        Its number, in the order of arrival.
    left
        In which files, from where on and in how many bytes.
    """

    number: int
    left: tuple[tuple[Path, int, int], ...]

    def rows(self) -> pl.DataFrame:
        """Its rows, by place."""
        return in_order([_read(*where) for where in self.left], PLACE)


@dataclass(frozen=True, slots=True, order=True)
class Written:
    """A part of the results that has been written.

    Parameters
    ----------
    number
        As of ``Part``.
    file
        Where it is.
    rows
        How many it holds.
    """

    number: int
    file: Path
    rows: int

    @classmethod
    def of(cls, parcel: Parcel, folder: Path) -> Self:
        """What a task told of."""
        name, rows = parcel.frame.row(0)
        return cls(parcel.partition, folder / name, rows)


@dataclass(frozen=True)
class Write:
    """Puts parts in order and writes each as Parquet; Spark tells which, by their place."""

    parts: tuple[Part, ...]
    into: Path

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels: the part as the partition, in the frame the name of the file and its rows."""
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from packed([self._written(self.parts[place])])

    def _written(self, part: Part) -> Parcel:
        rows = part.rows().drop(PLACE)
        name = f"{uuid4().hex}.parquet"  # see ToFiles
        count = write_frames(cut_up(rows), self.into / name)
        return Parcel(part.number, CORE, pl.DataFrame({"file": [name], "rows": [count]}))


def parts_left(parcels: Iterable[Parcel], folder: Path) -> list[Part]:
    """The parts that tasks have told of, in the order of arrival."""
    left: dict[int, list[tuple[Path, int, int]]] = {}
    for parcel in parcels:
        name, start, size = parcel.frame.row(0)
        left.setdefault(parcel.partition, []).append((folder / name, start, size))
    return [Part(number, tuple(sorted(left[number]))) for number in sorted(left)]


def _read(path: Path, start: int, size: int) -> pl.DataFrame:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        return of_bytes(file.read(size))
