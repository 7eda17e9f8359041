"""Watching whether an event id occurs twice in a log, in flat memory."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import polars as pl

from engine.compiled import HASHES, SCATTER, UPPER_HALF, compiled
from engine.events.disk import writing

Hasher = Callable[[pl.Series], pl.Series]
_Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]
_Ints = np.ndarray[tuple[int], np.dtype[np.int64]]

_PARTITION_BITS: Final = 8
_PARTITIONS: Final = 2**_PARTITION_BITS  # by the top byte of a hash
_HELD_ROWS: Final = 8_000_000  # 64 MB
_BELOW_PARTITION: Final = np.uint64(64 - _PARTITION_BITS)
_SLOTS_PER_ROW: Final = 2


def hash_ids(ids: pl.Series) -> pl.Series:
    """64-bit hashes of event ids; equal ids have equal hashes within a process."""
    return ids.hash()


class DuplicateWatch:
    """Finds the hashes that two or more events share.

    Equal hashes need not mean equal ids, but equal ids always have equal hashes, so that a log
    without repeated hashes has no duplicates for certain.

    Parameters
    ----------
    folder
        Where hashes go that do not fit in memory.
    held_rows
        How many hashes, of 8 bytes each, are held in memory at most.
    hasher
        From event ids to their hashes, UInt64.

    Notes
    -----
    Hashes are grouped by their top byte as they come (a radix sort), and the groups are looked
    through one by one at the end.
    """

    def __init__(
        self, folder: Path, *, held_rows: int = _HELD_ROWS, hasher: Hasher = hash_ids
    ) -> None:
        self.rows = 0
        self._path = folder / "event-id-hashes.bin"
        self._held_rows = held_rows
        self._hasher = hasher
        self._held: list[_Hashes] = []
        self._bounds: list[_Ints] = []  # of the partitions within each batch
        self._spill: BinaryIO | None = None

    def observe(self, ids: pl.Series) -> pl.Series | None:
        """Take in the next batch's event ids.

        Returns
        -------
        polars.Series or None
            Where some id occurs twice *within the batch*: which rows are the first with theirs.
            Only those are remembered. None if all rows are.
        """
        hashes = self._hasher(ids).to_numpy()
        grouped, bounds = _grouped(hashes)
        first = None
        if len(repeats(grouped)):
            distinct = ids.is_first_distinct()
            if not distinct.all():
                first = distinct
                grouped, bounds = _grouped(hashes[distinct.to_numpy()])
        self.rows += len(grouped)
        self._bounds.append(bounds)
        self._keep(grouped)
        return first

    def repeated(self) -> Iterator[_Hashes]:
        """The hashes that two or more of all remembered events share, each once, in some arrays.

        At most one partition is in memory at a time.
        """
        for partition in range(_PARTITIONS):
            hashes = self._partition(partition)
            found = repeats(hashes)
            if len(found):
                yield found

    def close(self) -> None:
        """Let go of memory and scratch."""
        self._held.clear()
        if self._spill is not None:
            self._spill.close()
            self._path.unlink(missing_ok=True)

    def _keep(self, grouped: _Hashes) -> None:
        if self._spill is None and self.rows <= self._held_rows:
            self._held.append(grouped)
            return
        with writing(self._path):
            if self._spill is None:
                self._spill = self._path.open("w+b")
                for held in self._held:
                    self._spill.write(held.data)
                self._held.clear()
            self._spill.write(grouped.data)

    def _partition(self, partition: int) -> _Hashes:
        if self._spill is None:
            parts = [
                held[bounds[partition] : bounds[partition + 1]]
                for held, bounds in zip(self._held, self._bounds, strict=True)
            ]
            return np.concatenate(parts) if parts else np.empty(0, dtype=np.uint64)
        pieces = []
        start = 0
        for bounds in self._bounds:
            low, high = int(bounds[partition]), int(bounds[partition + 1])
            self._spill.seek((start + low) * 8)
            pieces.append(self._spill.read((high - low) * 8))
            start += int(bounds[-1])
        return np.frombuffer(b"".join(pieces), dtype=np.uint64)


@compiled((HASHES,))
def _grouped(hashes: _Hashes) -> tuple[_Hashes, _Ints]:
    """Hashes by partition, and where each partition begins and the last one ends."""
    bounds = np.zeros(_PARTITIONS + 1, dtype=np.int64)
    for value in hashes:
        bounds[int(value >> _BELOW_PARTITION) + 1] += 1
    for partition in range(_PARTITIONS):
        bounds[partition + 1] += bounds[partition]
    place = bounds.copy()
    grouped = np.empty_like(hashes)
    for value in hashes:
        partition = int(value >> _BELOW_PARTITION)
        grouped[place[partition]] = value
        place[partition] += 1
    return grouped, bounds


def repeats(hashes: _Hashes) -> _Hashes:
    """The hashes that occur twice or more, each once."""
    return np.unique(_repeated(hashes))


@compiled((HASHES,))
def _repeated(hashes: _Hashes) -> _Hashes:
    """Each hash that came before, found in a table with linear probing (Knuth, vol. 3, 6.4)."""
    size = 1
    while size < _SLOTS_PER_ROW * len(hashes):
        size *= 2
    table = np.full(size, -1, dtype=np.int32)
    found = np.empty(len(hashes), dtype=np.uint64)
    count = 0
    for row in range(len(hashes)):
        slot = int((hashes[row] * SCATTER) >> UPPER_HALF) & (size - 1)
        while table[slot] >= 0 and hashes[table[slot]] != hashes[row]:
            slot = (slot + 1) & (size - 1)
        if table[slot] < 0:
            table[slot] = row
        else:
            found[count] = hashes[row]
            count += 1
    return found[:count].copy()
