"""What passes through the file: the events, and columns that go beside their features."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow.parquet as pq

from engine.backends.duckdb.compile import Query
from engine.backends.duckdb.windows import ARRIVAL_BITS
from engine.definition.schema import Schema
from engine.errors import InputError
from engine.events.canonical import event_schema

MOST_ROWS: Final = 2**ARRIVAL_BITS
_BATCH_ROWS: Final = 131_072


class Rows:
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


def numbered(
    schema: Schema, query: Query, batches: Iterable[pl.DataFrame], passed: tuple[str, ...]
) -> Iterator[pl.DataFrame]:
    """What is written of each batch, with the number of each row."""
    arrived = 0
    for batch in batches:
        yield logged(schema, query, batch, passed).with_row_index(query.arrival, arrived)
        arrived += len(batch)
        if arrived > MOST_ROWS:
            raise InputError(
                f"duckdb: a log of more rows than it numbers (was more than {MOST_ROWS:,})",
                hint="compute it with --engine polars, which has the same bits",
            )


def logged(
    schema: Schema, query: Query, batch: pl.DataFrame, passed: tuple[str, ...]
) -> pl.DataFrame:
    """What the query reads of a batch, and what it does not but is passed on."""
    dtypes = event_schema(schema, query.columns)
    read = (
        pl.col(name) if name in batch.columns else pl.lit(None, dtypes[name]).alias(name)
        for name in query.columns
    )
    beside = (
        pl.col(name).alias(_beside(query, name)) for name in passed if name not in query.columns
    )
    return batch.select(*read, *beside)


def _beside(query: Query, name: str) -> str:
    """What a column that is passed on is called in the file: what no column of the query is."""
    return name if name in query.columns else f"|{name}"


def passed_on(path: Path, query: Query, dtypes: pl.Schema) -> Iterator[pl.DataFrame]:
    """The columns that were passed on, as they were."""
    names = [_beside(query, name) for name in dtypes]
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_BATCH_ROWS, columns=names):
            frame = pl.DataFrame(pl.from_arrow(batch)).select(names)
            yield frame.rename(dict(zip(names, dtypes, strict=True))).cast(dtypes)
