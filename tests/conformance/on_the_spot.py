"""The tasks of the spark backend without Spark: what they give is moved by a few lines of Python.

All that is ours of the backend, how a log is cut, dealt out, computed and put together, is in this
for a thousandth of the time; what Spark adds is that rows move, and are stored.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa

from engine.backends.polars.plan import compile_features
from engine.backends.spark.cut import Sizes
from engine.backends.spark.entry import compute_by, stage
from engine.backends.spark.job import First, Step
from engine.backends.spark.rows import Parcel, unpacked
from engine.definition import FeatureSet
from engine.events.canonical import feature_schema
from engine.events.disk import own_folder

ROWS = 7


def moves(pieces: int, first: First, steps: list[Step]) -> Iterator[Parcel]:
    numbers = ([pa.record_batch({"id": [number]})] for number in range(pieces))
    rows = [batch for number in numbers for batch in first(number)]
    for partitions, task in steps:
        parts: list[list[object]] = [[] for _ in range(partitions)]
        for row in reversed(rows):  # in which order they come is up to Spark
            parts[row.column("partition")[0].as_py()].append(row)
        rows = [batch for part in parts for batch in task(part)]
    return unpacked(rows)


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    if not len(events):
        return pl.DataFrame(schema=feature_schema(features))
    return compute_by(moves, features, events)


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,
    memory: int,
    scratch: Path,
) -> Iterator[pl.DataFrame]:
    del memory
    # As small as can be: what is done with long logs is done with these.
    few = (batch[start : start + ROWS] for batch in batches for start in range(0, len(batch), ROWS))
    staged = stage(compile_features(features), few, passed, own_folder(scratch), rows=ROWS)
    return iter(()) if staged is None else staged.features(moves, Sizes(threads, ROWS, reach=0.5))
