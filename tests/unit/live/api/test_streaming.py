"""Decisions as they are made: to many, to slow ones, and to those that come again."""

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from engine.live.api.feed import Feed, News
from engine.live.api.server import ApiServer
from engine.live.api.streaming import framed
from live.cases import until
from unit.live.api.cases import CARD, HOST, Scorer, connect, serving, shown
from unit.replay.judge.clients import Talk, run

TICK = 0.01


async def watch(server: ApiServer, last: str | None = None) -> Talk:
    headers = HOST | ({} if last is None else {"Last-Event-ID": last})
    talk = await connect(server)
    talk.request("GET", "/api/stream", headers=headers)
    status, given = await talk.head()
    assert status == 200
    assert given["content-type"].startswith("text/event-stream")
    assert given["cache-control"] == "no-store"
    assert await talk.block() == b"retry: 2000"
    return talk


async def told(talk: Talk, count: int) -> list[tuple[str | None, Any]]:
    """Events with data, as pairs of their id and what they tell."""
    found: list[tuple[str | None, Any]] = []
    while len(found) < count:
        block = await talk.block()
        assert block is not None
        fields = dict(line.split(": ", 1) for line in block.decode().split("\n"))
        if "data" in fields:
            found.append((fields.get("id"), json.loads(fields["data"])))
    return found


def test_a_decision_is_told() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            talk = await watch(server)
            await until(lambda: scorer.watchers)
            scorer.show(41)
            assert await told(talk, 1) == [
                (
                    "41",
                    {
                        "sequence": 41,
                        "event_id": "e41",
                        "arrival_time": 1,
                        "decided_at": 2,
                        "is_fraud": 0,
                        "proba": 0.25,
                        "fallback": None,
                        "event": {
                            "card": "****3333",
                            "amt": 12.5,
                            "merchant": "Kirlin",
                            "unix_time": 1_700_000_000,
                        },
                    },
                )
            ]
            talk.close()

    run(test())


def test_many_watch_and_the_scorer_is_watched_once() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            talks = [await watch(server) for _ in range(3)]
            await until(lambda: scorer.watchers)
            scorer.show(1, 2, 3)
            for talk in talks:
                assert [one for one, _ in await told(talk, 3)] == ["1", "2", "3"]
                talk.close()
            assert scorer.watched == 1

    run(test())


def test_who_comes_again_goes_on_where_it_was() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            first = await watch(server)
            await until(lambda: scorer.watchers)
            scorer.show(1, 2)
            assert [one for one, _ in await told(first, 2)] == ["1", "2"]
            first.close()
            await asyncio.sleep(0.05)
            scorer.show(4, 5)
            await asyncio.sleep(0.05)
            again = await watch(server, last="2")
            new = await watch(server)
            scorer.show(6)
            assert [one for one, _ in await told(again, 3)] == ["4", "5", "6"]
            assert [one for one, _ in await told(new, 1)] == ["6"]
            again.close()
            new.close()

    run(test())


@pytest.mark.parametrize("last", ["x", "", "-1", "1" * 19])
def test_an_id_that_is_none_is_passed_over(last: str) -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            talk = await watch(server, last=last)
            await until(lambda: scorer.watchers)
            scorer.show(1)
            assert [one for one, _ in await told(talk, 1)] == ["1"]
            talk.close()

    run(test())


def test_a_sign_of_life() -> None:
    async def test() -> None:
        async with serving(Scorer(), tick=TICK, heartbeat=0.05) as server:
            talk = await watch(server)
            assert [await talk.block() for _ in range(3)] == [b": alive"] * 3
            talk.close()

    run(test())


def test_a_slow_reader_holds_nobody_up_and_misses_the_oldest() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            quick, slow = await watch(server), await connect(server, limit=1_024)
            slow.request("GET", "/api/stream", headers=HOST)
            await slow.head()
            await until(lambda: scorer.watchers and server._feed.watchers == 2)
            found = server._server.server_state.connections
            sequence = 0
            while not any(connection.is_stuck for connection in found):  # type: ignore[union-attr]
                new = range(sequence, sequence + 200)
                sequence += 200
                scorer.show(*new)
                assert [one for one, _ in await told(quick, 200)] == [str(one) for one in new]
            for _ in range(5):
                new = range(sequence, sequence + 200)
                sequence += 200
                scorer.show(*new)
                assert [one for one, _ in await told(quick, 200)] == [str(one) for one in new]
            # And now it reads: what is between is told to be missing, and then come the newest.
            missed, last = 0, -1
            while last < sequence - 1:
                ((number, data),) = await told(slow, 1)
                if number is None:
                    missed += data["missed"]
                else:
                    assert int(number) > last
                    last = int(number)
            assert missed > 0
            quick.close()
            slow.close()

    run(test())


def test_one_that_takes_nothing_is_given_up() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK, silence=0.2) as server:
            slow = await connect(server, limit=1_024)
            slow.request("GET", "/api/stream", headers=HOST)
            await until(lambda: scorer.watchers)
            sequence = 0
            while server._feed.watchers:
                scorer.show(*range(sequence, sequence + 200))
                sequence += 200
                await asyncio.sleep(TICK)
            slow.close()

    run(test())


def test_so_many_may_watch() -> None:
    async def test() -> None:
        async with serving(Scorer(), tick=TICK, most_streams=2) as server:
            talks = [await watch(server) for _ in range(2)]
            third = await connect(server)
            third.request("GET", "/api/stream", headers=HOST)
            answer = await third.answer()
            assert answer.status == 503
            assert json.loads(answer.body)["what"] == "2 watch already"
            talks.pop().close()
            await until(lambda: server._feed.watchers == 1)
            talks.append(await watch(server))

    run(test())


def test_streams_end_when_the_server_stops() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            talk = await watch(server)
            await until(lambda: scorer.watchers)
            scorer.show(1)
            await told(talk, 1)
        assert await talk.block() is None
        assert scorer.watchers == []

    run(test())


def test_streams_end_when_the_scorer_tells_no_more() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            talk = await watch(server)
            await until(lambda: scorer.watchers)
            scorer.end()
            assert await talk.reader.readuntil(b"0\r\n\r\n")  # all of it was sent
            late = await connect(server)
            late.request("GET", "/api/stream", headers=HOST)
            assert (await late.answer()).status == 503
            talk.close()
            late.close()

    run(test())


def test_it_stops_with_a_reader_that_takes_nothing() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, tick=TICK) as server:
            slow = await connect(server, limit=1_024)
            slow.request("GET", "/api/stream", headers=HOST)
            await until(lambda: scorer.watchers)
            found = server._server.server_state.connections
            sequence = 0
            while not any(connection.is_stuck for connection in found):  # type: ignore[union-attr]
                scorer.show(*range(sequence, sequence + 200))
                sequence += 200
                await asyncio.sleep(TICK)
        assert scorer.watchers == []
        slow.close()

    run(test())


def test_nobody_watches_for_nobody() -> None:
    async def test() -> None:
        scorer = Scorer()
        feed = Feed(scorer, linger=0.02)
        assert scorer.watched == 0
        feed.join(None)
        await until(lambda: scorer.watchers)
        feed.leave()
        await until(lambda: not scorer.watchers)
        feed.join(None)
        await until(lambda: scorer.watchers)
        feed.close()
        await until(lambda: not scorer.watchers)

    run(test())


def test_memory_is_bounded() -> None:
    async def test() -> None:
        scorer = Scorer()
        feed = Feed(scorer, kept=3)
        place = feed.join(None)
        await until(lambda: scorer.watchers)
        scorer.show(*range(10))
        await until(lambda: feed.news(place, 99).shown)
        news = feed.news(place, 99)
        assert ([one.sequence for one in news.shown], news.missed) == ([7, 8, 9], 7)
        assert [one.sequence for one in feed.news(place, 2).shown] == [8, 9]
        assert feed.news(news.place, 99) == News([], 0, 10)
        feed.close()
        await asyncio.sleep(0)

    run(test())


def test_nothing_is_shown_that_is_nobodys_business() -> None:
    leaky = shown(
        1, card=CARD, first="Maria", last="Doe", street="12 Elm Street", ssn="123-45-6789", city="X"
    )
    text = framed(News([leaky], 0, 1)).decode()
    assert CARD not in text
    assert "****3333" in text
    for word in ("Maria", "Doe", "Elm", "6789", "city"):
        assert word not in text


def test_a_line_break_ends_no_event() -> None:
    text = framed(News([shown(1, merchant="a\n\ndata: b\r\nid: 7")], 0, 1)).decode()
    assert text.count("\n") == 3
    assert "\r" not in text


def test_numbers_of_numpy_are_told() -> None:
    odd = shown(1, amt=np.float64(1.5), unix_time=np.int64(7), merch_lat=float("nan"))
    told = json.loads(framed(News([odd], 0, 1)).partition(b"data: ")[2])["event"]
    assert (told["amt"], told["unix_time"], told["merch_lat"]) == (1.5, 7, None)
