"""What pages are told as it happens: framing, changes, gaps, and a board that cannot keep up."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from polars.exceptions import PanicException

from engine.errors import InputError
from engine.live.api.options import ApiOptions
from engine.live.api.server import ApiServer
from engine.live.board.rows import Pattern
from engine.live.dashboard.keeping_up import KeepingUp, Round
from engine.live.dashboard.made import Made
from engine.live.dashboard.routes import Dashboard
from engine.live.dashboard.streaming import framed
from engine.live.metrics import Metrics
from live.cases import Heard, until
from unit.live.api.cases import HOST, Scorer, connect
from unit.live.dashboard.cases import NOW, FakeBoard, alert, keeping, picture
from unit.replay.judge.clients import Talk, run


@asynccontextmanager
async def serving(board: FakeBoard, **options: Any) -> AsyncIterator[ApiServer]:  # noqa: ANN401
    dashboard = Dashboard(keeping(board), 30.0, Made(Path("/nowhere")))
    opened = ApiOptions(port=0, **options)
    async with ApiServer(Scorer(), opened, Metrics(), Heard(), dashboard) as server:
        yield server


async def watch(server: ApiServer) -> Talk:
    talk = await connect(server)
    talk.request("GET", "/dashboard/stream", headers=HOST)
    status, given = await talk.head()
    assert status == 200
    assert given["content-type"].startswith("text/event-stream")
    assert await talk.block() == b"retry: 2000"
    return talk


async def told(talk: Talk, name: str) -> Any:  # noqa: ANN401 - JSON
    """What the next event of a name tells."""
    while True:
        block = await talk.block()
        assert block is not None
        event, data = block.decode().split("\n")
        if event == f"event: {name}":
            return json.loads(data.removeprefix("data: "))


def test_a_page_is_told_the_picture_and_how_things_are() -> None:
    pattern = Pattern("a + b", "<script>", 3, 0.5, 2, 12.5, 7)
    board = FakeBoard(shown=picture(last_event=NOW - 1, patterns=(pattern,), alerts_2h=3))

    async def test() -> None:
        async with serving(board) as server:
            talk = await watch(server)
            health = await told(talk, "health")
            assert health["health"]["queue"] == 3
            assert health["ledger"] in {None, NOW}  # until the board is there
            assert health["since_start"]["reconnects"] == 0
            picture = await told(talk, "picture")
            assert (picture["alerts_2h"], picture["last_event"]) == (3, NOW - 1)
            assert (await told(talk, "health"))["ledger"] == NOW
            assert picture["patterns"][0]["words"] == "<script>"
            assert picture["as_of"] > NOW  # by the clock, not as it was given
            talk.close()
        assert board.closed

    run(test())


def test_new_alerts_are_told_and_those_that_have_changed() -> None:
    board = FakeBoard(held=[alert(1), alert(2)])

    async def test() -> None:
        async with serving(board) as server:
            talk = await watch(server)
            assert [one["sequence"] for one in await told(talk, "alerts")] == [2, 1]
            board.held.append(alert(5, merchant="a\n\ndata: b\r\nid: 7"))
            (new,) = await told(talk, "alerts")
            assert (new["sequence"], new["merchant"]) == (5, "a\n\ndata: b\r\nid: 7")
            board.held[0] = replace(board.held[0], label=1)
            board.news = [board.held[0]]
            (changed,) = await told(talk, "alerts")
            assert (changed["sequence"], changed["label"]) == (1, 1)
            talk.close()

    run(test())


def test_many_watch_and_the_board_is_read_once() -> None:
    board = FakeBoard()

    async def test() -> None:
        async with serving(board, most_streams=2) as server:
            talks = [await watch(server) for _ in range(2)]
            for talk in talks:
                await told(talk, "picture")
            third = await connect(server)
            third.request("GET", "/dashboard/stream", headers=HOST)
            answer = await third.answer()
            assert answer.status == 503
            assert json.loads(answer.body)["what"] == "2 watch already"

    run(test())


def test_more_than_is_told_at_once_is_a_gap() -> None:
    board = FakeBoard(held=[alert(1)])

    async def test() -> None:
        async with serving(board) as server:
            talk = await watch(server)
            await told(talk, "alerts")
            board.held += [alert(sequence) for sequence in range(2, 1_000)]
            await told(talk, "missed")
            assert len(await told(talk, "alerts")) == 500
            talk.close()

    run(test())


def test_what_changes_of_old_alerts_is_told_too() -> None:
    board = FakeBoard(held=[alert(sequence) for sequence in range(1_000)])

    async def test() -> None:
        async with serving(board) as server:
            talk = await watch(server)
            assert len(await told(talk, "alerts")) == 500
            board.news = [alert(7, label=1)]
            changed = await told(talk, "alerts")
            assert [(one["sequence"], one["label"]) for one in changed] == [(7, 1)]
            talk.close()

    run(test())


def test_a_board_that_cannot_keep_up_is_a_trouble_and_no_end() -> None:
    board = FakeBoard(fails=InputError("live.db: damaged (was x)", hint="look at it"))
    heard = Heard()

    async def test() -> None:
        kept = keeping(board, heard)
        kept.join()
        await until(lambda: kept.trouble)
        assert await kept.rounds(0, 0.01) == ([], False)
        board.fails = ZeroDivisionError("a defect")
        await until(lambda: kept.trouble == "ZeroDivisionError")
        assert board.closed  # and begun anew: what it was at may have been half done
        board.fails = PanicException("a defect")
        await until(lambda: kept.trouble == "PanicException")
        board.fails = None
        await until(lambda: kept.trouble is None)
        assert (await kept.rounds(0, 5.0))[0]
        await kept.close()

    run(test())
    said = [event for event, _ in heard.said]
    assert said == 3 * ["dashboard: cannot keep up"] + ["dashboard: well again"]


def test_pages_are_told_of_the_trouble() -> None:
    board = FakeBoard(fails=InputError("live.db: damaged (was x)", hint="look at it"))

    async def test() -> None:
        async with serving(board) as server:
            await until(lambda: server._dashboard and server._dashboard.board.trouble)
            talk = await watch(server)
            health = await told(talk, "health")
            assert health["health"]["troubles"] == ["dashboard: live.db: damaged (was x)"]
            talk.close()

    run(test())


def test_who_was_away_is_told_what_was_missed() -> None:
    async def test() -> None:
        board = FakeBoard()
        kept = keeping(board, tick=0.001)
        place = kept.join()
        await until(lambda: kept._count > 40)
        rounds, missed = await kept.rounds(place, 5.0)
        assert missed
        assert [one.number for one in rounds] == list(range(rounds[0].number, kept._count + 1))
        assert len(rounds) == 30
        kept.leave()
        await kept.close()
        assert kept.ended
        assert await kept.rounds(kept._count, 5.0) == ([], False)

    run(test())


def test_while_nobody_watches_it_keeps_up_all_the_same() -> None:
    async def test() -> None:
        calls = 0

        class Counting(FakeBoard):
            def catch_up(self) -> bool:
                nonlocal calls
                calls += 1
                return calls < 5

        kept = KeepingUp(Counting, Heard())
        kept.start()
        await until(lambda: calls >= 5)  # at once, as there is more
        assert kept._count == 0
        await kept.close()

    run(test())


def test_what_changes_while_nobody_watches_is_not_kept() -> None:
    async def test() -> None:
        board = FakeBoard(news=[alert(1)])
        kept = keeping(board)
        kept.start()
        await until(lambda: not board.news)
        assert kept._count == 0
        await kept.close()

    run(test())


def test_rounds_as_events() -> None:
    rounds = [Round(1, b"{}", b"[1]", is_gap=False), Round(2, b'{"a":1}', None, is_gap=False)]
    assert framed(rounds, missed=False) == (
        b'event: alerts\ndata: [1]\n\nevent: picture\ndata: {"a":1}\n\n'
    )
    assert framed(rounds, missed=True).startswith(b"event: missed\ndata: {}\n\n")
    assert framed([rounds[0]._replace(is_gap=True)], missed=False).startswith(b"event: missed\n")


def test_streams_end_when_the_server_stops() -> None:
    async def test() -> None:
        async with serving(FakeBoard()) as server:
            talk = await watch(server)
            await told(talk, "picture")
        while await talk.block() is not None:
            pass

    run(test())
