"""A first look at a log in pieces: what became of its rows, a sample, and the hashes of its ids.

All that is large stays where the tasks are: rows that were refused go to files that all of them
see, and hashes to the tasks that look for repeated ones.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final, Self
from uuid import uuid4

import numpy as np
import polars as pl

from engine.backends.polars.codes import hold_text_codes
from engine.backends.spark.cut import Base, key_hashes
from engine.backends.spark.pieces import RowGroups
from engine.backends.spark.rows import BATCH_ROWS, PLACE, Parcel, dealt, packed
from engine.backends.spark.sampling import Sampling
from engine.errors import SentinelError
from engine.events.canonical import EVENT_ID
from engine.events.log import regrouped
from engine.events.order import OrderWatch
from engine.events.raw import no_bad_rows

# What a parcel holds.
IDS: Final = 0  # hashes of event ids and places
TOLD: Final = 1  # what is told of a piece
SAMPLED: Final = 2  # some rows of a piece

HASH: Final = "hash"
_ID: Final = (EVENT_ID,)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a piece's rows.

    Parameters
    ----------
    piece
        Its number.
    kept, rounded
        As in ``engine.events.log.Counts``, of the piece.
    late
        How many events lie before one that arrived earlier, as far as that is known.
    least, latest
        The first and the last event_time; None without events.
    bad
        The name of the file with the rows that were refused; None if there are none.
    what, hint
        Of the error, where the piece could not be read.
    """

    piece: int
    kept: int = 0
    rounded: int = 0
    late: int = 0
    least: int | None = None
    latest: int | None = None
    bad: str | None = None
    what: str | None = None
    hint: str | None = None

    def frame(self) -> pl.DataFrame:
        """As it travels."""
        return pl.DataFrame([asdict(self)], schema=_TOLD)

    @classmethod
    def of_frame(cls, frame: pl.DataFrame) -> Iterator[Self]:
        """Those of a frame, as they were before they travelled."""
        return (cls(**row) for row in frame.iter_rows(named=True))


_TOLD: Final = pl.Schema(
    {name: pl.Int64() for name in ("piece", "kept", "rounded", "late", "least", "latest")}
    | {name: pl.String() for name in ("bad", "what", "hint")}
)


class Times:
    """The times of a piece's events as they pass.

    Parameters
    ----------
    before
        The latest time of the pieces before it; None if that is not looked at.
    """

    def __init__(self, before: int | None) -> None:
        self.kept = self.late = 0
        self.least: int | None = None
        self.latest: int | None = None
        self._order = OrderWatch()
        if before is not None:
            self._order.observe(pl.Series([before], dtype=pl.Int64))

    def add(self, times: pl.Series) -> None:
        """Take in the next events'."""
        if not len(times):
            return
        ticks = times.to_numpy()
        least, latest = int(ticks.min()), int(ticks.max())
        self.least = least if self.least is None else min(self.least, least)
        self.latest = latest if self.latest is None else max(self.latest, latest)
        self.kept += len(times)
        self.late += self._order.observe(times)


@dataclass(frozen=True)
class Survey:
    """Looks at pieces, whose numbers Spark tells.

    Parameters
    ----------
    pieces
        The log.
    groups
        Which pieces a task looks at.
    folder
        Where files go that all tasks see.
    bases
        The keys that are to be known of a sample's rows.
    every
        Every so many rows are in the sample.
    parts
        Into how many parts the hashes of event ids are dealt.
    """

    pieces: tuple[RowGroups, ...]
    groups: tuple[range, ...]
    folder: Path
    bases: tuple[Base, ...]
    every: int
    parts: int
    doing: ClassVar[str] = "survey"

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels: ``IDS`` by part, the others for part 0."""
        _held = hold_text_codes()
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from packed(self._looked_at(self.groups[number]))

    def _looked_at(self, numbers: range) -> Iterator[Parcel]:
        told: list[Told] = []
        sampled: list[pl.DataFrame] = []
        ids = chain.from_iterable(self._ids(number, told, sampled) for number in numbers)
        for some in regrouped(ids, BATCH_ROWS):
            hashes = some[HASH].to_numpy()
            to = ((hashes >> np.uint64(1)) % np.uint64(self.parts)).astype(np.int64)
            yield from dealt(some, to, IDS)
        yield Parcel(0, TOLD, pl.concat([each.frame() for each in told]))
        yield Parcel(0, SAMPLED, pl.concat(sampled))

    def _ids(
        self, number: int, told: list[Told], sampled: list[pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """Places and hashes of a piece's ids; what else is found is put into the lists."""
        piece = self.pieces[number]
        time = piece.reading.schema.event_time
        times, rounded, bad = Times(None), 0, [no_bad_rows()]
        sampling = Sampling(time, self.bases, most=piece.rows)
        try:
            for places, batch in piece.batches():
                rounded += batch.rounded
                bad.append(batch.bad)
                times.add(batch.events[time])
                sampling.add(batch.events.filter(places % self.every == 0))
                hashes = pl.Series(HASH, key_hashes(batch.events, _ID))
                yield pl.DataFrame([places.alias(PLACE), hashes])
        except SentinelError as error:
            # An error of ours is to be raised where it is heard, without what Spark adds to it.
            told.append(Told(number, what=error.what, hint=error.hint))
        else:
            left = self._left(bad)
            seen = (times.kept, rounded, times.late, times.least, times.latest)
            told.append(Told(number, *seen, left))
        sampled.append(sampling.frame())

    def _left(self, bad: list[pl.DataFrame]) -> str | None:
        rows = pl.concat(bad)
        if not len(rows):
            return None
        name = f"bad-{uuid4().hex}.arrow"
        rows.write_ipc(self.folder / name)
        return name


@dataclass(frozen=True)
class LookAgain:
    """Looks at the times of pieces once more.

    Parameters
    ----------
    pieces
        The log, without what arrived before.
    numbers
        The pieces to look at.
    groups
        Which of these a task looks at.
    before
        By piece, the latest time before it; if it is not there, that is not looked at.
    """

    pieces: tuple[RowGroups, ...]
    numbers: tuple[int, ...]
    groups: tuple[range, ...]
    before: Mapping[int, int]
    doing: ClassVar[str] = "look at times again"

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels ``TOLD``; of a piece, its times and how many events it has."""
        for batch in batches:
            for group in batch.column(0).to_pylist():
                told = [self._told(self.numbers[place]).frame() for place in self.groups[group]]
                yield from packed([Parcel(0, TOLD, pl.concat(told))])

    def _told(self, number: int) -> Told:
        times = Times(self.before.get(number))
        piece = self.pieces[number]
        for _, read in piece.batches():
            times.add(read.events[piece.reading.schema.event_time])
        return Told(
            number, kept=times.kept, late=times.late, least=times.least, latest=times.latest
        )
