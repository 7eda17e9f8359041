"""The suite of the handbook: what it reproduces, what it keeps, and what it refuses."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.handbook import trials
from benchmarks.handbook.book import book
from benchmarks.handbook.models import Boosting
from benchmarks.handbook.protocol import Figures, Told
from benchmarks.handbook.published import BASELINE, DIGITS, SKIPPED
from benchmarks.handbook.tables import as_array, read_events
from benchmarks.handbook.trials import BOOK, LIGHTGBM, OWN, Trials, best_place
from benchmarks.suites.handbook import SETS
from datafiles import data_file
from engine.backends import load_backend
from unit.benchmarks.handbook_logs import raw_log

ROWS = 6_000
# All that the first week of training sees, and the end of its week of test.
SEEN_FROM, TESTED_UNTIL = datetime(2018, 6, 18, tzinfo=UTC), datetime(2018, 8, 15, tzinfo=UTC)


def test_the_books_rows_are_reproduced_to_the_printed_digits() -> None:
    events = read_events(data_file("handbook.parquet")).filter(
        pl.col("TX_DATETIME").is_between(
            SEEN_FROM.timestamp(), TESTED_UNTIL.timestamp(), closed="left"
        )
    )
    inputs = as_array(load_backend("polars").compute(book, events))
    found = Trials(Told.of(events), {BOOK: inputs}).baseline()
    assert found["train"] == {"rows": 67_240, "frauds": 598}
    assert found["test"] == {"rows": 58_264, "frauds": 385}
    for name, printed in BASELINE.items():
        if name not in SKIPPED:
            figures = tuple(round(figure, DIGITS) for figure in found["rows"][name].values())
            assert figures == printed, name


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log over the book's months, and few trees of few seeds."""
    grid = (Boosting(3, 0.5, 3, 2), Boosting(3, 0.5, 6, 2))
    monkeypatch.setattr(trials, "GRID", grid)
    file = tmp_path / "log.parquet"
    raw_log(ROWS, days=183, customers=150, terminals=40).write_parquet(file)
    return file


def run(file: Path, *more: str) -> dict[str, Any]:
    results = file.parent / "results"
    assert main(["handbook", str(file), "--results", str(results), *more]) == 0
    kept: dict[str, Any] = json.loads((results / f"handbook-{ROWS}.json").read_text())
    return kept


def test_the_suite_keeps_and_says_what_it_found(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = run(small)
    shown = capsys.readouterr().out
    assert kept["inputs"]["rows"] == ROWS
    assert str(small.parent) not in json.dumps(kept)
    assert {"cpu", "cores"} <= set(kept["machine"])
    assert {"scikit-learn", "lightgbm", "polars"} <= set(kept["versions"])
    assert [(row["features"], row["model"]) for row in kept["folds"]] == [
        *((BOOK, name) for name in BASELINE if name not in SKIPPED),
        (BOOK, LIGHTGBM),
        (OWN, LIGHTGBM),
    ]
    for row in kept["folds"]:
        assert len(row["folds"]) == 4
        precisions = [fold["average_precision"] for fold in row["folds"].values()]
        assert row["mean"]["average_precision"] == pytest.approx(sum(precisions) / 4)
        assert f"{row['mean']['roc_auc']:.3f}".removeprefix("0") in shown
    for name in SETS:
        told = kept["sets"][name]
        assert told["values_equal_to_the_reference"] > ROWS / 10
        tried = told["tried_on_validation"]
        best = tried[best_place([Figures(**one["mean"]) for one in tried])]
        assert told["chosen"] == {name: best[name] for name in told["chosen"]}
    assert f"XGBoost: skipped, {SKIPPED['XGBoost']}" in shown


def test_of_what_is_tried_the_best_mean_rank_is_taken() -> None:
    high = Figures(0.9, 0.1, 0.3)  # the largest sum, by one column
    alike = [Figures(0.5, 0.2, 0.4), Figures(0.4, 0.2, 0.2)]
    assert best_place([high, *alike]) == 1
    assert best_place([alike[1], high]) == 1
    assert best_place([high, high]) == 0


def test_every_run_finds_the_same(small: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = run(small), run(small, "--json")
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index('{\n  "suite"') :]) == second
    for part in ("baseline", "folds"):
        assert first[part] == second[part]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (pl.col("TX_AMOUNT") * -1, "rows are refused, the first for TX_AMOUNT"),
        (pl.col("TERMINAL_ID").alias("TX_FRAUD"), "rows are refused, the first for TX_FRAUD"),
    ],
)
def test_a_log_that_is_not_the_books_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: pl.Expr, told: str
) -> None:
    file = tmp_path / "log.parquet"
    raw_log(50, days=20).with_columns(change).write_parquet(file)
    assert main(["handbook", str(file), "--results", str(tmp_path / "results")]) == 2
    message = capsys.readouterr().err
    assert told in message
    assert "\nhint: " in message


@pytest.mark.parametrize("days", [1, 100])
def test_a_log_that_does_not_reach_the_folds_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], days: int
) -> None:
    file = tmp_path / "log.parquet"
    raw_log(1_000, days=days).write_parquet(file)
    assert main(["handbook", str(file), "--results", str(tmp_path / "results")]) == 2
    what, hint = capsys.readouterr().err.splitlines()
    assert what.startswith(f"{file}: no events of both kinds in the fold that trains from 2018-0")
    assert "(was 2018-04-01 to 2018-0" in what
    assert "2018-04-01 to 2018-09-30" in hint
    assert not list((tmp_path / "results").iterdir())


def test_a_folder_is_what_lies_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, said in (("one", "no events of both kinds"), ("two", "not one Parquet file (was ")):
        raw_log(50, days=20).write_parquet(tmp_path / f"{name}.parquet")
        assert main(["handbook", str(tmp_path), "--results", str(tmp_path / "results")]) == 2
        assert said in capsys.readouterr().err


def test_a_file_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handbook", str(tmp_path / "none.parquet")]) == 2
    assert capsys.readouterr().err.startswith("no such file or folder (was ")
