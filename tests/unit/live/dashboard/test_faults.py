"""What went wrong is told as the board has it."""

import httpx

from engine.errors import OutputError
from engine.live.board.rows import Fault
from unit.live.api.cases import asking
from unit.live.dashboard.cases import NOW, FakeBoard, app_of
from unit.replay.judge.clients import run


def answer(board: FakeBoard) -> httpx.Response:
    found: list[httpx.Response] = []

    async def test() -> None:
        async with asking(app_of(board)) as client:
            found.append(await client.get("/dashboard/faults"))

    run(test())
    return found[0]


def test_faults() -> None:
    found = answer(FakeBoard(wrong=[Fault("refused", "404 <no> such", 3, NOW)]))
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/json"
    assert found.json() == [{"what": "refused", "why": "404 <no> such", "times": 3, "latest": NOW}]
    assert answer(FakeBoard()).json() == []


def test_a_board_that_cannot_be_asked() -> None:
    found = answer(FakeBoard(wrong=OutputError("live.db: locked (was: busy)", hint="ask again")))
    assert found.status_code == 503
    assert found.json()["what"] == "live.db: locked (was: busy)"
