"""The processes of the online measurements, from inside: their events, their checks, their work."""

import gc
import json
from pathlib import Path

import polars as pl
import pytest

from benchmarks.measure import run_module
from benchmarks.online import hot
from benchmarks.online.check import difference
from benchmarks.online.log import EventLog
from benchmarks.online.pauses import Pauses
from benchmarks.online.serve import QUANTILES, serve
from benchmarks.online.warm import main as warm
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import restore
from engine.catalog import load_feature_set
from replay.simulate import Settings, simulate

NOTEBOOK = load_feature_set("notebook")
ROWS = 2_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("log") / "in.parquet"
    pl.concat(simulate(Settings(rows=ROWS, cards=30, days=20))).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def log(file: Path) -> EventLog:
    return EventLog(file, NOTEBOOK)


def test_events_are_those_of_the_file(log: EventLog, file: Path) -> None:
    assert log.rows == ROWS
    times = pl.concat(log.frames(3, ROWS - 3))["unix_time"]
    assert times.to_list() == pl.read_parquet(file)["unix_time"][3:].to_list()
    batches = list(log.batches(("event_id", "unix_time"), 3, 1_000, batch_rows=300))
    assert [len(batch) for batch in batches] == [300, 300, 300, 100]
    assert [time for batch in batches for _, time in batch] == times[:1_000].to_list()


def test_faster_events_come_in_their_order_from_the_same_instant_on(
    log: EventLog, file: Path
) -> None:
    usual = pl.concat(log.frames(0, ROWS))["unix_time"]
    faster = pl.concat(EventLog(file, NOTEBOOK, faster=24).frames(0, ROWS))["unix_time"]
    assert faster[0] == usual[0]
    assert faster.is_sorted()
    assert faster[-1] - faster[0] == (usual[-1] - usual[0]) // 24


def test_what_is_served_is_what_a_batch_computes(log: EventLog, tmp_path: Path) -> None:
    assert difference(OnlineFeatures(NOTEBOOK), log, 0, 500, tmp_path) is None


def test_a_wrong_value_served_is_named(log: EventLog, tmp_path: Path) -> None:
    # A state that lacks the events before: the first of them to be missed is told.
    told = difference(OnlineFeatures(NOTEBOOK), log, 1_000, 500, tmp_path)
    assert told is not None
    assert "differs in row 1,0" in told
    assert "by polars" in told


def test_a_state_made_in_batch_goes_on_where_the_log_ended(
    file: Path, log: EventLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "a.state"
    args = ["--set", "notebook", "--input", str(file), "--state", str(state)]
    assert warm([*args, "--rows", "1000", "--check", "200"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert made["difference"] is None
    assert made["rows"] == 1_000
    assert made["hours"] > 25
    assert made["state_bytes"] == state.stat().st_size
    online = restore(NOTEBOOK, state)
    assert online.keys_held == made["keys_held"] > 0
    served = serve(online, log, 1_000, 300, managed=True)
    assert online.events == 1_600
    assert served["events"] == {"throughput": 300, "latency": 300}
    assert served["late"] == 0
    latency = served["latency_us"]
    assert isinstance(latency, dict)
    assert list(latency) == list(QUANTILES)
    assert list(latency.values()) == sorted(latency.values())
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_hot_cards_time_is_told_by_tenths(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hot, "_ENOUGH_EVENTS", 3 * ROWS)
    told = hot.serve(NOTEBOOK, log)
    assert (told["events"], told["rounds"]) == (ROWS, 3)
    tenths = told["ns_per_event"]
    assert isinstance(tenths, list)
    assert len(tenths) == 10
    assert min(tenths) > 0


def test_the_collectors_stops_are_noted() -> None:
    pauses = Pauses()
    gc.collect()
    with pauses.watching():
        gc.collect()
        gc.collect()
    gc.collect()
    told = pauses.as_json()
    assert told["collections"] >= 2
    assert 0 < told["longest_ms"] < told["total_ms"]


def test_a_states_memory_is_that_of_all_its_copies(file: Path, tmp_path: Path) -> None:
    state = tmp_path / "a.state"
    args = ["--set", "notebook", "--input", str(file), "--state", str(state)]
    assert warm([*args, "--rows", "1900", "--check", "100"]) == 0
    told = run_module(
        "benchmarks.online.resident", ["--set", "notebook", "--state", str(state)], threads=1
    ).printed
    assert told["keys_held"] == 30
    assert told["copies"] == 1_000
    if told["bytes"] is not None:
        assert told["bytes_per_key"] == told["bytes"] / 30_000
        assert 100 < told["bytes_per_key"] < 100_000
