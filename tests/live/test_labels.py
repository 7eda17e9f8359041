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
from engine.errors import OutputError
from engine.ledger.cli import main as ledger_main
from engine.live.deadlines import Deadlines
from engine.live.errors import RefusedError, UnknownError
from engine.live.intake import STREAM, Piece
from engine.live.labelling import MOST_BY_ONE, MOST_LABELS, Labelling
from engine.live.ledger.writer import Ledger
from engine.live.making import Manner
from engine.live.notices import Silent
from engine.live.opening import Beginning, open_ledger, open_state
from engine.live.saving import save_anew
from engine.live.scorer import Scorer
from engine.live.service import Told
from engine.live.snapshots import save
from engine.live.sse import Event
from engine.model.loading import load_run
from engine.model.run import Run
from live.scoring import assert_as_replayed, decisions_of, rows_of
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

    def label(self, event: dict[str, Any], label: int | None, who: str = "ann") -> None:
        assert self.tell([Told(event["trans_num"], label, who)]) == [None]

    def tell(self, told: list[Told]) -> list[RefusedError | None]:
        return self.labelling._record(told)

    @property
    def said(self) -> list[tuple[Any, ...]]:
        return rows_of(self.ledger.path, "SELECT event_id, label, who FROM labels ORDER BY rowid")


@contextmanager
def at_work(world: World, path: Path) -> Iterator[Live]:
    with open_ledger(world.run.features, path, None) as ledger:
        opened = open_state(world.run.features, ledger, Beginning(), Silent())
        scorer = Scorer(ledger, opened.online, world.run, Manner(), Deadlines(30.0))
        yield Live(ledger, scorer, Labelling(ledger, scorer, None, world.run.features.schema))  # type: ignore[arg-type]  # in this thread


def lived(
    world: World, path: Path, seed: int, *, restarts: bool = False, changes: bool = False
) -> list[tuple[Any, ...]]:
    """Decide on all events by batches, with labels between, by one process or by many.

    Labels are said again, by the same one and by others, and if ``changes``, as something else.
    """
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
    said: list[int] = []
    while batches:
        with at_work(world, path) as live:
            while batches:
                some, told = batches.pop(0)
                live.decide(some)
                for place in told:
                    event = world.events[place]
                    label = event["is_fraud"]
                    live.label(event, draw.choice((label, 1 - label, None)) if changes else label)
                    if stop.random() < 0.1:
                        save(
                            live.scorer.online, path, live.ledger.created, live.ledger.next_sequence
                        )
                    said.append(place)
                for place in draw.sample(said, min(len(said), 5)):
                    event = world.events[place]
                    label = draw.choice((0, 1, None)) if changes else event["is_fraud"]
                    live.label(event, label, draw.choice(("ann", "bob")))
                if restarts and stop.random() < 0.3:
                    break
        if restarts and stop.random() < 0.3:
            save_anew(path)
    return rows_of(path, "SELECT event_id, score, features FROM decisions ORDER BY sequence")


def built_of(world: World, path: Path, folder: Path) -> pl.DataFrame:
    """What a build computes of a ledger's log."""
    log = folder / "log.parquet"
    assert ledger_main(["export", str(path), "--as", "log", "--out", str(log), "--quiet"]) == 0
    assert build(folder / "built", [log], "--set", world.file) == 0
    built = pl.read_parquet(folder / "built" / "features.parquet")
    return built.select(world.run.features.names).cast(pl.Float64)


def served_of(path: Path, folder: Path) -> pl.DataFrame:
    """What windows saw."""
    decided = decisions_of(path, folder / "served")
    return decided["features"].struct.unnest().cast(pl.Float64).fill_nan(None)


def assert_as_built(world: World, path: Path, folder: Path) -> pl.DataFrame:
    """What windows saw, which is what replays and builds of the ledger's log see."""
    assert_as_replayed(path, world.run.path, folder)
    online = served_of(path, folder)
    assert_same_bits(online, built_of(world, path, folder))
    return online


@pytest.mark.parametrize("seed", range(3))
def test_windows_see_labels_as_who_reads_the_log_later_does(
    world: World, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "live.db"
    lived(world, path, seed)
    online = assert_as_built(world, path, tmp_path)
    assert online["known"].n_unique() > 10
    assert online["frauds"].n_unique() > 1


@pytest.mark.parametrize("seed", range(3))
def test_restarts_between_events_and_labels_change_nothing(
    world: World, tmp_path: Path, seed: int
) -> None:
    expected = lived(world, tmp_path / "one.db", seed)
    assert lived(world, tmp_path / "many.db", seed, restarts=True) == expected
    assert_as_built(world, tmp_path / "many.db", tmp_path)


def together(world: World, *days: float) -> list[dict[str, Any]]:
    """Events of one card in one category, so many days after the first."""
    first = world.events[0]
    return [
        first | {"trans_num": f"e{place}", "unix_time": first["unix_time"] + int(day * 86_400)}
        for place, day in enumerate(days)
    ]


@pytest.mark.parametrize("who", ["ann", "bob"])
def test_what_is_said_again_after_a_start_makes_no_label_later(
    world: World, tmp_path: Path, who: str
) -> None:
    path = tmp_path / "live.db"
    one, other, *later = together(world, 0, 0.1, 1.5, 1.6, 2.5)
    with at_work(world, path) as live:
        live.decide([one, other])
        live.label(one, 1)
        live.label(other, 1)
        live.decide(later[:1])
        save(live.scorer.online, path, live.ledger.created, live.ledger.next_sequence)
    with at_work(world, path) as live:
        live.label(one, 1, who)
        live.label(later[0], 0)
        live.decide(later[1:2])
    with at_work(world, path) as live:
        live.label(one, 1, who)
        live.label(later[0], 1)  # before any window has asked for it
        live.decide(later[2:])
        again = [] if who == "ann" else [("e0", 1, who)]
        assert live.said == [
            ("e0", 1, "ann"),
            ("e1", 1, "ann"),
            *again,
            ("e2", 0, "ann"),
            ("e2", 1, "ann"),
        ]
    online = assert_as_built(world, path, tmp_path)
    assert online["known"].to_list() == [0, 0, 2, 2, 3]
    assert online["frauds"].to_list() == [0, 0, 0, 0, 2]


def test_who_changes_a_label_that_windows_took_makes_it_later_and_never_earlier(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "live.db"
    one, *later = together(world, 0, 1.5, 2.5)
    with at_work(world, path) as live:
        live.decide([one])
        live.label(one, 0)
        live.decide(later[:1])  # of labels known after a day
        live.label(one, 1)
        live.decide(later[1:])  # and after two
    online, built = served_of(path, tmp_path), built_of(world, path, tmp_path)
    assert online.select("known", "risk", "frauds").rows() == [(0, None, 0), (1, 0, 0), (1, 0, 1)]
    assert built.select("known", "risk", "frauds").rows() == [
        (0, None, 0),
        (0, None, 0),
        (0, None, 1),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_of_labels_that_change_nobody_sees_more_later_than_was_seen(
    world: World, tmp_path: Path, seed: int
) -> None:
    path = tmp_path / "live.db"
    expected = lived(world, tmp_path / "one.db", seed, changes=True)
    assert lived(world, path, seed, changes=True, restarts=True) == expected
    online, built = served_of(path, tmp_path), built_of(world, path, tmp_path)
    for name in ("known", "frauds"):
        assert (built[name] <= online[name]).all()
        assert built[name].sum() > 0
    assert (built["known"] < online["known"]).any()


def test_labels_of_an_event_have_an_end_that_no_single_one_can_reach(
    world: World, tmp_path: Path
) -> None:
    (event,) = together(world, 0)
    with at_work(world, tmp_path / "live.db") as live:
        live.decide([event])

        def said(label: int | None, who: str) -> str | None:
            (refused,) = live.tell([Told("e0", label, who)])
            return None if refused is None else f"{refused.what}; {refused.hint}"

        for _ in range(MOST_LABELS + 1):  # what counts already uses nothing up
            assert said(1, "bank") is None
        assert len(live.said) == 1
        for place in range(1, MOST_BY_ONE):
            assert said((place + 1) % 2, "bank") is None
        assert said(1, "bank") == (
            "e0 has 20 labels by bank, as many as one may give (was one more); it stays 0, as bank "
            "said last; find out what changes it so often, and say what is right by another name"
        )
        assert said(0, "bank") is None  # as it is
        assert said(None, "ann") is None
        for place in range(MOST_BY_ONE + 1, MOST_LABELS):
            assert said(place % 2, f"bank {place}") is None
        assert said(None, "ann") == (
            "e0 has 100 labels, as many as may be (was one more); it stays 1, as bank 99 said "
            "last; if that is wrong, correct it in the log that is exported"
        )
        assert said(1, "bank 99") is None
        assert len(live.said) == MOST_LABELS


def test_a_list_is_recorded_at_once_and_in_its_order(world: World, tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    one, other, later = together(world, 0, 0.1, 2.5)
    with at_work(world, path) as live:
        live.decide([one, other])
        statements: list[str] = []
        live.ledger._connection.set_trace_callback(statements.append)
        told = [("e0", 1), ("none", 1), ("e1", 0), ("e0", 1), ("e1", 1), ("e0", None), ("e0", 1)]
        found = live.tell([Told(event_id, label, "bank") for event_id, label in told])
        assert [type(one) for one in found if one is not None] == [UnknownError]
        assert statements.count("COMMIT") == 1
        assert [row[:2] for row in live.said] == [told[0], told[2], *told[4:]]
        live.decide([later])
    assert assert_as_built(world, path, tmp_path)["frauds"].to_list() == [0, 0, 2]


def test_of_a_list_that_the_ledger_does_not_take_nothing_is_there(
    world: World, tmp_path: Path
) -> None:
    path = tmp_path / "live.db"
    one, later = together(world, 0, 2.5)
    # Too many for what is left of the disk, and not by the first of them.
    told = [Told("e0", place % 2, f"{place:>040}") for place in range(MOST_LABELS)]
    with at_work(world, path) as live:
        live.decide([one])
        connection = live.ledger._connection
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(OutputError, match="nothing was changed"):
            live.tell(told)
        assert live.said == []
        connection.execute(f"PRAGMA max_page_count = {2**30}")
        assert live.tell(told[:1]) == [None]  # and no window has heard of the others
        live.decide([later])
    online = assert_as_built(world, path, tmp_path)
    assert online.select("known", "frauds").rows() == [(0, 0), (1, 0)]
