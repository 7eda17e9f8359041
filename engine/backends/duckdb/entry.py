"""The backend's two ways in: a whole log in memory, and a log in time order through a file."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from engine.backends.duckdb.compile import LOG, Query, compile_features
from engine.backends.duckdb.database import in_memory, interruptible
from engine.definition.nodes import FeatureSet
from engine.events.canonical import event_schema, feature_schema
from engine.events.disk import own_folder
from engine.sink import write_frames

_BATCH_ROWS: Final = 131_072
_EVENTS: Final = "events.parquet"
_SPILL: Final = "spill"

_compiled = lru_cache(maxsize=32)(compile_features)


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame; see ``engine.backends.Backend.compute``."""
    query = _compiled(features)
    log = _logged(features, query, events, ()).with_row_index(query.arrival)
    with in_memory(threads=1) as connection:
        connection.register(LOG, log.to_arrow())
        parts = list(_frames(features, query, connection))
    return pl.concat(parts) if parts else pl.DataFrame(schema=feature_schema(features))


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,
    memory: int,
    scratch: Path,
) -> Iterator[pl.DataFrame]:
    """Features of a log in time order; see ``engine.backends.Backend.stream``.

    The batches are written to a Parquet file in ``scratch``, over which the query runs; what does
    not fit in ``memory`` DuckDB puts beside it.
    """
    rest = iter(batches)
    first = next(rest, None)
    if first is None:
        return
    query = _compiled(features)
    folder = own_folder(scratch)
    path = folder / _EVENTS
    write_frames(_numbered(features, query, chain([first], rest), passed), path)
    with in_memory(threads=threads, memory=memory, scratch=folder / _SPILL) as connection:
        connection.read_parquet(str(path)).create_view(LOG)
        beside = _Rows(_passed(path, query, first.select(passed).schema))
        for frame in _frames(features, query, connection):
            yield pl.DataFrame([*beside.take(len(frame)), *frame])


class _Rows:
    """Frames of which as many rows are taken as are wanted."""

    def __init__(self, frames: Iterator[pl.DataFrame]) -> None:
        self._frames = frames
        self._held: pl.DataFrame | None = None

    def take(self, count: int) -> pl.DataFrame:
        """The next rows, so many."""
        held = next(self._frames) if self._held is None else self._held
        parts = [held]
        while count > sum(map(len, parts)):
            parts.append(next(self._frames))
        rows = pl.concat(parts)
        self._held = rows[count:] if len(rows) > count else None
        return rows[:count]


def _frames(
    features: FeatureSet, query: Query, connection: duckdb.DuckDBPyConnection
) -> Iterator[pl.DataFrame]:
    """The features of the table ``log``, in the order of arrival."""
    dtypes = feature_schema(features)

    def begin() -> pa.RecordBatchReader:
        for macro in query.macros:
            connection.execute(macro.text)
        return connection.sql(query.text()).to_arrow_reader(_BATCH_ROWS)

    reader = interruptible(connection, begin)
    while True:
        batch = interruptible(connection, lambda: next(reader, None))
        if batch is None:
            return
        frame = pl.DataFrame(pl.from_arrow(batch))
        if len(frame):
            yield frame.cast({name: dtypes[name] for name in frame.columns if dtypes[name] == pl.String})


def _numbered(
    features: FeatureSet, query: Query, batches: Iterable[pl.DataFrame], passed: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    """What is written of each batch, with the number of each row."""
    arrived = 0
    for batch in batches:
        yield _logged(features, query, batch, passed).with_row_index(query.arrival, arrived)
        arrived += len(batch)


def _logged(
    features: FeatureSet, query: Query, batch: pl.DataFrame, passed: tuple[str, ...]
) -> pl.DataFrame:
    """What the query reads of a batch, and what it does not but is passed on."""
    dtypes = event_schema(features.schema, query.columns)
    read = (
        pl.col(name) if name in batch.columns else pl.lit(None, dtypes[name]).alias(name)
        for name in query.columns
    )
    beside = (pl.col(name).alias(_beside(query, name)) for name in passed if name not in query.columns)
    return batch.select(*read, *beside)


def _beside(query: Query, name: str) -> str:
    """What a column that is passed on is called in the file: what no column of the query is."""
    return name if name in query.columns else f"|{name}"


def _passed(path: Path, query: Query, dtypes: pl.Schema) -> Iterator[pl.DataFrame]:
    names = [_beside(query, name) for name in dtypes]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=names):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(names)
            yield frame.rename(dict(zip(names, dtypes, strict=True))).cast(dict(dtypes))
