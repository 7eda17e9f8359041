"""Frames on disk for as long as a run needs them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa

from engine.events.disk import writing

_Ints = np.ndarray[tuple[int], np.dtype[np.int64]]
_ALONE: Final = 2  # bounds that a value must take up to get a bucket of its own


class FrameFile:
    """Frames of one schema in a file, to be read back in this process in the order appended.

    Categoricals are written as their codes, which mean something only to the process that wrote
    them; that makes them as cheap to write, sort and read as numbers.
    """

    def __init__(self, path: Path) -> None:
        self.rows = 0
        self._path = path
        self._writer: pa.RecordBatchStreamWriter | None = None
        self._file: pa.NativeFile | None = None
        # Codes live as long as some Categorical does.
        self._like: pl.DataFrame | None = None

    def append(self, frame: pl.DataFrame) -> None:
        """Write one more frame."""
        codes = [name for name, dtype in frame.schema.items() if dtype == pl.Categorical]
        table = frame.with_columns(pl.col(codes).to_physical()).to_arrow(
            compat_level=pl.CompatLevel.oldest()
        )
        with writing(self._path):
            if self._writer is None:
                self._like = frame.head(1)
                self._file = pa.OSFile(str(self._path), "wb")
                self._writer = pa.ipc.new_stream(self._file, table.schema)
            self._writer.write_table(table)
        self.rows += len(frame)

    def finish(self) -> None:
        """Let go of the open file; nothing can be appended any more."""
        if self._writer is not None and self._file is not None:
            with writing(self._path):
                self._writer.close()
                self._file.close()
            self._writer = self._file = None

    def frames(self) -> Iterator[pl.DataFrame]:
        """The frames, in pieces; repeatable."""
        self.finish()
        if self._like is None:
            return
        codes = [name for name, dtype in self._like.schema.items() if dtype == pl.Categorical]
        with pa.OSFile(str(self._path), "rb") as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                yield pl.DataFrame(pl.from_arrow(batch)).with_columns(
                    pl.col(codes).cat.to(pl.Categorical)
                )

    def remove(self) -> None:
        """Delete the file."""
        self.finish()
        self._like = None
        self._path.unlink(missing_ok=True)


class BucketSorter:
    """Sorts frames by a column of whole numbers, in memory for one bucket at a time.

    Frames are dealt out to files by the ranges that ``bounds`` cut the column into; each file is
    then sorted alone. Frames that are nearly in order go to one or two files as they are.

    Parameters
    ----------
    folder
        Where the files go; it must exist and be this sorter's own.
    by
        The column, Int64 without nulls.
    bounds
        Ascending; the first values of all buckets but the first.
    """

    def __init__(self, folder: Path, by: str, bounds: _Ints) -> None:
        self._by = by
        self._bounds = bounds
        self._files = [
            FrameFile(folder / f"bucket-{number:04d}.arrows") for number in range(len(bounds) + 1)
        ]
        self._single = [True] * len(self._files)  # whether a bucket holds one value only
        self._value: list[int | None] = [None] * len(self._files)

    def add(self, frame: pl.DataFrame) -> None:
        """Take in one more frame."""
        if not len(frame):
            return
        keys = frame[self._by].to_numpy()
        low, high = np.searchsorted(self._bounds, [keys.min(), keys.max()], side="right").tolist()
        if low == high:
            self._append(low, frame)
            return
        buckets = np.searchsorted(self._bounds, keys, side="right").astype(np.uint16)
        dealt = frame[np.argsort(buckets, kind="stable")]
        ends = np.cumsum(np.bincount(buckets, minlength=high + 1))
        for bucket in range(low, high + 1):
            start, end = int(ends[bucket - 1]) if bucket else 0, int(ends[bucket])
            if end > start:
                self._append(bucket, dealt[start:end])

    def frames(self) -> Iterator[pl.DataFrame]:
        """All rows by the column, ties in the order they were added; repeatable."""
        for file, single in zip(self._files, self._single, strict=True):
            if single:  # in order as it is, and possibly too large to hold
                yield from file.frames()
            else:
                yield self._sorted(file)

    def buckets(self) -> Iterator[pl.DataFrame]:
        """The same, one frame for each bucket that is not empty: equal values are in one frame."""
        return (self._sorted(file) for file in self._files if file.rows)

    def _sorted(self, file: FrameFile) -> pl.DataFrame:
        return pl.concat(file.frames()).sort(self._by, maintain_order=True)

    def remove(self) -> None:
        """Delete the files."""
        for file in self._files:
            file.remove()

    def _append(self, bucket: int, frame: pl.DataFrame) -> None:
        keys = frame[self._by]
        low, high = keys.min(), keys.max()
        seen = self._value[bucket]
        self._value[bucket] = int(low)  # type: ignore[arg-type] # an Int64 column without nulls has a whole minimum
        self._single[bucket] &= low == high and seen in {None, low}
        self._files[bucket].append(frame)


def even_bounds(sample: _Ints, buckets: int) -> _Ints:
    """Bounds that cut what ``sample`` was taken from into about ``buckets`` parts of equal size.

    A value that takes up a whole part or more gets a bucket of its own.
    """
    if not len(sample) or buckets < _ALONE:
        return np.empty(0, dtype=np.int64)
    cuts = np.sort(sample)[np.arange(1, buckets) * len(sample) // buckets]
    frequent = cuts[1:][cuts[1:] == cuts[:-1]]
    return np.unique(np.concatenate([cuts, frequent + 1]))
