"""Several files are one log; what is refused goes to quarantine."""

import gzip
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from engine.definition import POS
from engine.errors import InputError, OutputError
from engine.events.canonical import EVENT_ID
from engine.events.inputs import find_inputs
from engine.events.log import Counts, Log, regrouped
from engine.events.quarantine import QUARANTINE_SCHEMA, Quarantine
from engine.events.raw import BAD_SCHEMA
from unit.events.samples import COLUMNS, HEADER, line

Write = Callable[..., Path]

# Line, and why it is refused; None if it is not.
LINES = [
    (line(1), None),
    ("a|b|c", "too few fields (was 3 of 8)"),
    (line(2) + "|", "too many fields (was 9 of 8)"),
    (line(3, amt="1e12"), "amt above 10000000.0 (was 1e12)"),
    (line(4, amt="-0.01"), "amt below 0.0 (was -0.01)"),
    (line(5, amt="12,50"), "amt is not a number (was '12,50')"),
    (line(6, amt="NaN"), "amt is not finite (was NaN)"),
    (line(7, amt=""), "amt is missing"),
    (line(8, lat="abc"), "lat is not a number (was 'abc')"),
    (line(9, lat="-90.01"), "lat below -90.0 (was -90.01)"),
    (line(10, at=1), "unix_time below 631152000 (was 1)"),
    (line(11, at=1758834000123), "unix_time above 4102444800 (was 1758834000123)"),
    (line(12).replace("|1758834012|", "||"), "unix_time is missing"),
    (line(13).replace("|1758834013|", "|noon|"), "unix_time is not a whole number (was 'noon')"),
    (line(14).replace("4111111111111111", "4111-1111"),
     "cc_num is not a number of up to 19 digits (was '*****1111')"),
    (line(15).replace("4111111111111111", ""), "cc_num is missing"),
    (line(16, id_=""), "event id is missing (trans_num)"),
    (line(17)[:-1] + "2", "is_fraud above 1 (was 2)"),
    (line(18)[:-1] + "perhaps", "is_fraud is neither 1 nor 0 (was 'perhaps')"),
    (line(19).replace('fraud_Rau, and "Sons"', ""), "merchant is missing"),
    (line(20, lat="\udcff"), "the line is not UTF-8"),
    (line(21, lat="", amt=" 7.125 "), None),
]  # fmt: skip


def read(folder: Path, log: Log) -> tuple[pl.DataFrame, pl.DataFrame, Counts]:
    counts = Counts()
    with Quarantine(folder / "quarantine.parquet") as quarantine:
        batches = list(log.batches(quarantine, counts, position=True))
    assert quarantine.total == counts.refused.total()
    assert quarantine.by_kind == counts.refused
    return pl.concat(batches), pl.read_parquet(folder / "quarantine.parquet"), counts


def test_the_quarantine_names_every_kind_of_bad_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    lines = [HEADER, "", *(text for text, _ in LINES)]
    path.write_bytes("\n".join(lines).encode(errors="surrogateescape"))
    events, quarantine, counts = read(tmp_path, Log(find_inputs([str(path)]), POS, COLUMNS))
    assert quarantine.schema == pl.Schema(QUARANTINE_SCHEMA)
    assert quarantine.rows() == [
        (str(path), number, reason) for number, (_, reason) in enumerate(LINES, 3) if reason
    ]
    assert events[EVENT_ID].to_list() == ["id-0001", "id-0021"]
    assert events["amt"].to_list() == [125, 712]
    assert counts.read == {str(path): len(LINES)}
    assert (counts.kept, counts.rounded) == (2, 1)
    assert counts.refused["amt above 10000000.0"] == 1


def test_files_of_all_kinds_are_one_log(tmp_path: Path, rows: pl.DataFrame) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rows.write_parquet(folder / "a.parquet")
    text = rows.with_columns(trans_num="b" + pl.col("trans_num"))
    text.write_csv(folder / "b.csv", separator="|")
    (folder / "c.csv.gz").write_bytes(gzip.compress(text.write_csv().encode()))
    bare = rows.drop("category", "is_fraud").rename({"trans_num": "transaction_id"})
    bare.write_parquet(folder / "d.pq")
    for batch_rows in (3, 7, 1000):
        log = Log(find_inputs([str(folder)]), POS, COLUMNS, batch_rows=batch_rows)
        events, quarantine, counts = read(tmp_path, log)
        assert len(quarantine) == 0
        assert counts.kept == 40
        assert list(counts.read.values()) == [10] * 4
        assert events["position"].to_list() == list(range(40))
        assert events[EVENT_ID].to_list()[::10] == ["id-0000", "bid-0000", "bid-0000", "id-0000"]
        parts = [events[start : start + 10].drop(EVENT_ID, "position") for start in (0, 10, 20)]
        assert parts[0].equals(parts[1])
        assert parts[0].equals(parts[2])
        assert events[30:]["category"].null_count() == 10
        assert events["merchant"].dtype == pl.Categorical
        assert events[EVENT_ID].dtype == pl.String


def test_batches_are_contiguous_and_no_larger_than_said(tmp_path: Path, rows: pl.DataFrame) -> None:
    rows.write_parquet(tmp_path / "a.parquet", row_group_size=3)
    log = Log(find_inputs([str(tmp_path)]), POS, COLUMNS, batch_rows=4)
    with Quarantine(tmp_path / "q.parquet") as quarantine:
        for batch in log.batches(quarantine, Counts()):
            assert 0 < len(batch) <= 4
            assert {series.n_chunks() for series in batch} == {1}


def test_regrouping_keeps_rows_and_joins_neighbours() -> None:
    frames = [pl.DataFrame({"x": range(n)}) for n in (1, 2, 9, 4, 0, 3, 1)]
    grouped = list(regrouped(iter(frames), 4))
    assert [len(frame) for frame in grouped] == [3, 4, 4, 1, 4, 4]
    assert pl.concat(grouped).equals(pl.concat(frames))


def test_event_time_is_always_read(tmp_path: Path, rows: pl.DataFrame) -> None:
    rows.write_parquet(tmp_path / "a.parquet")
    events, _, _ = read(tmp_path, Log(find_inputs([str(tmp_path)]), POS, ("amt",)))
    assert events.columns == [EVENT_ID, "amt", "unix_time", "position"]


def test_every_header_is_checked_before_the_first_row_is_read(write: Write) -> None:
    write([line(1)], "a.csv")
    bad = write([line(1)], "b.csv", HEADER.replace("amt", "sum"))
    with pytest.raises(InputError, match=r"b\.csv: a required column is missing"):
        Log(find_inputs([str(bad.parent)]), POS, COLUMNS)


def bad_rows(count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"line": range(count), "column": "amt", "kind": "amt is missing", "was": None},
        schema=BAD_SCHEMA,
    )


def test_the_quarantine_is_bounded_in_memory_and_takes_its_place_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.parquet"
    path.write_text("before")
    with Quarantine(path) as quarantine:
        for _ in range(3):
            quarantine.add("f", bad_rows(70_000))
            assert quarantine._held_rows < 100_000
        assert path.read_text() == "before"
    assert pl.read_parquet(path).shape == (210_000, 3)
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupted_quarantine_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "quarantine.parquet"
    path.write_text("before")

    def interrupted() -> None:
        with Quarantine(path) as quarantine:
            quarantine.add("f", bad_rows(150_000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_empty_quarantine_is_a_table_all_the_same(tmp_path: Path) -> None:
    with Quarantine(tmp_path / "q.parquet"):
        pass
    assert pl.read_parquet(tmp_path / "q.parquet").schema == pl.Schema(QUARANTINE_SCHEMA)


def test_a_quarantine_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path / "none" / "q.parquet")
    with pytest.raises(OutputError, match="cannot be written") as caught, quarantine:
        quarantine.add("f", bad_rows(1))
    assert caught.value.hint
