"""A judge, a scorer and what is made of them: what is not right is not told."""

import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from benchmarks.compare import DifferenceError
from benchmarks.live.drive import Drive, drive
from benchmarks.live.inputs import Wanted, provide
from benchmarks.live.recorded import (
    check_ledger,
    check_replayed,
    check_score,
    counts_of,
    times_of,
)
from benchmarks.measure import RunError
from benchmarks.original.drive import drive as drive_original
from benchmarks.servers import server
from benchmarks.simulated import Simulated, workspace
from benchmarks.suites import live as suite
from benchmarks.suites.live_options import read_options
from engine.decide.folder import part_file

EVENTS = 300
WARM = 500


@dataclass
class Made:
    asked: Drive
    found: dict[str, Any]
    ledger: Path
    original: dict[str, Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, boosted: Path, forest: Path) -> Made:
    """A drive of a scorer that begins after some events, and is killed; and the original's."""
    folder = tmp_path_factory.mktemp("drive")
    words = ["--cards", "20", "--warm", str(WARM), "--events", str(EVENTS)]
    options = read_options([*words, "--training", "1_000", "--seed", "4"])
    with pytest.MonkeyPatch.context() as patch, workspace(folder / "kept", keep=True) as space:
        runs = folder / "runs"
        runs.mkdir()
        (runs / "lightgbm").symlink_to(boosted.resolve())
        (runs / "random_forest").symlink_to(forest.resolve())
        patch.setattr("benchmarks.live.inputs._runs", lambda *_: runs)
        inputs = provide(options.wanted, space, 1)
        replayed = suite._replayed(options, inputs, space.scratch, 1)
        scratch = folder / "scratch"
        scratch.mkdir()
        asked = Drive(inputs.stream, EVENTS, "max", inputs.boosted, inputs.state, replayed)
        found = drive(replace(asked, kill=True), scratch)
        kept = folder / "inputs"
        space.scratch.rename(kept)
        space.scratch.mkdir()
    asked = replace(asked, stream=kept / "stream.parquet", replayed=kept / "replayed")
    theirs = drive_original(asked.stream, 50, inputs.forest, kept / "table.db", asked.replayed)
    return Made(asked, found, scratch / "live.db", theirs)


def score_of(made: Made) -> dict[str, Any]:
    """The judge's, as far as it is looked at."""
    labels = pl.read_parquet(made.asked.stream)["is_fraud"].to_list()
    flags = pl.read_parquet(part_file(made.asked.replayed, 0))["flagged"].to_list()
    hits = sum(label and flag for label, flag in zip(labels, flags, strict=False))
    events = {"sent": EVENTS, "judged": EVENTS, "on_time": EVENTS}
    told = {"recorded": EVENTS, "duplicate": 0}
    none = ("contradictory", "late", "not_found", "malformed", "unauthorised")
    return {
        "events": events | {"to_send": 0, "pending": 0, "expired": 0},
        "flags": told | dict.fromkeys(none, 0),
        "detection": {"true_positives": hits, "false_positives": sum(flags) - hits},
    }


def test_a_scorer_is_driven_and_found_right(made: Made) -> None:
    found = made.found
    assert found["compared_with_replay"] == found["events"] == EVENTS
    assert found["counts"]["acknowledged"] == found["counts"]["decisions"] == EVENTS
    assert found["keys"] == 20
    assert found["seconds"]["total"] > 0
    for quantiles in found["latency_ms"].values():
        assert 0 < quantiles["p50"] <= quantiles["p99"] <= quantiles["max"]
    acknowledged, decided = (
        found["latency_ms"][f"received_{until}"] for until in ("acknowledged", "decided")
    )
    assert acknowledged["p50"] >= decided["p50"]


def test_a_killed_scorer_goes_on_from_where_it_was(made: Made) -> None:
    recovery = made.found["recovery"]
    assert (recovery["of"], recovery["caught_up"]) == ("snapshot", EVENTS)
    assert recovery["seconds"] > recovery["state_seconds"] > 0


def test_the_original_is_driven_and_found_right(made: Made) -> None:
    assert made.original["compared_with_replay"] == made.original["events"] == 50
    assert made.original["seconds"]["total"] > 0


def test_times_are_those_of_the_ledger(made: Made) -> None:
    times = times_of(made.ledger)
    assert times["seconds"] == made.found["seconds"]["total"]
    assert times["latency_ms"].items() <= made.found["latency_ms"].items()


@pytest.mark.parametrize(
    ("part", "name"),
    [("events", "on_time"), ("events", "expired"), ("flags", "contradictory"), ("flags", "late")],
)
def test_a_score_that_is_not_right_is_found(made: Made, part: str, name: str) -> None:
    score = score_of(made)
    check_score(score, EVENTS)
    score[part][name] += 1
    with pytest.raises(DifferenceError, match="the judge counts otherwise"):
        check_score(score, EVENTS)


def test_a_ledger_that_is_not_the_streams_is_found(made: Made, tmp_path: Path) -> None:
    score, stream = score_of(made), made.asked.stream
    assert check_ledger(made.ledger, stream, score, EVENTS) == counts_of(made.ledger)
    with pytest.raises(DifferenceError, match="the ledger counts otherwise"):
        check_ledger(made.ledger, stream, score, EVENTS - 1)
    other = tmp_path / "other.parquet"
    pl.read_parquet(stream).reverse().write_parquet(other)
    with pytest.raises(DifferenceError, match="events are not the stream's"):
        check_ledger(made.ledger, other, score, EVENTS)
    wrong = copy.deepcopy(score)
    wrong["detection"]["false_positives"] += 1
    with pytest.raises(DifferenceError, match="the judge got other flags"):
        check_ledger(made.ledger, stream, wrong, EVENTS)


@pytest.mark.parametrize("name", ["score", "velocity_1h"])
def test_a_decision_that_is_not_a_replays_is_found(made: Made, tmp_path: Path, name: str) -> None:
    part = pl.read_parquet(part_file(made.asked.replayed, 0)).unnest("features")
    one = pl.int_range(pl.len()) == 7
    changed = pl.when(one).then(pl.col(name) + 1e-16 + pl.col(name) * 1e-15).otherwise(name)
    changed = changed if part.schema[name].is_float() else pl.col(name) + one.cast(pl.Int64)
    values = part.with_columns(changed.cast(part.schema[name]).alias(name))
    names = pl.read_parquet(part_file(made.asked.replayed, 0)).schema["features"].to_schema()
    values = values.with_columns(pl.struct(list(names)).alias("features")).drop(list(names))
    values.write_parquet(part_file(tmp_path, 0))
    assert check_replayed(made.ledger, made.asked.replayed, "notebook") == EVENTS
    with pytest.raises(DifferenceError, match=f"{name} of event 7 differs"):
        check_replayed(made.ledger, tmp_path, "notebook")


def test_a_past_ends_with_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Simulated(rows=900, cards=900, days=1, seed=3)
    monkeypatch.setattr("benchmarks.live.inputs._runs", lambda *_: tmp_path)
    with workspace(tmp_path / "kept", keep=False) as space:
        inputs = provide(Wanted(log, log, 400, 100), space, 1)
        past, stream = (pl.read_parquet(one)["unix_time"] for one in (inputs.past, inputs.stream))
        whole = pl.read_parquet(inputs.log)["unix_time"]
    assert past[-1] < stream[0] == inputs.starts
    assert len(past) >= 400
    assert len(stream) == 100
    assert (whole[: len(past)] == past).all()
    assert (whole[len(past) : len(past) + 100] == stream).all()


def test_a_server_that_ends_is_told_with_what_it_said(tmp_path: Path) -> None:
    import re

    with (
        server("it", tmp_path / "said", ["replay.judge", "nothing.csv"], {}) as one,
        pytest.raises(RunError, match=r"it ended \(was exit code 2\)\n(.|\n)*was 0 characters"),
    ):
        one.until(re.compile("ready"))
    with server("it", tmp_path / "said", ["http.server", "0"], {}) as one:
        with pytest.raises(RunError, match="takes too long"):
            one.check(0.0)
        assert one.ended(lambda process: process.terminate()) == -15
