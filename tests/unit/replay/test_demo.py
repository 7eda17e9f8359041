"""The demo: one screen that a newcomer understands, made anew each time."""

from pathlib import Path

import polars as pl
import pytest

from replay.demo.cli import main


def test_the_whole_path_on_one_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--rows", "30000"]) == 0
    shown = capsys.readouterr().out
    lines = shown.splitlines()
    assert "30,000 transactions of 300 cards in 60 days" in shown
    assert "30,000 transactions with 26 features each" in shown
    assert "average precision" in shown
    assert "demo/runs/current/report.html" in shown
    assert Path("demo/runs/current").readlink() == Path("demo")
    assert len(lines) < 75
    assert max(map(len, lines)) <= 100
    features = pl.read_parquet("demo/features/features.parquet")
    assert len(features) == 30_000
    for card in features["cc_num"].unique().cast(pl.String):
        assert card not in shown
    assert all(Path(name).exists() for name in shown.split() if name.startswith("demo/"))
    # Again, over what it made.
    assert main(["--rows", "40"]) == 0
    shown = capsys.readouterr().out
    assert "no fraud among so few" in shown
    assert "No model was trained" in shown
    assert len(pl.read_parquet("demo/features/features.parquet")) == 40


def test_a_folder_of_somebody_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "transactions.csv").write_text("mine")
    assert main(["--out", str(tmp_path)]) == 2
    assert "hint: name a new or empty folder" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("rows", ["0", "-1", "1e3", "many"])
def test_rows_are_a_whole_number(capsys: pytest.CaptureFixture[str], rows: str) -> None:
    assert main(["--rows", rows]) == 2
    assert capsys.readouterr().err.startswith("--rows: ")
