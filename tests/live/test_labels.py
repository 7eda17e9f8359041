"""Labels that people give while a live scorer works, and the windows that see them."""

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.clock import elapsed, wall_us
from engine.live.deadlines import Deadlines
from engine.live.intake import STREAM, Piece
from engine.live.labelling import Labelling
from engine.live.ledger.writer import Ledger
from engine.live.making import Manner
from engine.live.notices import Silent
from engine.live.opening import Beginning, open_ledger, open_state
from engine.live.saving import save_anew
from engine.live.scorer import Scorer
from engine.live.snapshots import save
from engine.live.sse import Event
from engine.model.loading import load_run
from engine.model.run import Run
from live.scoring import assert_as_replayed, rows_of
from unit.build.cases import assert_same_bits, build, write
from unit.model.cases import simulated
from unit.train.cases import trained

RISK = """\
from engine.definition import POS, column, feature, feature_set, key, log1p

fraud = column("is_fraud")
risk = key("category").last(days=3, delay_days=1)
own = key("cc_num").last(days=2, delay_days=2)
risks = feature_set(
    "risks",
    POS,
    [
        feature("log_amt", log1p(column("amt")), "logarithm of one plus the amount"),
        feature("known", risk.count(fraud), "category's events of known label"),
        feature("risk", risk.mean(fraud), "category's share of fraud"),
        feature("frauds", own.sum(fraud), "card's frauds"),
    ],
)
"""
# Seconds between an event and its label: some are known in time, and some are not.
LAGS = (0, 3_600, 43_200, 86_400, 172_800)


@dataclass
class World:
    """A run of a set that reads labels, and a log it was not trained on."""

    run: Run
    events: list[dict[str, Any]]
    file: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("labels")
    file = folder / "risks.py"
    file.write_text(RISK)
    log = write(simulated(2_000, days=12, seed=4), folder / "log.csv")
    assert build(folder / "built", [log], "--set", f"{file}:risks") == 0
    run = load_run(trained(folder / "built", folder / "runs", "run", "--label-delay", "1d"))
    # Every three hours many at once, so that labels come at the very instant they are asked for.
    time = pl.col("unix_time") // 10_800 * 10_800
    events = simulated(300, days=5, seed=9).with_columns(time)
    return World(run, events.to_dicts(), str(file))


@dataclass
class Live:
    """What decides and what labels, on a ledger that is open."""

    ledger: Ledger
    scorer: Scorer
    labelling: Labelling

    def decide(self, events: list[dict[str, Any]]) -> None:
        told = [
            Event("message", "", json.dumps(event | {"is_fraud": None}).encode())
            for event in events
        ]
        self.scorer.decide([Piece(STREAM, told, elapsed(), wall_us())])

    def label(self, event: dict[str, Any], label: int | None) -> None:
        assert self.labelling._record(event["trans_num"], label, "ann")


@contextmanager
def at_work(world: World, path: Path) -> Iterator[Live]:
    with open_ledger(world.run.features, path, None) as ledger:
        opened = open_state(world.run.features, ledger, Beginning(), Silent())
        scorer = Scorer(ledger, opened.online, world.run, Manner(), Deadlines(30.0))
        yield Live(ledger, scorer, Labelling(ledger, scorer, None, world.run.features.schema))  # type: ignore[arg-type]  # in this thread


def lived(world: World, path: Path, seed: int, *, restarts: bool) -> list[tuple[Any, ...]]:
    """Decide on all events by batches, with labels between, by one process or by many."""
    draw = random.Random(seed)  # noqa: S311 - of a test
    stop = random.Random(seed + 1)  # noqa: S311 - same
    waiting = [(e["unix_time"] + draw.choice(LAGS), place) for place, e in enumerate(world.events)]
    waiting.sort()
    left = list(world.events)
    batches: list[tuple[list[dict[str, Any]], list[int]]] = []
    while left:
        count = draw.randint(1, 20)
        some, left = left[:count], left[count:]
        come, now = len(world.events) - len(left), some[-1]["unix_time"]
        told = [place for at, place in waiting if at <= now and place < come]
        waiting = [one for one in waiting if one[1] not in told]
        batches.append((some, told))
    while batches:
        with at_work(world, path) as live:
            while batches:
                some, told = batches.pop(0)
                live.decide(some)
                for place in told:
                    event = world.events[place]
                    live.label(event, event["is_fraud"])
                    if stop.random() < 0.1:
                        save(
                            live.scorer.online, path, live.ledger.created, live.ledger.next_sequence
                        )
                if restarts and stop.random() < 0.3:
                    break
        if restarts and stop.random() < 0.3:
            save_anew(path)
    return rows_of(path, "SELECT event_id, score, features FROM decisions ORDER BY sequence")


@pytest.mark.parametrize("seed", range(3))
def test_windows_see_labels_as_who_reads_the_log_later_does(
    world: World, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "live.db"
    lived(world, path, seed, restarts=False)
    decided = assert_as_replayed(path, world.run.path, tmp_path)
    assert build(tmp_path / "built", [tmp_path / "arrived.parquet"], "--set", world.file) == 0
    built = pl.read_parquet(tmp_path / "built" / "features.parquet")
    online = decided["features"].struct.unnest().cast(pl.Float64).fill_nan(None)
    assert_same_bits(online, built.select(world.run.features.names).cast(pl.Float64))
    assert online["known"].n_unique() > 10
    assert online["frauds"].n_unique() > 1


@pytest.mark.parametrize("seed", range(3))
def test_restarts_between_events_and_labels_change_nothing(
    world: World, tmp_path: Path, seed: int
) -> None:
    expected = lived(world, tmp_path / "one.db", seed, restarts=False)
    assert lived(world, tmp_path / "many.db", seed, restarts=True) == expected
