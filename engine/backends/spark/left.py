"""What tasks find: left where they are, by part of the log, until the part's events take it up."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

import numpy as np
import polars as pl

from engine.backends.spark.rows import PLACE, Parcel, dealt, of_bytes

Where = tuple[Path, int, int]  # a file, from where on, how many bytes
_STAGE: Final = 0  # dealt by the part; the stage is put in where the parcel is told of


class Leave(Protocol):
    """What becomes of what is found."""

    def __call__(self, found: Iterable[tuple[int, pl.DataFrame]]) -> Iterator[Parcel]:
        """Take frames of stages; what is given tells of a part (``partition``) and a stage."""
        ...


@dataclass(frozen=True, slots=True)
class AsItIs:
    """It is given as it is, for a log of one part."""

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
        """See ``Leave``; a parcel's frame says where in which file the rows are."""
        firsts = np.array(self.firsts, dtype=np.int64)
        held: dict[tuple[int, int], list[pl.DataFrame]] = {}
        for stage, rows in found:
            parts = np.searchsorted(firsts, rows[PLACE].to_numpy(), side="right") - 1
            for parcel in dealt(rows, parts, _STAGE):
                held.setdefault((parcel.partition, stage), []).append(parcel.frame)
        if not held:
            return
        # A task that is tried again writes a file of its own, and is the one that tells. It is one
        # for all parts: tasks times parts would be more files than a file system likes.
        name = f"{uuid4().hex}.arrows"
        # Without a buffer of Python's, so that polars writes into the file itself.
        with (self.folder / name).open("wb", buffering=0) as file:
            for part, stage in sorted(held):
                start = file.tell()
                pl.concat(held.pop((part, stage))).write_ipc_stream(file)
                where = {"file": [name], "start": [start], "size": [file.tell() - start]}
                yield Parcel(part, stage, pl.DataFrame(where))


@dataclass(frozen=True, slots=True)
class Left:
    """What all tasks have found of a part of the log.

    Parameters
    ----------
    by_stage
        By stage, in which files it is.
    """

    by_stage: tuple[tuple[Where, ...], ...]

    def rows(self) -> list[pl.DataFrame]:
        """By stage, the rows of the part in the order of arrival."""
        return [by_place([_read(*where) for where in files]) for files in self.by_stage]


def by_place(found: list[pl.DataFrame]) -> pl.DataFrame:
    """What several tasks have found of a part by one stage, in the order of arrival."""
    rows = pl.concat(found, rechunk=True)
    places = rows[PLACE].to_numpy()
    least = int(places.min())
    # Places are nearly without gaps, so that they tell where each row belongs.
    order = np.full(int(places.max()) - least + 1, -1, dtype=np.int64)
    order[places - least] = np.arange(len(rows))
    return rows[order[order >= 0]]


def left_of(told: Iterable[Parcel], folder: Path, stages: int) -> Mapping[int, Left]:
    """Of each part with events, where what was found of it is."""
    files: dict[int, list[list[Where]]] = {}
    for parcel in told:
        of_part = files.setdefault(parcel.partition, [[] for _ in range(stages)])
        name, start, size = parcel.frame.row(0)
        of_part[parcel.kind].append((folder / name, start, size))
    return {part: Left(tuple(map(tuple, files[part]))) for part in sorted(files)}


def _read(path: Path, start: int, size: int) -> pl.DataFrame:
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        return of_bytes(file.read(size))
