"""The floor writes as many rows as it reads, made of the chunk's."""

from pathlib import Path

import polars as pl
import pytest

from benchmarks.floor import copy


@pytest.mark.parametrize("rows", [1, 9, 10, 11, 25])
def test_the_floor_writes_as_many_rows_as_it_reads(tmp_path: Path, rows: int) -> None:
    source, out = tmp_path / "in.parquet", tmp_path / "out.parquet"
    pl.DataFrame({"read": range(rows), "other": range(rows)}).write_parquet(source)
    chunk = pl.DataFrame({"x": [float(n) for n in range(10)], "y": [None] * 10})
    chunk = chunk.with_columns(pl.col("y").cast(pl.Int8))
    assert copy(source, ["read"], chunk, out) == rows
    written = pl.read_parquet(out)
    assert written.equals(pl.concat([chunk] * 3)[:rows])
    assert written.schema == chunk.schema
