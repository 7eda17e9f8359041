"""How far the latest transactions have moved: as a retraining says it, and never stale for long."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from engine.catalog import notebook
from engine.live.board import board as boards
from engine.live.board import moved as moving
from engine.live.ledger.rows import packed
from engine.model.bins import training_bins
from engine.model.feature_values import FeatureValues
from engine.model.moved import moved_from
from engine.model.ranked import Floats
from engine.model.run import Run
from unit.live.board.cases import CARD, caught_up, event, put, run_of
from unit.live.ledger.cases import BEGAN, SECOND, WIDTH, decision, fallback, opened

if TYPE_CHECKING:
    from engine.model.kinds import Model

DAY = 86_400
COUNT = 400
MOVED = notebook.names.index("amt_z_user")


class Constant:
    """A model that scores all alike."""

    def scores(self, values: Floats) -> Floats:
        return np.full(len(values), 0.25)


def trained(seed: int = 0) -> Run:
    """A run that was trained on values from 0 to 1, in weeks of four cards each."""
    values = np.random.default_rng(seed).random((4_000, WIDTH))
    cards = np.arange(4_000) // 4
    bins = training_bins(notebook, values, np.full(4_000, 0.25), (cards, cards))
    end = BEGAN // SECOND
    part = {"events": 4_000, "cards": 1_000, "start": end - 60 * DAY, "end": end}
    parts = dict.fromkeys(("train", "validation", "test"), part)
    return replace(run_of(), model=cast("Model", Constant()), bins=bins, manifest={"parts": parts})


def recorded(count: int = COUNT) -> tuple[list[Any], Floats]:
    """Decisions on cards of two events each, of which one feature has moved."""
    values = np.random.default_rng(7).random((count, WIDTH))
    values[:, MOVED] += 0.5
    decisions = [
        decision(
            n,
            event=event(cc_num=CARD + n // 2, unix_time=BEGAN // SECOND + n),
            features=packed(FeatureValues(values[n : n + 1]))[0],
        )
        for n in range(count)
    ]
    return decisions, values


def test_it_is_what_a_retraining_would_say(tmp_path: Path) -> None:
    decisions, values = recorded()
    path, run = tmp_path / "live.db", trained()
    with opened(path) as ledger:
        put(ledger, [*decisions, fallback(COUNT)])  # of which there are no features
        board = caught_up(path, run=run)
        told = board.drift()
        board.close()
    times = BEGAN // SECOND + np.arange(COUNT)
    expected = moved_from(run, FeatureValues(values), times, np.arange(COUNT) // 2, int(times[0]))
    assert told is not None
    assert expected is not None
    assert (told.events, told.cards) == (COUNT, COUNT // 2)
    assert (told.since, told.until) == (int(times[0]), int(times[-1]))
    assert [(one.name, one.psi, one.by_chance, one.word) for one in told.features] == [
        (each["feature"], each["psi"], each["by_chance"], each["word"])
        for each in expected["features"]
    ]
    assert (told.features[0].name, told.features[0].word) == ("amt_z_user", "shifted")
    assert told.features[0].doc == notebook.features[MOVED].doc
    assert (told.score.psi, told.score.word) == (0.0, "stable")
    assert {one.word for one in told.features[1:]} == {"stable", "not whole weeks"}


def test_the_latest_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving, "LATEST", 150)
    decisions, _ = recorded()
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, decisions)
        board = caught_up(path, run=trained())
        told = board.drift()
        board.close()
    assert told is not None
    assert told.events == 150
    assert told.since == BEGAN // SECOND + COUNT - 150


@pytest.mark.parametrize("count", [0, moving.FEWEST - 1])
def test_of_few_nothing_is_told(tmp_path: Path, count: int) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, recorded(count)[0])
        board = caught_up(path, run=trained())
        assert board.drift() is None
        board.close()


def test_of_a_run_without_bins_nothing_is_told(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, recorded()[0])
        board = caught_up(path)
        assert board.drift() is None
        board.close()


def test_it_is_found_out_once_a_minute_and_for_each_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1_000.0]
    monkeypatch.setattr(boards, "elapsed", lambda: now[0])
    decisions, _ = recorded()
    path, runs = tmp_path / "live.db", [trained()]
    with opened(path) as ledger:
        put(ledger, decisions[:200])
        board = boards.Board(path, lambda: runs[-1], 30.0)
        first = board.drift()
        put(ledger, decisions[200:])
        now[0] += 59.0
        assert board.drift() is first
        runs.append(trained(seed=1))
        other = board.drift()
        assert other is not None
        assert first is not None
        assert (first.events, other.events) == (200, COUNT)
        now[0] += 61.0
        again = board.drift()
        assert again == other
        assert again is not other
        board.close()
