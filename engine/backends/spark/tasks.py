"""What Spark's tasks do first: read, and compute where rows meet. Each takes and gives parcels.

They are objects rather than closures: what a task is made of is listed, and pickled by name.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from typing import Any, ClassVar, Final, Protocol

import numpy as np
import polars as pl

from engine.backends.polars.chunks import stream_windowed
from engine.backends.polars.codes import hold_text_codes
from engine.backends.spark.cut import Stage, is_of, key_hashes, seen_since
from engine.backends.spark.left import Leave
from engine.backends.spark.rows import (
    BATCH_ROWS,
    CORE,
    PAST,
    PLACE,
    Parcel,
    dealt,
    in_order,
    of_bytes,
    packed,
    unpacked,
)
from engine.events.log import regrouped

CHUNK_ROWS: Final = 131_072
_NOWHERE: Final = -1


class Piece(Protocol):
    """A part of a log, which some task reads."""

    @property
    def first(self) -> int:
        """The place of its first row."""
        ...

    @property
    def end(self) -> int:
        """The place behind that of its last row."""
        ...

    def frames(self) -> Iterator[pl.DataFrame]:
        """Its canonical frames with ``PLACE``, in the order of arrival."""
        ...


def frames_of(pieces: Iterable[Piece]) -> Iterator[pl.DataFrame]:
    """Their frames, of many rows each as far as there are."""
    return regrouped(chain.from_iterable(piece.frames() for piece in pieces), BATCH_ROWS)


def grouped(sizes: Iterable[int], most: int) -> tuple[range, ...]:
    """Neighbours put together while they have no more rows than that, as ranges of places."""
    groups: list[range] = []
    held = most
    for place, size in enumerate(sizes):
        if groups and held + size <= most:
            groups[-1] = range(groups[-1].start, place + 1)
            held += size
        else:
            groups.append(range(place, place + 1))
            held = size
    return tuple(groups)


@dataclass(frozen=True)
class Stages:
    """The stages of a job, whose partitions are numbered one stage after the other.

    Parameters
    ----------
    all
        The stages.
    """

    all: tuple[Stage, ...]

    @cached_property
    def firsts(self) -> tuple[int, ...]:
        """The first partition of each, and in the end how many partitions there are."""
        return tuple(accumulate((stage.partitions for stage in self.all), initial=0))

    def of(self, partition: int) -> int:
        """The stage that a partition is of."""
        return bisect_right(self.firsts, partition) - 1

    def parcels(self, frames: Iterable[pl.DataFrame]) -> Iterator[Parcel]:
        """What each stage looks at of some rows, by partition."""
        for rows in frames:
            for first, stage in zip(self.firsts, self.all, strict=False):
                for parcel in _dealt(stage, rows):
                    yield Parcel(first + parcel.partition, parcel.kind, parcel.frame)


def _dealt(stage: Stage, rows: pl.DataFrame) -> Iterator[Parcel]:
    """Rows go where the others of their key are, and to the slices that see them."""
    times = rows[stage.plan.schema.event_time].to_numpy()
    hashes = key_hashes(rows, stage.base)
    target = np.zeros(len(rows), dtype=np.int64)
    if stage.spread > 1:
        # A row without a key can be anywhere, and many of them are best spread.
        own = np.where(hashes == 0, rows[PLACE].to_numpy().view(np.uint64), hashes >> 1)
        target = (own % np.uint64(stage.spread)).astype(np.int64)
    for hot in stage.hot:
        ours = is_of(hot, hashes)
        if not ours.any():
            continue
        slices = np.searchsorted(np.array(hot.cuts, dtype=np.int64), times, side="right")
        target = np.where(ours, hot.first + slices, target)
        for number, at in enumerate(hot.cuts, start=1):
            seen = ours & (times < at) & (times >= seen_since(at, stage.reach))
            if seen.any():
                to = np.where(seen, hot.first + number, _NOWHERE)
                yield from dealt(rows.select(PLACE, *stage.plan.history), to, PAST)
    # What travels is what the stage looks at: the rest of an event is read again where it is.
    yield from dealt(rows.select(PLACE, *_looked_at(stage)), target, CORE)


def _looked_at(stage: Stage) -> dict[str, None]:
    return dict.fromkeys((*stage.plan.history, *stage.plan.columns))


@dataclass(frozen=True)
class Read:
    """Reads pieces of a log; Spark tells which, by the numbers of groups.

    Parameters
    ----------
    pieces
        The log.
    groups
        Which pieces a task reads, one after the other.
    stages
        Where their rows go.
    """

    pieces: tuple[Piece, ...]
    groups: tuple[range, ...]
    stages: Stages
    doing: ClassVar[str] = "compute"

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """See ``packed``."""
        _held = hold_text_codes()
        for batch in batches:
            for number in batch.column(0).to_pylist():
                pieces = (self.pieces[place] for place in self.groups[number])
                yield from packed(self.stages.parcels(frames_of(pieces)))


@dataclass(frozen=True)
class Compute:
    """Computes what a stage finds of the rows that met in its partitions.

    Parameters
    ----------
    stages
        All stages.
    carried
        By partition, the rows before a slice that are the last of something, as bytes.
    leave
        What becomes of what is found: the place of each event, and the stage's columns.
    """

    stages: Stages
    carried: Mapping[int, bytes]
    leave: Leave

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """See ``packed``."""
        _held = hold_text_codes()
        yield from packed(self.leave(self._found(batches)))

    def _found(self, batches: Iterable[Any]) -> Iterator[tuple[int, pl.DataFrame]]:
        parts: dict[int, dict[int, list[pl.DataFrame]]] = {}
        for parcel in unpacked(batches):
            parts.setdefault(parcel.partition, {}).setdefault(parcel.kind, []).append(parcel.frame)
        for partition in sorted(parts):
            number = self.stages.of(partition)
            for rows in self._computed(self.stages.all[number], partition, parts.pop(partition)):
                yield number, rows

    def _computed(
        self, stage: Stage, partition: int, parts: dict[int, list[pl.DataFrame]]
    ) -> Iterator[pl.DataFrame]:
        if CORE not in parts:
            return
        plan = stage.plan
        time = plan.schema.event_time
        core = in_order(parts.pop(CORE), time)
        past = parts.pop(PAST, [])
        if partition in self.carried:
            past.append(of_bytes(self.carried[partition]))
        rows, before = core, 0
        if past:
            seen = in_order(past, time)
            rows, before = pl.concat([seen, core], how="diagonal"), len(seen)
        chunks = (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))
        for found in stream_windowed(plan, chunks, names=stage.names, passed=(PLACE,)):
            # The values of what is past are those of a shortened history, and nobody's concern.
            new = found[before:] if before else found
            before = max(0, before - len(found))
            if len(new):
                yield new
