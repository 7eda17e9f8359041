"""Event ids that occur twice in a log in pieces: of the events with one id the first stays.

Hashes of ids meet first, of which few are equal as a rule; only of the events that share one do the
ids themselves meet then, for equal hashes need not mean equal ids.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final
from uuid import uuid4

import numpy as np
import polars as pl

from engine.backends.spark.cut import key_hashes
from engine.backends.spark.pieces import RowGroups
from engine.backends.spark.rows import BATCH_ROWS, PLACE, Parcel, dealt, packed, unpacked
from engine.backends.spark.survey import HASH, IDS
from engine.events.canonical import EVENT_ID
from engine.events.duplicates import repeats
from engine.events.log import regrouped

# What a parcel holds, beside those of the survey.
LEFT: Final = 3  # the name of a file with places, and the pieces that these are of
_FILE: Final = "file"
_PIECE: Final = "piece"


@dataclass(frozen=True, slots=True)
class ToPieces:
    """Leaves places in a file that all tasks see, and tells which pieces they are of.

    Parameters
    ----------
    folder
        Where to.
    firsts
        (pieces,) the first place of each.
    """

    folder: Path
    firsts: tuple[int, ...]

    def __call__(self, places: pl.Series) -> Iterator[Parcel]:
        """A parcel ``LEFT`` if there are places."""
        if not len(places):
            return
        rows = places.sort()
        firsts = np.array(self.firsts, dtype=np.int64)
        pieces = np.unique(np.searchsorted(firsts, rows.to_numpy(), side="right") - 1)
        # A task that is tried again writes a file of its own, and is the one that tells.
        name = f"places-{uuid4().hex}.arrow"
        rows.to_frame().write_ipc(self.folder / name)
        yield Parcel(0, LEFT, pl.DataFrame({_FILE: name, _PIECE: pieces}))


@dataclass(frozen=True)
class FindHashes:
    """Of the hashes that met, finds where those are that occur twice; passes on all else."""

    to: ToPieces

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels ``LEFT`` and what the survey told."""
        yield from packed(self._found(batches))

    def _found(self, batches: Iterable[Any]) -> Iterator[Parcel]:
        # A task may be given several parts: equal hashes are in the same.
        met: list[pl.DataFrame] = []
        for parcel in unpacked(batches):
            if parcel.kind == IDS:
                met.append(parcel.frame)
            else:
                yield parcel
        if not met:
            return
        rows = pl.concat(met)
        again = repeats(rows[HASH].to_numpy())
        if len(again):
            shared = np.isin(rows[HASH].to_numpy(), again)
            yield from self.to(rows.filter(pl.Series(shared))[PLACE])


@dataclass(frozen=True)
class ReadIds:
    """Reads the ids of events at given places.

    Parameters
    ----------
    pieces
        The log.
    at
        By piece, the files with the places.
    groups
        Which of them a task reads.
    parts
        Into how many parts the ids are dealt.
    """

    pieces: tuple[RowGroups, ...]
    at: tuple[tuple[int, tuple[Path, ...]], ...]
    groups: tuple[range, ...]
    parts: int
    doing: ClassVar[str] = "look for repeated ids"

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels ``IDS`` by part."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from packed(self._dealt(self.groups[number]))

    def _dealt(self, group: range) -> Iterator[Parcel]:
        rows = chain.from_iterable(self._ids(*self.at[place]) for place in group)
        for some in regrouped(rows, BATCH_ROWS):
            hashes = key_hashes(some, (EVENT_ID,)) >> np.uint64(1)
            yield from dealt(some, (hashes % np.uint64(self.parts)).astype(np.int64), IDS)

    def _ids(self, number: int, files: tuple[Path, ...]) -> Iterator[pl.DataFrame]:
        piece = self.pieces[number]
        wanted = piece.own(files).to_numpy()
        for places, batch in piece.batches():
            is_wanted = pl.Series(np.isin(places.to_numpy(), wanted))
            ids = batch.events.select(EVENT_ID)
            yield ids.with_columns(places.alias(PLACE)).filter(is_wanted)


@dataclass(frozen=True)
class FindIds:
    """Of the ids that met, finds where those are that arrived before."""

    to: ToPieces

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels ``LEFT``."""
        met = [parcel.frame for parcel in unpacked(batches)]
        if met:
            rows = pl.concat(met).sort(PLACE)
            yield from packed(self.to(rows.filter(~rows[EVENT_ID].is_first_distinct())[PLACE]))


def left_in(parcels: Iterable[Parcel], folder: Path) -> dict[int, tuple[Path, ...]]:
    """By piece, the files that were left of it."""
    files: dict[int, list[Path]] = {}
    for parcel in parcels:
        if parcel.kind == LEFT:
            for name, piece in parcel.frame.select(_FILE, _PIECE).iter_rows():
                files.setdefault(piece, []).append(folder / name)
    return {piece: tuple(files[piece]) for piece in sorted(files)}
