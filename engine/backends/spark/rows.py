"""Rows as they travel: frames as blobs, each with the partition that it goes to.

A row of Spark's is a partition's number and the bytes of a frame of some thousands of events. Spark
moves, stores and recovers these as it does any row; rows of single events would cost it, and their
way into Python and back, several times what the kernels do.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import polars as pl
import pyarrow as pa

from engine.backends.polars.layout import IntArray, stable_order

# What a blob holds: events whose features are wanted, or others that these can see.
CORE: Final = 0
PAST: Final = 1

BATCH_ROWS: Final = 131_072

PLACE: Final = "|place"  # an event's place in the order of arrival

ROW: Final = "partition int, kind int, blob binary"
_ROW: Final = pa.schema(
    [
        ("partition", pa.int32()),
        ("kind", pa.int32()),
        ("blob", pa.binary()),
    ]
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame on its way to a partition."""

    partition: int
    kind: int
    frame: pl.DataFrame


def packed(parcels: Iterable[Parcel]) -> Iterator[Any]:
    """Each parcel as an Arrow batch of one row, as Spark takes it from Python."""
    for parcel in parcels:
        content = [[parcel.partition], [parcel.kind], [to_bytes(parcel.frame)]]
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, field.type) for column, field in zip(content, _ROW, strict=True)],
            schema=_ROW,
        )


def unpacked(batches: Iterable[Any]) -> Iterator[Parcel]:
    """The parcels of Arrow batches."""
    for batch in batches:
        partitions, kinds, blobs = batch.columns
        for row in range(batch.num_rows):
            frame = of_bytes(blobs[row].as_buffer())
            yield Parcel(partitions[row].as_py(), kinds[row].as_py(), frame)


def to_bytes(frame: pl.DataFrame) -> bytes:
    """A frame as bytes that another process understands."""
    into = io.BytesIO()
    frame.write_ipc_stream(into)
    return into.getvalue()


def of_bytes(content: Any) -> pl.DataFrame:  # noqa: ANN401 - bytes, or a buffer of them
    """The frame of such bytes."""
    return pl.read_ipc_stream(io.BytesIO(content))


def dealt(frame: pl.DataFrame, partitions: IntArray, kind: int) -> Iterator[Parcel]:
    """The rows of a frame by partition, as they come; below 0 is nowhere."""
    if not len(frame):
        return
    if partitions[0] >= 0 and (partitions[1:] >= partitions[:-1]).all():
        yield from _runs(frame, partitions, kind)
        return
    order = stable_order(partitions)
    counts = np.bincount(partitions[order])
    ends = np.cumsum(counts)
    used = np.flatnonzero(counts)
    rows = frame[order]
    for partition in used.tolist():
        end = int(ends[partition])
        yield Parcel(partition, kind, rows[end - int(counts[partition]) : end])


def _runs(frame: pl.DataFrame, partitions: IntArray, kind: int) -> Iterator[Parcel]:
    """The same where they ascend, without copies."""
    starts = [0, *(np.flatnonzero(np.diff(partitions)) + 1).tolist(), len(frame)]
    for start, end in pairwise(starts):
        yield Parcel(int(partitions[start]), kind, frame[start:end])


def cut_up(rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A frame as batches."""
    for start in range(0, len(rows), BATCH_ROWS):
        yield rows[start : start + BATCH_ROWS]


def in_order(parts: list[pl.DataFrame], time: str) -> pl.DataFrame:
    """Frames joined, in the order of events: by time, ties by arrival."""
    # Of a log in order they only have to be put one behind the other.
    parts = sorted(parts, key=lambda part: -1 if part.is_empty() else int(part[PLACE][0]))
    rows = pl.concat(parts, rechunk=True) if len(parts) > 1 else parts[0]
    return _ordered(_ordered(rows, PLACE), time)


def _ordered(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    values = rows[name].to_numpy()
    if (values[1:] >= values[:-1]).all():
        return rows
    # Runs that ascend, which this sort merges.
    return rows[np.argsort(values, kind="stable")]
