"""The two ways to read a log: in place if it is in order, through scratch files if not.

In place, a log's batches are handed on as they are read, and only checked on the way. That needs
a log in time order in which no event occurs in two batches; if it turns out otherwise,
``NotInOrderError`` says so, and what was computed so far is worthless. Staged, any log is put in
order: it is copied to scratch files without its duplicates and sorted there, in bounded memory,
and what is computed from it can be put back into the order of arrival.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from engine.events.disk import own_folder
from engine.events.distinct import distinct_within_batches, repeated_arrivals
from engine.events.duplicates import DuplicateWatch, Hasher, hash_ids
from engine.events.log import POSITION, Counts, Log, regrouped
from engine.events.order import OrderWatch
from engine.events.quarantine import Quarantine
from engine.events.scratch import BucketSorter, FrameFile, even_bounds

_BUCKET_ROWS: Final = 500_000  # about 100 MB while it is sorted
_MOST_BUCKETS: Final = 400  # each keeps a file open
_SAMPLE_EVERY: Final = 64

_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
_Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]
_Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


class NotInOrderError(Exception):
    """A log cannot be read in place: it holds late events, or an event in two of its batches."""


class InPlaceLog:
    """A log read in place.

    Parameters
    ----------
    log
        The log.
    quarantine
        Takes the rows that are refused.
    scratch
        A folder for what does not fit in memory.
    """

    def __init__(
        self, log: Log, quarantine: Quarantine, scratch: Path, *, hasher: Hasher = hash_ids
    ) -> None:
        self.counts = Counts()
        self._log = log
        self._quarantine = quarantine
        self._scratch = scratch
        self._hasher = hasher

    def batches(self) -> Iterator[pl.DataFrame]:
        """The log's canonical frames, in the order of events, which is that of arrival. Once only.

        Raises
        ------
        NotInOrderError
            At the first late event, or after the last batch if an event occurs in two. A duplicate
            within a batch is dropped on the way.
        """
        order = OrderWatch()
        watch = DuplicateWatch(self._scratch, hasher=self._hasher)
        try:
            for batch in distinct_within_batches(self._log, self._quarantine, self.counts, watch):
                if order.observe(batch[self._log.schema.event_time]):
                    # Rows of the files, those refused or dropped included.
                    gone = self.counts.refused.total() + self.counts.duplicates
                    row = (order.first_late or 0) + gone + 1
                    raise NotInOrderError(f"the log is not in time order from about row {row:,} on")
                yield batch
            if next(watch.repeated(), None) is not None:
                raise NotInOrderError("some event ids occur in two places of the log")
        finally:
            watch.close()


class StagedLog:
    """A log copied to scratch files, in order and without duplicates.

    Of the events with one id the first in arrival order stays that was not refused.

    Parameters
    ----------
    log
        The log; it is read here.
    quarantine
        Takes the rows that are refused.
    scratch
        A folder with room for about 150 bytes per event, twice where the log has late events.
    bucket_rows
        About how many events are sorted in memory at a time.
    """

    def __init__(
        self,
        log: Log,
        quarantine: Quarantine,
        scratch: Path,
        *,
        bucket_rows: int = _BUCKET_ROWS,
        hasher: Hasher = hash_ids,
    ) -> None:
        self.counts = Counts()
        self._time = log.schema.event_time
        self._batch_rows = log.batch_rows
        self._bucket_rows = bucket_rows
        self._scratch = scratch
        self._dropped: _Flags | None = None  # by position
        self._sorter: BucketSorter | None = None
        self._arrived = FrameFile(scratch / "arrived.arrows")

        order = OrderWatch()
        watch = DuplicateWatch(scratch, hasher=hasher)
        sample = []
        try:
            for batch in distinct_within_batches(
                log, quarantine, self.counts, watch, position=True
            ):
                order.observe(batch[self._time])
                sample.append(batch[self._time].gather_every(_SAMPLE_EVERY).to_numpy())
                self._arrived.append(batch)
            repeated = list(watch.repeated())
        finally:
            watch.close()
        if repeated:
            order = self._drop_duplicates(np.concatenate(repeated), hasher)
        self.counts.late = order.late
        if not order.in_order:
            self._sort(np.concatenate(sample))

    def batches(self) -> Iterator[pl.DataFrame]:
        """The canonical frames in the order of events, with ``position``. Repeatable.

        ``position``, Int64, is an event's place in arrival order among those not refused; where a
        duplicate was dropped a number is missing.
        """
        frames = self._arrivals() if self._sorter is None else self._sorter.frames()
        return regrouped(frames, self._batch_rows)

    def arrival_order(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Put what was computed from ``batches`` back into the order of arrival.

        Parameters
        ----------
        frames
            Frames with a column ``position``, as the batches they were computed from have it, in
            any order. All of them are read before the first row comes back.

        Yields
        ------
        polars.DataFrame
            The same rows by position, without that column; values and dtypes are untouched.
        """
        span = self.counts.kept + self.counts.duplicates
        buckets = self._bucket_count(span)
        bounds = np.arange(1, buckets, dtype=np.int64) * span // buckets
        sorter = BucketSorter(own_folder(self._scratch), POSITION, bounds)
        try:
            for frame in frames:
                sorter.add(frame)
            in_order = (frame.drop(POSITION) for frame in sorter.frames())
            yield from regrouped(in_order, self._batch_rows)
        finally:
            sorter.remove()

    def _arrivals(self) -> Iterator[pl.DataFrame]:
        if self._dropped is None:
            yield from self._arrived.frames()
            return
        for frame in self._arrived.frames():
            kept = frame.filter(pl.Series(~self._dropped[frame[POSITION].to_numpy()]))
            if len(kept):
                yield kept

    def _drop_duplicates(self, hashes: _Hashes, hasher: Hasher) -> OrderWatch:
        """Drop what arrived again, and look anew at what is late among the rest."""
        self._dropped = repeated_arrivals(
            self._arrived,
            hashes,
            span=self.counts.kept + self.counts.duplicates,
            folder=own_folder(self._scratch),
            buckets=self._bucket_count(len(hashes)),
            hasher=hasher,
        )
        count = int(np.count_nonzero(self._dropped))
        self.counts.duplicates += count
        self.counts.kept -= count
        order = OrderWatch()
        for frame in self._arrivals():
            order.observe(frame[self._time])
        return order

    def _sort(self, sample: _Ints) -> None:
        bounds = even_bounds(sample, self._bucket_count(self.counts.kept))
        self._sorter = BucketSorter(own_folder(self._scratch), self._time, bounds)
        for frame in self._arrivals():
            self._sorter.add(frame)
        self._arrived.remove()
        self._dropped = None

    def _bucket_count(self, rows: int) -> int:
        return min(rows // self._bucket_rows + 1, _MOST_BUCKETS)
