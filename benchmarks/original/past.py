"""The table of the original design, made of a log of the past."""

from pathlib import Path

import polars as pl

from benchmarks.original.table import COLUMNS, Table

_ROWS = 100_000


def make_table(past: Path, file: Path) -> None:
    """Make a table of all events of a log, in its order."""
    table = Table(file)
    try:
        frames = pl.scan_parquet(past).select(COLUMNS).collect_batches(chunk_size=_ROWS)
        table.make(row for frame in frames for row in frame.iter_rows())
    finally:
        table.close()
