"""The suite of the online state from its command line: what it keeps, and what it refuses."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli import main
from benchmarks.measure import Run
from benchmarks.online import resident, warm
from benchmarks.simulated import Simulated
from benchmarks.suites import state as suite
from benchmarks.suites.state import as_text, page
from unit.benchmarks.in_process import make, run_module

SMALL = ["--cards", "20", "--days", "3", "--events", "100"]
PARTS = ["cc_num", "cc_num × category", "cc_num × merchant", "merchant", "category", "everyone"]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Simulated, "make", make)
    monkeypatch.setattr(suite, "run_module", run_module)
    monkeypatch.setattr(resident, "_MOST_COPIES_OF_A_PART", 2)
    monkeypatch.setenv("_RJEM_MALLOC_CONF", "")  # what the process sets for itself ends here


def run(tmp_path: Path) -> int:
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    return main(["state", *SMALL, *folders])


def test_each_key_is_told_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path) == 0
    results: dict[str, Any] = json.loads((tmp_path / "results" / "state-20.json").read_text())
    assert list(results["summary"]["keys"]) == PARTS
    assert list(results["runs"]) == [*PARTS, "rest", "events served"]
    found = {name: one["count"] for name, one in results["summary"]["keys"].items()}
    assert found["cc_num"] == 20
    assert found["everyone"] == 1
    assert found["cc_num"] < found["cc_num × category"] <= found["cc_num × merchant"]
    assert [one["keys_held"] for one in results["runs"]["rest"]] == [0, 0, 0]
    waits = {name for name, done in results["runs"].items() if done[0].get("has_rest")}
    assert waits == {"cc_num", "merchant", "category", "rest"}
    parts = (done for name, done in results["runs"].items() if name != "events served")
    assert {one["copies"] for done in parts for one in done} == {2}  # never is that enough
    assert results["summary"]["waiting"]["count"] == results["inputs"]["state"]["rows"] == 156
    assert results["inputs"]["state"]["equal_to_polars"] == "the 200 events after it"
    assert capsys.readouterr().out == as_text(results)
    shown = page(results, "a.json")
    assert "cc_num × merchant" in shown
    assert "(a.json)" in shown


def test_memory_that_is_not_known_is_not_told() -> None:
    told = {"bytes": None, "copies": 4, "keys_held": 2, "waiting": 3, "has_rest": True}
    served = {"events": {"throughput": 10}, "latency_us": {"p50": 1.0}, "seconds": {"total": 1.0}}
    runs = {name: [Run(2.0, 1.0, 1, told)] for name in ("cc_num", "rest")}
    found = suite.summary(runs | {"events served": [Run(2.0, 1.0, 1, served)]}, ["cc_num"])
    assert found["keys"]["cc_num"] == {"count": 2, "bytes": None, "bytes_of_each": None}
    assert found["events_per_second"]["median"] == 10.0


def test_what_is_served_wrongly_is_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(warm, "difference", lambda *_: "feature 'x' differs")
    assert run(tmp_path) == 1
    assert "feature 'x' differs" in capsys.readouterr().err
    assert not list((tmp_path / "results").iterdir())
