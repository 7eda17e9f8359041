"""Parquet: batches, dictionaries, event ids, and files that do not do."""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.definition import POS
from engine.errors import InputError
from engine.events.inputs import InputFile
from engine.events.parquet import read_parquet
from engine.events.raw import RawBatch
from unit.events.samples import COLUMNS


def read(path: Path, batch_rows: int = 4) -> list[RawBatch]:
    return list(read_parquet(InputFile(path, "parquet"), POS, COLUMNS, batch_rows=batch_rows))


@pytest.mark.parametrize("group", [1, 3, 4, 100])
def test_rows_and_their_numbers_do_not_depend_on_row_groups(
    tmp_path: Path, rows: pl.DataFrame, group: int
) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(
        rows.with_columns(pl.lit("x").alias("street")).to_arrow(), path, row_group_size=group
    )
    batches = read(path)
    assert max(len(batch.frame) for batch in batches) <= 4
    ids = [id_ for batch in batches for id_ in batch.frame["trans_num"]]
    assert ids == rows["trans_num"].to_list()
    places = [
        place
        for batch in batches
        for place in batch.lines_of(pl.int_range(len(batch.frame), eager=True))
    ]
    assert places == list(range(1, 11))
    assert batches[0].frame.columns == ["trans_num", *COLUMNS]
    assert batches[0].frame["merchant"].dtype == pl.Categorical
    assert batches[0].frame["trans_num"].dtype == pl.String


def test_a_spare_event_id_is_read_only_where_it_may_be_needed(
    tmp_path: Path, rows: pl.DataFrame
) -> None:
    path = tmp_path / "log.parquet"
    both = rows.with_columns(transaction_id=pl.col("trans_num") + "x")
    full = ["id-0000", *["y"] * 9]
    for ids, spare in ((full, False), ([None, *full[1:]], True), (["", *full[1:]], True)):
        table = both.with_columns(pl.Series("trans_num", ids, dtype=pl.String)).to_arrow()
        for statistics in (True, False):
            pq.write_table(table, path, row_group_size=5, write_statistics=statistics)
            needed = spare or not statistics
            assert ("transaction_id" in read(path)[0].frame.columns) == needed


def test_a_folder_of_dictionaries_and_nothing_in_it(tmp_path: Path, rows: pl.DataFrame) -> None:
    path = tmp_path / "log.parquet"
    categorical = rows.with_columns(pl.col("merchant").cast(pl.Categorical))
    categorical.write_parquet(path)
    assert read(path)[0].frame["merchant"].to_list() == rows["merchant"].head(4).to_list()
    rows.clear().write_parquet(path)
    assert sum(len(batch.frame) for batch in read(path)) == 0


def test_files_that_do_not_do(tmp_path: Path, rows: pl.DataFrame) -> None:
    path = tmp_path / "log.parquet"
    path.write_text("trans_num|cc_num\n")
    with pytest.raises(InputError, match=r"log\.parquet: cannot be read as Parquet"):
        read(path)
    rows.write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(path)
    rows.drop("amt").write_parquet(path)
    with pytest.raises(InputError, match=r"required column is missing \(was 'amt'\)"):
        read(path)
    rows.drop("trans_num").write_parquet(path)
    with pytest.raises(InputError, match="no column identifies an event"):
        read(path)
    rows.with_columns(cc_num=pl.col("cc_num").cast(pl.Float64)).write_parquet(path)
    with pytest.raises(InputError, match=r"log\.parquet: column 'cc_num' .*Float64"):
        read(path)
    rows.with_columns(merchant=pl.concat_list("merchant")).write_parquet(path)
    with pytest.raises(InputError, match="column 'merchant' cannot be read as text"):
        read(path)
    table = rows.to_arrow()
    pq.write_table(table.append_column("amt", pa.array([1.0] * len(rows))), path)
    with pytest.raises(InputError, match=r"a column occurs twice \(was amt\)"):
        read(path)


def test_damage_inside_the_file_is_said(tmp_path: Path, rows: pl.DataFrame) -> None:
    path = tmp_path / "log.parquet"
    pq.write_table(pl.concat([rows] * 500).to_arrow(), path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:400] = b"\x00" * 300
    path.write_bytes(content)
    with pytest.raises(InputError, match="cannot be read as Parquet"):
        read(path)


def test_ids_that_may_be_blank_are_not_taken_for_whole(tmp_path: Path, rows: pl.DataFrame) -> None:
    blank = pl.when(pl.int_range(pl.len()) == 3).then(pl.lit("  ")).otherwise("trans_num")
    path = tmp_path / "log.parquet"
    rows.with_columns(blank.alias("trans_num"), transaction_id="trans_num").write_parquet(path)
    batches = list(read_parquet(InputFile(path, "parquet"), POS, COLUMNS, batch_rows=100))
    assert "transaction_id" in batches[0].frame.columns
