"""What people build from the files they have is what the reference computes, bit by bit."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datafiles import data_file
from unit.build.cases import assert_same_bits, built, report

ROWS = 20_000


def first_rows(path: Path, out: Path) -> Path:
    """The first rows of a Parquet file, as it holds them."""
    batches = pq.ParquetFile(path).iter_batches(ROWS)
    pq.write_table(pa.Table.from_batches([next(batches)]), out)
    return out


@pytest.mark.parametrize("name", ["pos_sample_5k.csv", "sparkov_train.parquet"])
def test_real_files_have_the_bits_of_the_reference(tmp_path: Path, name: str) -> None:
    log = data_file(name)
    if log.suffix == ".parquet":
        log = first_rows(log, tmp_path / name)
    features = built(tmp_path / "polars", [log])
    assert_same_bits(built(tmp_path / "reference", [log], "--engine", "reference"), features)
    rows = report(tmp_path / "polars")["rows"]
    assert rows["read"] == rows["written"] == len(features) >= 5_000
