"""Text features live: names in the ledger and in answers, codes for the model alone."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from engine.live.service import Service
from engine.model.loading import load_run
from live.scoring import answered, assert_all_answered, assert_as_replayed, options_of, scoring
from unit.build.cases import write
from unit.live.board.cases import caught_up
from unit.model.worded import LATE, build_worded, worded_log
from unit.replay.judge.clients import judging, run
from unit.train.cases import trained

COUNT = 400
OFFERED = 40  # of them, to the API


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that has seen no late category."""
    folder = tmp_path_factory.mktemp("worded")
    return trained(build_worded(folder), folder / "runs", "run", "--threshold", "alerts-per-day=9")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(worded_log(COUNT, seed=9), tmp_path_factory.mktemp("log") / "log.csv")


def test_what_is_decided_live_is_what_a_replay_decides(
    worded: Path, log: Path, tmp_path: Path
) -> None:
    events = pl.read_csv(log, separator="|", infer_schema=False).drop("is_fraud").to_dicts()
    ledger = tmp_path / "live.db"
    said: list[dict[str, Any]] = []

    async def asked(service: Service) -> None:
        for store in (False, True, True):
            answers = await service.decide(events[-OFFERED:], store=store)
            said.append({one.event_id: (one.score, one.features) for one in answers})

    async def test() -> None:
        async with (
            judging(log, rate=4_000, events=COUNT - OFFERED) as running,
            scoring(options_of(running.port, worded, ledger, batch=16, leap=None)) as live,
        ):
            assert_all_answered(await answered(running, live))
            await asked(live.app)

    run(test())
    decided = assert_as_replayed(ledger, worded, tmp_path)
    names = decided["features"].struct.field("category")
    happened = dict(zip([one["trans_num"] for one in events], events, strict=True))
    assert names.to_list() == [happened[one]["category"] for one in decided["event_id"]]
    assert LATE in names
    scores = dict(zip(decided["event_id"], decided["score"], strict=True))
    looked, stored, again = said
    assert stored.keys() == looked.keys()
    for event_id, (score, features) in stored.items():
        assert score == scores[event_id]
        assert features["category"] == happened[event_id]["category"]
        # What was decided before is told without what is the card holder's.
        assert features["gender"] == happened[event_id]["gender"]
        assert again[event_id] == (score, features)
    _assert_opened(ledger, worded, decided)


def _assert_opened(ledger: Path, worded: Path, decided: pl.DataFrame) -> None:
    """The dashboard shows names, and what is usual of them."""
    trained_run = load_run(worded)
    board = caught_up(ledger, run=trained_run)
    flagged = decided.filter(pl.col("flagged") == 1).unnest("features")
    assert len(flagged) > 3
    usual = Counter[bool]()
    for row in flagged.iter_rows(named=True):
        case = board.opened(row["sequence"])
        assert case is not None
        seen = {one.feature: one for one in case.features}
        assert "gender" not in seen
        category, before = seen["category"], seen["category_before"]
        assert (category.value, before.value) == (row["category"], row["category_before"])
        assert category.usual == trained_run.usual["category"]
        others = [one.category for one in case.card if not one.is_this]
        most = Counter(others)
        if category.card_usual is not None:
            assert most[category.card_usual] == max(most.values())
        usual[category.card_usual is None] += 1
    assert usual[False]
    told = board.drift()
    board.close()
    assert told is not None
    moved = {one.name: one for one in told.features}
    assert np.isfinite(moved["category"].psi)
    assert moved["category"].psi > moved["gender"].psi
