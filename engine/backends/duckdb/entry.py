"""The backend's two ways in: a whole log in memory, and a log in time order through a file."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

import duckdb
import polars as pl
import pyarrow as pa

from engine.backends.duckdb.compile import LOG, Query, compile_features
from engine.backends.duckdb.database import in_memory, interruptible
from engine.backends.duckdb.passing import Rows, logged, numbered, passed_on
from engine.definition.nodes import FeatureSet
from engine.events.canonical import feature_schema
from engine.events.disk import own_folder
from engine.sink import write_frames

_BATCH_ROWS: Final = 131_072
_EVENTS: Final = "events.parquet"
_SPILL: Final = "spill"

_compiled = lru_cache(maxsize=32)(compile_features)


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame; see ``engine.backends.Backend.compute``."""
    query = _compiled(features)
    log = logged(features.schema, query, events, ()).with_row_index(query.arrival)
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
    write_frames(numbered(features.schema, query, chain([first], rest), passed), path)
    with in_memory(threads=threads, memory=memory, scratch=folder / _SPILL) as connection:
        connection.read_parquet(str(path)).create_view(LOG)
        beside = Rows(passed_on(path, query, first.select(passed).schema))
        for frame in _frames(features, query, connection):
            yield pl.DataFrame([*beside.take(len(frame)), *frame])


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
            yield frame.cast(
                {name: dtypes[name] for name in frame.columns if dtypes[name] == pl.String}
            )
