"""The simulator's command line and files: complete and exact, or not there at all."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from engine.events.training_file import TRAINING_COLUMNS
from processes import PATIENCE_SECONDS, started
from replay.simulate import Settings, simulate
from replay.simulate.cli import main
from replay.simulate.stream import Simulation

SIZE = ["--rows", "3000", "--cards", "100", "--days", "20", "--seed", "3"]
SETTINGS = Settings(rows=3000, cards=100, days=20, seed=3)
CSV_TYPES = {
    "cc_num": pl.UInt64,
    "lat": pl.Float64,
    "long": pl.Float64,
    "city_pop": pl.Int64,
    "acct_num": pl.Int64,
    "unix_time": pl.Int64,
    "amt": pl.Float64,
    "is_fraud": pl.Int64,
    "merch_lat": pl.Float64,
    "merch_long": pl.Float64,
}


def read_csv(path: Path) -> pl.DataFrame:
    text = dict.fromkeys(TRAINING_COLUMNS, pl.String)
    return pl.read_csv(path, separator="|", quote_char=None, schema=text | CSV_TYPES)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One simulation as CSV and as Parquet."""
    folder = tmp_path_factory.mktemp("made")
    outs = {suffix: folder / f"made.{suffix}" for suffix in ("csv", "parquet")}
    for out in outs.values():
        assert main([*SIZE, "--out", str(out), "--quiet"]) == 0
    assert {*folder.iterdir()} == {*outs.values()}
    return outs


def test_both_files_hold_what_simulate_yields(made: dict[str, Path]) -> None:
    yielded = pl.concat(simulate(SETTINGS))
    assert read_csv(made["csv"]).equals(yielded)
    assert pl.read_parquet(made["parquet"]).equals(yielded)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_equal_options_give_equal_bytes(made: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    again, other = (tmp_path / f"{name}.{suffix}" for name in ("again", "other"))
    for out, seed in ((again, "3"), (other, "4")):
        assert main([*SIZE, "--seed", seed, "--out", str(out), "--quiet"]) == 0
    assert made[suffix].read_bytes() == again.read_bytes()
    assert made[suffix].read_bytes() != other.read_bytes()


def test_csv_is_piped_unquoted_and_keeps_its_decimals(made: dict[str, Path]) -> None:
    lines = made["csv"].read_text(encoding="utf-8").splitlines()
    assert lines[0] == "|".join(TRAINING_COLUMNS)
    assert len(lines) == 3001
    rows = [dict(zip(TRAINING_COLUMNS, line.split("|"), strict=True)) for line in lines[1:]]
    decimals = {"amt": 2, "lat": 4, "long": 4, "merch_lat": 6, "merch_long": 6}
    for row in rows:
        for column, count in decimals.items():
            assert len(row[column].partition(".")[2]) == count
    assert any("," in row["merchant"] for row in rows)
    assert '"' not in "".join(lines)


def test_parquet_is_text_to_every_reader(made: dict[str, Path]) -> None:
    out = made["parquet"]
    assert pl.read_parquet_schema(out)["city"] == pl.String
    schema = pq.read_schema(out)
    assert not any(pa.types.is_dictionary(kind) for kind in schema.types)
    assert schema.field("merchant").type in {pa.string(), pa.large_string()}
    assert (
        pq.read_table(out).column("zip").to_pylist()[:5]
        == pl.read_parquet(out)["zip"][:5].to_list()
    )


def test_row_groups_hold_a_quarter_of_a_million_at_most(tmp_path: Path) -> None:
    out = tmp_path / "made.parquet"
    assert main(["--rows", "250001", "--cards", "50", "--out", str(out), "--quiet"]) == 0
    groups = pq.ParquetFile(out).metadata
    sizes = [groups.row_group(i).num_rows for i in range(groups.num_row_groups)]
    assert sum(sizes) == 250_001
    assert max(sizes) <= 250_000


def test_an_existing_file_is_not_replaced_unasked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made.csv"
    out.write_text("mine")
    assert main([*SIZE, "--out", str(out)]) == 2
    assert out.read_text() == "mine"
    assert capsys.readouterr().err == (
        f"--out: the file is there already (was {out})\n"
        "hint: add --overwrite to replace it, or choose another name\n"
    )
    assert main([*SIZE, "--out", str(out), "--quiet", "--overwrite"]) == 0
    assert read_csv(out).height == 3000


@pytest.mark.parametrize(
    "wrong",
    [
        ["--rows", "0"],
        ["--rows", "many"],
        ["--cards", "-1"],
        ["--seed", "0.5"],
        ["--start", "2025-13-01"],
        ["--days", "0"],
        ["--fraud-rate", "2"],
        ["--fraud-rate", "nan"],
        ["--drift", "x"],
        ["--row", "5"],
        ["stray"],
        ["--out", "made.txt"],
        ["--out", "no/such/folder/made.csv"],
    ],
)
def test_bad_arguments_are_refused_with_a_hint(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wrong: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--out", "made.csv", *wrong]) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert "(was" in what
    assert hint.startswith("hint: ")
    assert not list(tmp_path.iterdir())


def test_a_missing_output_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "--out" in capsys.readouterr().err


def stopped(error: BaseException) -> object:
    original = Simulation.chunks

    def chunks(self: Simulation, *, encoded: bool = False) -> Iterator[pl.DataFrame]:
        yield next(original(self, encoded=encoded))
        raise error

    return chunks


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("existing", [False, True])
def test_an_interrupt_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    suffix: str,
    existing: bool,  # noqa: FBT001 - a case of the test, not a switch of an interface
) -> None:
    monkeypatch.setattr(Simulation, "chunks", stopped(KeyboardInterrupt()))
    out = tmp_path / f"made.{suffix}"
    if existing:
        out.write_text("mine")
    assert main([*SIZE, "--out", str(out), "--quiet", "--overwrite"]) == 130
    assert capsys.readouterr().err == "interrupted: nothing was left half-written\n"
    assert [path.read_text() for path in tmp_path.iterdir()] == (["mine"] if existing else [])


@pytest.mark.parametrize(
    ("suffix", "number", "said"),
    [("csv", signal.SIGINT, b"interrupted"), ("parquet", signal.SIGTERM, b"terminated")],
)
def test_a_signal_while_writing_leaves_nothing(
    tmp_path: Path, suffix: str, number: signal.Signals, said: bytes
) -> None:
    command = [
        sys.executable,
        "-m",
        "replay.simulate",
        "--rows",
        "1000000000",
        "--cards",
        "100",
        "--quiet",
    ]
    with started([*command, "--out", str(tmp_path / f"made.{suffix}")]) as running:
        while not any(path.stat().st_size for path in tmp_path.iterdir()):
            assert running.poll() is None
            time.sleep(0.02)
        running.send_signal(number)
        _, error = running.communicate(timeout=PATIENCE_SECONDS)
    assert error == said + b": nothing was left half-written\n"
    assert running.returncode == 128 + number
    assert not list(tmp_path.iterdir())


def test_a_failure_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Simulation, "chunks", stopped(MemoryError()))
    with pytest.raises(MemoryError):
        main([*SIZE, "--out", str(tmp_path / "made.csv"), "--quiet"])
    assert not list(tmp_path.iterdir())


def test_a_writer_that_fails_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pl.LazyFrame, "sink_csv", full)
    assert main(["--rows", "600000", "--out", str(tmp_path / "made.csv"), "--quiet"]) == 2
    assert f"cannot write {tmp_path / 'made.csv'} (was: " in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_summary_counts_fraud_by_behaviour(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "made.parquet"
    assert main([*SIZE, "--out", str(out), "--json", "--quiet", "--fraud-rate", "0.05"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["rows"] == 3000
    assert summary["fraud_rows"] == 150 == sum(summary["fraud_rows_by_behaviour"].values())
    assert set(summary["fraud_rows_by_behaviour"]) == {
        "stolen_card",
        "card_testing",
        "compromised_merchant",
        "skimming",
    }
    assert summary["bytes"] == out.stat().st_size
    assert main([*SIZE, "--out", str(out), "--overwrite"]) == 0
    text = capsys.readouterr().out
    assert "3,000 rows" in text
    assert "rows/s" in text


def test_it_runs_as_a_module(tmp_path: Path) -> None:
    out = tmp_path / "made.csv"
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "replay.simulate", *SIZE, "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert out.exists()
