"""The suite of the judge: it checks what it times, and says what it measured."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.cli import main
from benchmarks.compare import DifferenceError
from benchmarks.judging import drive as module
from benchmarks.judging.drive import drive
from benchmarks.measure import Run
from benchmarks.simulated import Simulated
from benchmarks.suites import judge as suite
from replay.simulate import Settings, simulate

ROWS = 300


def write(file: Path) -> None:
    settings = Settings(rows=ROWS, cards=3, days=10, seed=0, fraud_rate=0.1)
    pl.concat(simulate(settings)).write_parquet(file)


def test_a_judge_is_driven_and_agrees(tmp_path: Path) -> None:
    write(tmp_path / "log.parquet")
    found = drive(tmp_path / "log.parquet", 4, 3)
    assert found["events"] == ROWS
    assert found["stream_bytes"] > ROWS * 400
    assert found["seconds"]["total"] == found["seconds"]["stream"] + found["seconds"]["flags"]


def test_a_judge_that_counts_otherwise_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "log.parquet")
    monkeypatch.setattr(module, "event_ids", lambda _content: [b"another"])
    with pytest.raises(DifferenceError, match="the stream is not the file"):
        drive(tmp_path / "log.parquet", 1, 1)


@pytest.mark.parametrize("wrong", ["on_time", "true_positives", "false_positives"])
def test_a_wrong_score_is_found(wrong: str) -> None:
    labels = [0, 1, 1, 0]  # the flags are 0, 1, 0, 1
    score = {
        "events": {"on_time": 4},
        "detection": {"true_positives": 1, "false_positives": 1},
    }
    module._check(score, 4, labels)
    part = score["events"] if wrong == "on_time" else score["detection"]
    part[wrong] += 1
    with pytest.raises(DifferenceError, match="counts otherwise"):
        module._check(score, 4, labels)


def test_the_suite_keeps_and_says_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[list[str]] = []

    def run_module(_module: str, args: list[str], *, threads: int) -> Run:
        assert threads == 1
        asked.append(args)
        part = {"stream": 0.5, "flags": 2.0}
        spent = {"stream": 0.3, "flags": None if "32" in args[3] else 0.6}
        printed: dict[str, Any] = {
            "events": ROWS,
            "seconds": part | {"total": 2.5},
            "judge_cpu_seconds": spent,
        }
        return Run(3.0, 1.0, 1 << 26, printed)

    monkeypatch.setattr(Simulated, "make", lambda _self, file, **_: write(file))
    monkeypatch.setattr(suite, "run_module", run_module)
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    assert main(["judge", "--rows", str(ROWS), *folders]) == 0
    results = json.loads((tmp_path / "results" / f"judge-{ROWS}.json").read_text())
    assert [len(done) for done in results["runs"].values()] == [3, 3]
    first, second = results["summary"].values()
    assert first["stream"]["per_second"]["median"] == ROWS / 0.5
    assert first["flags"]["per_judge_cpu_second"] is None
    assert second["flags"]["per_judge_cpu_second"]["median"] == ROWS / 0.6
    shown = capsys.readouterr().out
    assert f"judge over {ROWS} events; medians of 3" in shown
    assert f"{ROWS / 2.0:,.0f} (" in shown
    assert "unknown" in shown
    assert len(asked) == 6
