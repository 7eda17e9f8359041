"""Dropping duplicates: of the events with one id, the first to arrive stays."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from engine.events.canonical import EVENT_ID
from engine.events.duplicates import DuplicateWatch, Hasher
from engine.events.log import POSITION, Counts, Log
from engine.events.quarantine import Quarantine
from engine.events.scratch import BucketSorter, FrameFile

_HASH: Final = "hash"


def distinct_within_batches(
    log: Log,
    quarantine: Quarantine,
    counts: Counts,
    watch: DuplicateWatch,
    *,
    position: bool = False,
) -> Iterator[pl.DataFrame]:
    """``log.batches`` without the duplicates that each batch holds; ``watch`` learns of the rest.

    ``counts`` is kept right with regard to those dropped.
    """
    for batch in log.batches(quarantine, counts, position=position):
        first = watch.observe(batch[EVENT_ID])
        if first is None:
            yield batch
        else:
            kept = batch.filter(first)
            counts.duplicates += len(batch) - len(kept)
            counts.kept -= len(batch) - len(kept)
            yield kept


def repeated_arrivals(
    arrived: FrameFile,
    hashes: np.ndarray[tuple[int], np.dtype[np.uint64]],
    *,
    span: int,
    folder: Path,
    buckets: int,
    hasher: Hasher,
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which events have an id that arrived before.

    Parameters
    ----------
    arrived
        Events in arrival order, with ``event_id`` and ``position``.
    hashes
        The hashes that several of them share; nothing else is looked at.
    span
        One more than the largest position.
    folder
        A folder of its own for what does not fit in memory.
    buckets
        In how many parts to compare ids.
    hasher
        What made the hashes.

    Returns
    -------
    numpy.ndarray
        By position, whether to drop the event there.
    """
    wanted = np.sort(hashes)
    bounds = np.array([2**63 // buckets * part for part in range(1, buckets)], dtype=np.int64)
    suspects = BucketSorter(folder, _HASH, bounds)
    for frame in arrived.frames():
        own = hasher(frame[EVENT_ID]).to_numpy()
        place = np.minimum(np.searchsorted(wanted, own), len(wanted) - 1)
        shared = wanted[place] == own
        if shared.any():
            # Equal ids must meet in one bucket; half the hash does for that and is an Int64.
            half = pl.Series(_HASH, (own[shared] >> np.uint64(1)).astype(np.int64))
            rows = frame.filter(pl.Series(shared)).select(EVENT_ID, POSITION)
            suspects.add(rows.with_columns(half))
    repeated = np.zeros(span, dtype=np.bool_)
    for bucket in suspects.buckets():
        again = bucket.filter(~bucket[EVENT_ID].is_first_distinct())
        repeated[again[POSITION].to_numpy()] = True
    suspects.remove()
    return repeated
