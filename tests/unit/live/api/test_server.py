"""Connections: bounded in number, in size and in time; and a clean end."""

import asyncio
import json
import signal
from typing import Any

import pytest

from engine.errors import InputError
from live.cases import Heard
from unit.live.api.cases import EVENT, HOST, JSON, Scorer, connect, serving
from unit.replay.judge.clients import Talk, run

WHOLE = json.dumps(EVENT).encode()


async def bounded_answer(talk: Talk) -> tuple[int, Any]:
    answer = await talk.answer()
    return answer.status, json.loads(answer.body)


def test_a_connection_is_kept() -> None:
    async def test() -> None:
        async with serving(Scorer()) as server:
            talk = await connect(server)
            for _ in range(3):
                talk.request("POST", "/predict", WHOLE, headers=JSON)
                status, body = await bounded_answer(talk)
                assert (status, body["event_id"]) == (200, "a1")
            talk.close()

    run(test())


def test_what_is_too_large_is_refused_before_it_is_read() -> None:
    async def test() -> None:
        scorer = Scorer()
        async with serving(scorer, most_body_bytes=1_000) as server:
            talk = await connect(server)
            # Of the body nothing is ever sent.
            talk.send(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n")
            status, body = await bounded_answer(talk)
            assert (status, body["what"]) == (413, "a body of more than 1,000 bytes")
            talk.close()
            # Nobody says how much comes.
            talk = await connect(server)
            talk.send(
                b"POST /predict HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                + 2 * (b"200\r\n" + b"x" * 512 + b"\r\n")
            )
            assert (await bounded_answer(talk))[0] == 413
            talk.close()
        assert scorer.asked == []

    run(test())


def test_a_body_that_does_not_come() -> None:
    async def test() -> None:
        async with serving(Scorer(), patience=0.1) as server:
            talk = await connect(server)
            talk.send(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
            status, body = await bounded_answer(talk)
            assert (status, body["what"]) == (408, "the body did not come in time")
            talk.close()

    run(test())


@pytest.mark.parametrize("sent", [b"", b"GET /health HTT", b"GET /health HTTP/1.1\r\nHost: loc"])
def test_a_head_that_does_not_come(sent: bytes) -> None:
    async def test() -> None:
        async with serving(Scorer(), silence=0.2) as server:
            talk = await connect(server)
            talk.send(sent)
            assert await talk.ended()

    run(test())


def test_a_second_head_that_does_not_come() -> None:
    async def test() -> None:
        async with serving(Scorer(), silence=0.5) as server:
            talk = await connect(server)
            talk.request("GET", "/health", headers=HOST)
            assert (await talk.answer()).status == 200
            talk.send(b"GET /hea")
            assert await talk.ended()

    run(test())


def test_an_answer_may_take_longer_than_a_silence() -> None:
    async def test() -> None:
        async with serving(Scorer(slow=0.6), silence=0.2) as server:
            talk = await connect(server)
            talk.request("POST", "/predict", WHOLE, headers=JSON)
            assert (await bounded_answer(talk))[0] == 200
            talk.close()

    run(test())


def test_a_head_without_end() -> None:
    async def test() -> None:
        async with serving(Scorer()) as server:
            talk = await connect(server)
            talk.send(b"GET /health HTTP/1.1\r\nX: " + b"x" * 40_000)
            assert (await talk.head())[0] == 400
            talk.close()

    run(test())


def test_connections_are_counted() -> None:
    async def test() -> None:
        async with serving(Scorer(), most_connections=3) as server:
            talks = []
            for _ in range(3):
                talks.append(await connect(server))
                talks[-1].request("GET", "/health", headers=HOST)
                assert (await talks[-1].answer()).status == 200
            fourth = await connect(server)
            assert await fourth.ended()
            talks.pop().close()
            await asyncio.sleep(0.05)
            again = await connect(server)
            again.request("GET", "/health", headers=HOST)
            assert (await again.answer()).status == 200

    run(test())


def test_a_client_that_goes_before_its_body_is_there() -> None:
    async def test() -> None:
        heard = Heard()
        async with serving(Scorer(), log=heard) as server:
            talk = await connect(server)
            talk.send(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{")
            await asyncio.sleep(0.05)
            talk.close()
            talk = await connect(server)
            talk.request("GET", "/health", headers=HOST)
            assert (await talk.answer()).status == 200
            talk.close()
        assert [event for event, _ in heard.said] == ["the API listens", "the API has stopped"]

    run(test())


def test_it_stops_with_an_answer_under_way() -> None:
    async def test() -> None:
        async with serving(Scorer(slow=0.3)) as server:
            talk = await connect(server)
            talk.request("POST", "/predict", WHOLE, headers=JSON)
            await asyncio.sleep(0.1)
        assert (await bounded_answer(talk))[0] == 200
        assert await talk.ended()
        with pytest.raises(OSError, match=r"onnect|refused"):
            await connect(server)

    run(test())


def test_it_stops_whatever_is_open() -> None:
    async def test() -> None:
        async with serving(Scorer(slow=60), grace=1) as server:
            idle, half, slow = [await connect(server) for _ in range(3)]
            half.send(b"GET /")
            slow.request("POST", "/predict", WHOLE, headers=JSON)
            await asyncio.sleep(0.1)
        for talk in (idle, half):
            assert await talk.ended()
        slow.close()

    run(test())


def test_it_stops_before_it_has_begun() -> None:
    async def test() -> None:
        async with serving(Scorer()):
            pass

    run(test())


def test_signals_are_left_alone() -> None:
    async def test() -> None:
        before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
        async with serving(Scorer()) as server:
            talk = await connect(server)
            talk.request("GET", "/health", headers=HOST)
            assert (await talk.answer()).status == 200
            assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before
            talk.close()

    run(test())


def test_a_port_that_is_taken() -> None:
    async def test() -> None:
        async with serving(Scorer()) as server:
            with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1 port {server.port}"):
                type(server)(Scorer(), type(server._options)(port=server.port)).start()

    run(test())
