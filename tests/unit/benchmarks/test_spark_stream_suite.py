"""The suite of the stream on Spark: what its runs come to, what is computed of that, its page."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.cli import main
from benchmarks.live.inputs import Inputs
from benchmarks.measure import Run
from benchmarks.simulated import Workspace
from benchmarks.suites import spark_stream as suite
from benchmarks.suites.spark_sizing import BUCKET_BYTES, full_at, size_of
from benchmarks.suites.spark_stream_page import page
from benchmarks.suites.spark_stream_parts import summary_of_parts
from engine.live_spark.journal import MOST_ENTRIES

FOLDER = Path("folder")
INPUTS = Inputs(*(FOLDER / name for name in ("log", "past", "stream")), 0, *[FOLDER] * 4)
CARDS = 400
PARTS: dict[str, Any] = {
    "events": 1_000,
    "batch": 500,
    "buckets": 8,
    "compared_with_one_set": 1_000,
    "cards": CARDS,
    "state_bytes": {"sequencing": 7, "deciding": 800 * CARDS},
    "appended_bytes": {"sequencing": 60_000, "deciding": 240_000},
    "snapshot_bytes": {"sequencing": 15_000, "deciding": 0},
    "written_for_events": 1_500,
    "seconds": {"sequencing": 0.02, "deciding": 0.1, "recording": 0.04, "total": 0.16},
}
LIVE: dict[str, Any] = {
    "machine": {"cores": 2},
    "summary": {
        "live": {
            "max": {
                "events_per_second": {"median": 13_819.4},
                "cpu_us_per_event": {"median": 68.2},
                "keys": 94_793,
                "resident_bytes": {"peak": {"median": 499 << 20}},
            }
        }
    },
}


def drive_of(args: list[str]) -> dict[str, Any]:
    """What a drive of 20 seconds prints, a micro-batch each second: at 100/s half a core."""
    events, rate = (int(args[args.index(name) + 1]) for name in ("--events", "--rate"))
    return {
        "events": events,
        "batches": 10,
        "seconds": {"start": 9.0, "total": 20.0},
        "cpu_seconds": rate / 10,
        "resident_bytes": {"peak": 1 << 30},
        "latency_ms": {"received_decided": {"p50": 900.0, "p99": 1_800.0, "max": 2_000.0}},
    }


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Any]:
    def run(module: str, args: list[str], *, threads: int) -> Run:
        if module == "benchmarks.live.spark_parts":
            assert threads == 1
            told = dict(zip(args[::2], args[1::2], strict=True))
            assert (told["--batch"], told["--buckets"]) == ("1000", "8")
            return Run(1.0, 1.0, 1, PARTS)
        assert module == "benchmarks.live.drive_spark"
        return Run(1.0, 1.0, 1, drive_of(args))

    monkeypatch.setattr(suite, "run_module", run)
    monkeypatch.setattr(suite, "provide", lambda *_: INPUTS)
    monkeypatch.setattr(suite, "_replayed", lambda *_: FOLDER)
    monkeypatch.setattr(suite, "described", lambda _, wanted: {"log": wanted.log.described()})
    options = suite._options(["--rates", "100,1_000", "--seconds", "20"])
    return {"command": options.command} | suite.measure(options, Workspace(tmp_path, tmp_path, []))


def test_runs_come_to_what_is_kept(results: dict[str, Any]) -> None:
    slow, fast = results["summary"].values()
    assert slow["cpu_seconds_per_batch"]["median"] == 1.0
    assert fast["cpu_us_per_event"]["median"] == 5_000
    assert fast["batches_per_second"]["median"] == 0.5
    parts = results["parts"]
    us = {part: round(spread["median"]) for part, spread in parts["us_per_event"].items()}
    assert us == {"sequencing": 20, "deciding": 100, "recording": 40}
    assert parts["state_bytes_per_card"]["median"] == 800
    appended = {name: one["median"] for name, one in parts["appended_bytes_per_event"].items()}
    assert appended == {"sequencing": 40, "deciding": 160}
    assert set(results["runs"]) == {"100/s", "1,000/s", "parts"}
    assert len(results["runs"]["parts"]) == results["repeats"] == 3


def test_what_a_rate_takes_follows_from_that(results: dict[str, Any]) -> None:
    parts, summary = results["parts"], results["summary"]
    assert list(full_at(parts)) == ["recording", "sequencing"]
    assert list(full_at(parts).values()) == pytest.approx([25_000, 50_000])
    size = size_of(26_000, parts, summary)
    assert size.alone == pytest.approx({"sequencing": 0.52, "recording": 1.04})
    assert size.deciding == pytest.approx(2.6)
    # Half a micro-batch a second, as at the highest rate; of each what it took at the lowest.
    assert (size.batches, size.spark) == pytest.approx((0.5, 0.5))
    assert size.cards == pytest.approx(864e6)
    assert size.state_bytes == pytest.approx(800 * 864e6)
    assert (size.buckets - 1) * BUCKET_BYTES < size.state_bytes <= size.buckets * BUCKET_BYTES
    assert size.appended == pytest.approx(26_000 * 200)
    # So many micro-batches come before as much is appended as so large a state has.
    seconds = MOST_ENTRIES / 0.5
    assert seconds < size.state_bytes / (26_000 * 160)
    assert size.snapshots == pytest.approx(size.state_bytes / seconds + 26_000 * 10)


def test_a_small_state_is_written_anew_when_as_much_was_appended(results: dict[str, Any]) -> None:
    small = {"median": 0.1, "least": 0.1, "most": 0.1}
    parts = results["parts"] | {"state_bytes_per_card": small}
    size = size_of(26_000, parts, results["summary"])
    assert size.snapshots == pytest.approx(26_000 * (160 + 10))


def test_the_page_tells_what_is_measured_from_what_is_computed(results: dict[str, Any]) -> None:
    text = page(results, "stream.json", LIVE, "live.json")
    measured, computed = text.split("**Computed from these figures, not measured:**")
    assert "$ python -m benchmarks spark_stream --cards 100000" in measured
    assert "ms to decided, p99         1,800 (1,800 to 1,800)  1,800 (1,800 to 1,800)" in measured
    assert "processor s a micro-batch     1.00 (1.00 to 1.00)  10.00 (10.00 to 10.00)" in measured
    assert "p99 of at most 5,000 ms" in measured
    assert "bytes of state a card 800 (800 to 800)" in measured
    assert "([results](live.json)): 13,819 events/s at most, at 68 µs" in measured
    assert "[every measurement](stream.json)" in measured
    assert "| transactions a second | 1,000 | 10,000 | 65,000 |" in computed
    assert "| sequencing, of its one core | 2 % | 20 % | **130 %** |" in computed
    assert "| recording, of its one core | 4 % | 40 % | **260 %** |" in computed
    assert "| Spark around 2 tasks, cores | 0.50 | 0.50 | 0.50 |" in computed
    assert "| deciding, cores | 0.10 | 1.00 | 6.50 |" in computed
    assert "The outbox is what is full first, at 25,000 a second" in computed
    assert "the task that puts events into order is at 50,000" in computed


def test_small_micro_batches_come_of_few_events(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: str, args: list[str], *, threads: int) -> Run:
        asked.extend(args)
        return Run(1.0, 1.0, threads, PARTS)

    asked: list[str] = []
    monkeypatch.setattr(suite, "run_module", run)
    suite._parts(INPUTS, 7, 2)
    assert asked[asked.index("--batch") + 1] == "4"


def test_summaries_hold_the_least_and_the_most() -> None:
    slower = PARTS | {"seconds": PARTS["seconds"] | {"deciding": 0.3}}
    found = summary_of_parts([PARTS, slower, PARTS])["us_per_event"]["deciding"]
    assert (found["median"], found["least"], found["most"]) == pytest.approx((100, 100, 300))


def test_rates_and_sizes_are_whole_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spark_stream", "--rates", "fast"]) == 2
    assert "--rates" in capsys.readouterr().err
