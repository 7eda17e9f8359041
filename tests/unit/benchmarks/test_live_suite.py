"""The suite of the live scorer: what it asks for, and what it makes of what was measured."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli import main
from benchmarks.live.inputs import Inputs
from benchmarks.measure import Run
from benchmarks.suites import live as suite
from benchmarks.suites.live_options import read_options
from benchmarks.suites.live_page import page
from engine.errors import InputError

EVENTS = 5_000
FOLDER = Path("folder")
INPUTS = Inputs(*(FOLDER / name for name in ("log", "past", "stream")), 0, *[FOLDER] * 4)


def test_quick_is_small_where_nothing_else_is_asked_for() -> None:
    quick, usual = read_options(["--quick", "--events", "150"]), read_options([])
    assert quick.wanted.events == quick.drives["max"] == quick.drives["100"] == 150
    assert (quick.common.repeats, usual.common.repeats) == (1, 3)
    assert quick.wanted.log.cards == 1_000
    assert usual.drives == {"100": 2_000, "1000": 20_000, "10000": 200_000, "max": 1_000_000}
    assert usual.wanted.log.cards == 100_000
    assert usual.wanted.training != usual.wanted.log
    assert "--rates 100,1000,10000" in usual.command


@pytest.mark.parametrize("wrong", [["--rates", "0"], ["--cards", "x"], ["--training", "999"]])
def test_what_cannot_be_measured_is_refused(wrong: list[str]) -> None:
    with pytest.raises(InputError, match=wrong[0]):
        read_options(wrong)


def printed_of(args: list[str]) -> dict[str, Any]:
    told = dict(zip(args[::2], args[1::2], strict=False))
    events = int(told["--events"])
    ms = {"p50": 1.5, "p99": 20.0, "p99.9": 30.0, "max": 40.0}
    shared = {"events": events, "cpu_seconds": events * 5e-5, "latency_ms": ms}
    if "--table" in told:
        return shared | {"seconds": {"total": events / 100}}
    latency = {"received_acknowledged": ms, "received_decided": ms, "sent_flagged": ms}
    recovery = {"seconds": 3.0, "state_seconds": 1.0, "caught_up": 99, "of": "snapshot"}
    return shared | {
        "seconds": {"total": events / (12_000 if told["--rate"] == "max" else 1_000)},
        "latency_ms": latency,
        "resident_bytes": {"ready": 1 << 28, "peak": None},
        "keys": 77,
        "recovery": recovery if "--kill" in args else None,
    }


def test_the_suite_keeps_and_says_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, str | None]] = []

    def run_module(module: str, args: list[str], *, threads: int) -> Run:
        assert threads == 1
        asked.append((module, args[args.index("--rate") + 1] if "--rate" in args else None))
        return Run(3.0, 1.0, 1 << 26, printed_of(args))

    monkeypatch.setattr(suite, "provide", lambda *_: INPUTS)
    monkeypatch.setattr(suite, "described", lambda *_: {"log": {"rows": 1}})
    monkeypatch.setattr(suite, "_replayed", lambda *_: FOLDER)
    monkeypatch.setattr(suite, "run_module", run_module)
    folders = ["--dir", str(tmp_path / "work"), "--results", str(tmp_path / "results")]
    words = ["--events", str(EVENTS), "--rates", "1_000", "--original-events", "200"]
    assert main(["live", *words, *folders]) == 0
    results = json.loads((tmp_path / "results" / f"live-{EVENTS}.json").read_text())
    turn = [("benchmarks.live.drive", "1000"), ("benchmarks.live.drive", "max")]
    assert asked == [*turn, ("benchmarks.original.drive", None)] * 3
    found = results["summary"]
    assert found["live_over_original"]["median"] == pytest.approx(120)
    assert found["live"]["max"]["events_per_second"]["median"] == pytest.approx(12_000)
    assert found["live"]["1,000/s"]["cpu_us_per_event"]["median"] == pytest.approx(50)
    assert found["live"]["max"]["resident_bytes"]["peak"] is None
    assert found["recovery"]["caught_up"]["median"] == 99
    shown = capsys.readouterr().out
    assert "live scorer, 77 cards; medians of 3" in shown
    assert "ours ÷ theirs              120 (120 to 120)" in shown
    assert "unknown" in shown
    text = page(results, "file.json")
    assert "| 77 cards | 1,000/s | max |" in text
    assert "| events/s | 1,000 | 12,000 |" in text
    assert "| events/s | 12,000 | 100 | 120 |" in text
    assert "Killed after 5,000 events, it is ready again in 3.0 s" in text
