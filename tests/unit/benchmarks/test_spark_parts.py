"""The parts of the stream on Spark, by themselves: checked before they are timed."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pytest

from benchmarks.compare import DifferenceError
from benchmarks.live import spark_parts
from benchmarks.live.lines_of import micro_batches
from benchmarks.live.spark_parts import Asked, check, main
from benchmarks.online.log import EventLog
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import restore
from engine.backends.online.state import read_state, write_state
from engine.backends.warm import WarmStart
from engine.catalog import notebook
from engine.live_spark.lines import read
from engine.model.loading import load_run
from replay.simulate import Settings, simulate

CARDS = 20
WARM, EVENTS = 400, 250


@dataclass
class Made:
    asked: Asked
    cards: int


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, boosted: Path) -> Made:
    """A stream, and the state of the events before it."""
    folder = tmp_path_factory.mktemp("parts")
    settings = Settings(rows=WARM + EVENTS, cards=CARDS, days=9, seed=6)
    events = pl.concat(simulate(settings))
    log, stream, state = (folder / name for name in ("log.parquet", "stream.parquet", "state"))
    events.write_parquet(log)
    events[WARM:].write_parquet(stream)
    warm = WarmStart(notebook)
    for frame in EventLog(log, notebook).frames(0, WARM):
        warm.append(frame)
    write_state(notebook, warm.state(), state)
    asked = Asked(stream, EVENTS, boosted, state, batch=60, buckets=3)
    return Made(asked, restore(notebook, state).keys_held)


def words(asked: Asked) -> list[str]:
    options = {
        "--stream": asked.stream,
        "--events": asked.events,
        "--run": asked.run,
        "--state": asked.state,
        "--batch": asked.batch,
        "--buckets": asked.buckets,
    }
    return [str(word) for pair in options.items() for word in pair]


def test_parts_are_checked_timed_and_counted(
    made: Made, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words(made.asked)) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["compared_with_one_set"] == found["written_for_events"] == EVENTS
    # The first micro-batch is of the start.
    assert found["events"] == EVENTS - made.asked.batch
    assert found["cards"] == made.cards
    seconds = found["seconds"]
    parts = [seconds[part] for part in ("sequencing", "deciding", "recording")]
    assert min(parts) > 0
    assert seconds["total"] == pytest.approx(sum(parts))
    for part in ("sequencing", "deciding"):
        assert found["state_bytes"][part] > 0
        assert found["appended_bytes"][part] > EVENTS  # a byte of each event is the least
        assert found["snapshot_bytes"][part] == 0


def test_nothing_is_left_beside_the_stream(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(made.asked.stream.parent.iterdir())
    assert main(words(replace(made.asked, events=70))) == 0
    assert capsys.readouterr().out
    assert sorted(made.asked.stream.parent.iterdir()) == before


def test_parts_that_decide_otherwise_are_not_timed(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, run = made.asked, load_run(made.asked.run)
    state = read_state(notebook, asked.state)
    assert check(asked, run, state) == EVENTS
    # One running set that lacks the history.
    monkeypatch.setattr(spark_parts, "restore", lambda features, _: OnlineFeatures(features))
    with pytest.raises(DifferenceError, match="is decided on otherwise in parts"):
        check(asked, run, state)


def test_micro_batches_are_the_streams_events_in_order(made: Made) -> None:
    batches = list(micro_batches(made.asked.stream, 130, 60))
    lines = [[line for text in texts for line in read(text)] for texts in batches]
    assert [len(some) for some in lines] == [60, 60, 10]
    every = [line for some in lines for line in some]
    assert [line.offset for line in every] == list(range(130))
    ids = [json.loads(line.event or "")["trans_num"] for line in every]
    assert ids == pl.read_parquet(made.asked.stream)["trans_num"].head(130).to_list()
    assert "is_fraud" not in (every[0].event or "")
    assert len({line.arrival for line in every}) == 130
