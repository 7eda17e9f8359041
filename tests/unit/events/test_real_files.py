"""The files people have: nothing in them is refused, late, rounded or there twice."""

from pathlib import Path

import polars as pl
import pytest

from datafiles import data_file
from engine.definition import POS
from engine.events.disk import scratch_folder
from engine.events.inputs import find_inputs
from engine.events.log import Log
from engine.events.quarantine import Quarantine
from engine.events.staging import InPlaceLog

ALL = tuple(column.name for column in POS.columns)


@pytest.mark.parametrize(
    "name", ["pos_sample_5k.csv", "pos_sample_50k.csv", "sparkov_train.parquet"]
)
def test_real_files_are_in_order_and_whole(tmp_path: Path, name: str) -> None:
    path = data_file(name)
    log = Log(find_inputs([str(path)]), POS, ALL)
    with scratch_folder(tmp_path) as scratch, Quarantine(tmp_path / "q.parquet") as quarantine:
        reading = InPlaceLog(log, quarantine, scratch)
        cents, label = 0, 0
        for batch in reading.batches():
            cents += batch["amt"].sum()
            label += batch["is_fraud"].sum()
    if path.suffix == ".csv":
        raw = pl.read_csv(path, separator="|", quote_char=None, infer_schema=False)
    else:
        raw = pl.read_parquet(path, columns=["amt", "is_fraud"])
    amounts = raw["amt"].cast(pl.String).cast(pl.Decimal(20, 2))
    assert reading.counts.read == {str(path): len(raw)}
    assert reading.counts.kept == len(raw)
    assert (reading.counts.rounded, reading.counts.late, reading.counts.duplicates) == (0, 0, 0)
    assert cents == int(amounts.sum() * 100)
    assert label == raw["is_fraud"].cast(pl.Int64).sum()
