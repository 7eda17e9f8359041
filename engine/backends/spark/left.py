"""What tasks find: left where they are, by part of the log, until the part's events take it up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

import numpy as np
import polars as pl

from engine.backends.spark.failing import left_at, lost_rows
from engine.backends.spark.rows import PLACE, Parcel, dealt, of_bytes

_TOLD: Final = 0  # the kind of what is told of files
_WHERE: Final = pl.Schema(
    {
        "part": pl.Int64(),
        "stage": pl.Int64(),
        "file": pl.String(),
        "start": pl.Int64(),
        "size": pl.Int64(),
    }
)


class Leave(Protocol):
    """What becomes of what is found."""

    def __call__(self, found: Iterable[tuple[int, pl.DataFrame]]) -> Iterator[Parcel]:
        """Take frames of stages, and give them or tell where they are."""
        ...


@dataclass(frozen=True, slots=True)
class AsItIs:
    """It is given as it is, with the stage as the kind, for a log of one part."""

    def __call__(self, found: Iterable[tuple[int, pl.DataFrame]]) -> Iterator[Parcel]:
        """See ``Leave``."""
        return (Parcel(0, stage, rows) for stage, rows in found)


@dataclass(frozen=True, slots=True)
class ToFiles:
    """It stays where it is, in files that all tasks see, and of these is told.

    Parameters
    ----------
    folder
        Where to write them.
    firsts
        (parts,) the place at which each part of the log begins.
    """

    folder: Path
    firsts: tuple[int, ...]

    def __call__(self, found: Iterable[tuple[int, pl.DataFrame]]) -> Iterator[Parcel]:
        """See ``Leave``: a parcel tells which rows are where in a file."""
        firsts = np.array(self.firsts, dtype=np.int64)
        held: dict[tuple[int, int], list[pl.DataFrame]] = {}
        for stage, rows in found:
            parts = np.searchsorted(firsts, rows[PLACE].to_numpy(), side="right") - 1
            for parcel in dealt(rows, parts, stage):
                held.setdefault((parcel.partition, stage), []).append(parcel.frame)
        if not held:
            return
        # A task that is tried again writes a file of its own, and is the one that tells. It is one
        # for all parts: tasks times parts would be more files than a file system likes.
        name = f"{uuid4().hex}.arrows"
        where: list[tuple[int, int, str, int, int]] = []
        # Without a buffer of Python's, so that polars writes into the file itself.
        with (self.folder / name).open("wb", buffering=0) as file:
            for part, stage in sorted(held):
                start = file.tell()
                pl.concat(held.pop((part, stage))).write_ipc_stream(file)
                where.append((part, stage, name, start, file.tell() - start))
        yield Parcel(0, _TOLD, pl.DataFrame(where, schema=_WHERE, orient="row"))


@dataclass(frozen=True, slots=True)
class Left:
    """What all tasks have found of a part of the log.

    Parameters
    ----------
    told
        A file that says what is where, by part and stage; all tasks see it.
    start, files
        From which of its rows on, and how many of them, are about this part.
    stages
        How many stages there are.
    """

    told: Path
    start: int
    files: int
    stages: int

    def rows(self) -> list[pl.DataFrame]:
        """By stage, the rows of the part in the order of arrival.

        Raises
        ------
        OutputError
            If some of it is not there.
        """
        where = pl.scan_ipc(left_at(self.told)).slice(self.start, self.files).collect()
        found: list[list[pl.DataFrame]] = [[] for _ in range(self.stages)]
        for _, stage, name, start, size in where.iter_rows():
            found[stage].append(_read(self.told.parent / name, start, size))
        most = max(sum(map(len, frames)) for frames in found)
        if not all(found):
            raise lost_rows(0, most)
        return [by_place(frames) for frames in found]


def by_place(found: list[pl.DataFrame]) -> pl.DataFrame:
    """What several tasks have found of a part by one stage, in the order of arrival."""
    rows = pl.concat(found, rechunk=True)
    places = rows[PLACE].to_numpy()
    least = int(places.min())
    # Places are nearly without gaps, so that they tell where each row belongs.
    order = np.full(int(places.max()) - least + 1, -1, dtype=np.int64)
    order[places - least] = np.arange(len(rows))
    return rows[order[order >= 0]]


def left_of(told: Iterable[Parcel], folder: Path, stages: int) -> dict[int, Left]:
    """Of each part with events, where what was found of it is, as tasks have told."""
    where = pl.concat([pl.DataFrame(schema=_WHERE), *(parcel.frame for parcel in told)])
    where = where.sort("part", "stage", "file", "start")
    file = folder / "found.arrow"
    where.write_ipc(file)
    counts = where.group_by("part", maintain_order=True).len()
    left, start = {}, 0
    for part, files in counts.iter_rows():
        left[part] = Left(file, start, files, stages)
        start += files
    return left


def _read(path: Path, start: int, size: int) -> pl.DataFrame:
    with left_at(path).open("rb", buffering=0) as file:
        file.seek(start)
        return of_bytes(file.read(size))
