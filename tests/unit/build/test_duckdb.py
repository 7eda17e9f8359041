"""Building with DuckDB: the same table, within limits that are set, with nothing left behind."""

from pathlib import Path

import duckdb
import polars as pl
import pytest

from engine.backends.duckdb import entry, passing
from engine.errors import InputError
from engine.memory import machine_memory, memory_size
from unit.build.cases import assert_same_bits, build, built, report, tree, write

DUCKDB = ("--engine", "duckdb")


def test_the_same_table_as_polars(log: Path, tmp_path: Path) -> None:
    expected = built(tmp_path / "polars", [log])
    for threads in ("1", "3"):
        got = built(tmp_path / threads, [log], *DUCKDB, "--threads", threads)
        assert_same_bits(got, expected)
        assert report(tmp_path / threads)["engine"] == "duckdb"


def test_a_log_that_is_put_in_order_first(events: pl.DataFrame, tmp_path: Path) -> None:
    mixed = pl.concat([events.sample(fraction=1.0, shuffle=True, seed=1), events[:50]])
    log = write(mixed, tmp_path / "mixed.parquet")
    expected = built(tmp_path / "polars", [log])
    assert_same_bits(built(tmp_path / "duckdb", [log], *DUCKDB), expected)
    assert report(tmp_path / "duckdb")["rows"]["duplicates"] == 50


def test_more_rows_than_can_be_numbered_are_refused(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(passing, "MOST_ROWS", 599)
    assert build(tmp_path / "out", [log], *DUCKDB) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert "(was more than 599)" in what
    assert "--engine polars" in hint
    assert not (tmp_path / "out").exists()


def test_a_log_without_rows(events: pl.DataFrame, tmp_path: Path) -> None:
    log = write(events.clear(), tmp_path / "empty.csv")
    assert_same_bits(built(tmp_path / "duckdb", [log], *DUCKDB), built(tmp_path / "polars", [log]))


def test_limits_reach_duckdb_and_scratch_is_inside_the_output(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, str]] = []
    in_order = entry.interruptible

    def watched(connection: duckdb.DuckDBPyConnection, work: object) -> object:
        if not seen:
            rows = connection.sql("SELECT name, value FROM duckdb_settings()").fetchall()
            seen.append(dict(rows))
        return in_order(connection, work)  # type: ignore[arg-type] # passed on as it is

    monkeypatch.setattr(entry, "interruptible", watched)
    out = tmp_path / "out"
    built(out, [log], *DUCKDB, "--memory", "768MiB", "--threads", "2")
    assert seen[0]["memory_limit"] == "768.0 MiB"
    assert seen[0]["threads"] == "2"
    folder = Path(seen[0]["temp_directory"])
    assert folder.is_relative_to(out)
    assert not folder.exists()


def test_what_fails_leaves_nothing(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(entry, "interruptible", interrupted)
    before = tree(tmp_path)
    assert build(tmp_path / "out", [log], *DUCKDB) == 130
    assert tree(tmp_path) == before


def test_sizes_of_memory() -> None:
    assert memory_size("4GiB") == 4 * 2**30
    assert memory_size("1.5 gib") == 3 * 2**29
    assert memory_size("2GB") == 2_000_000_000
    assert memory_size("512MiB") == 2**29
    assert 2**29 <= memory_size(None) <= max(machine_memory(), 2**29)


@pytest.mark.parametrize(
    "text", ["", "4", "4 G", "GiB", "511MiB", "-4GiB", "4GiBs", "9999TB", "٤GiB"]
)
def test_no_sizes_of_memory(text: str) -> None:
    with pytest.raises(InputError, match=r"(?s)--memory: .*hint: "):
        memory_size(text)


def test_explain_says_what_it_may_take(
    log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build(tmp_path / "out", [log], *DUCKDB, "--memory", "3GiB", "--explain") == 0
    assert "in 3.0 GiB of memory" in capsys.readouterr().out
