"""Drift is told as the board has it, or it is told why not."""

import httpx

from engine.errors import InputError
from engine.live.board.rows import Drift, Movement
from unit.live.api.cases import asking
from unit.live.dashboard.cases import FakeBoard, app_of
from unit.replay.judge.clients import run

MOVED = Movement("hour", "hour of the day, UTC", 0.31, 0.02, "shifted")
SCORE = Movement("score", "what the model says of it", 0.01, 0.02, "stable")


def answer(board: FakeBoard) -> httpx.Response:
    found: list[httpx.Response] = []

    async def test() -> None:
        async with asking(app_of(board)) as client:
            found.append(await client.get("/dashboard/drift"))

    run(test())
    return found[0]


def test_drift() -> None:
    drift = Drift(1_000, 900, 1_764_000_000, 1_764_000_600, 0.1, 0.25, SCORE, (MOVED,))
    found = answer(FakeBoard(moved=drift))
    assert found.status_code == 200
    told = found.json()
    assert (told["events"], told["cards"]) == (1_000, 900)
    assert told["features"] == [
        {
            "name": "hour",
            "doc": "hour of the day, UTC",
            "psi": 0.31,
            "by_chance": 0.02,
            "word": "shifted",
        }
    ]


def test_what_is_not_known_is_said_so() -> None:
    found = answer(FakeBoard())
    assert found.status_code == 404
    assert found.json()["what"].startswith("drift is not known")


def test_a_board_that_cannot_be_asked() -> None:
    damaged = InputError("live.db: damaged (was: no JSON)", hint="begin a new ledger")
    found = answer(FakeBoard(moved=damaged))
    assert found.status_code == 503
    assert found.json()["what"] == damaged.what
