"""Flags posted to a judge, and to endpoints that are worse; nothing is contradicted or late."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from engine.clock import elapsed
from engine.live.errors import KeyRejectedError
from engine.live.flag import Outcome
from engine.live.poster import Poster
from live.cases import (
    QUICK,
    Taken,
    Told,
    client_of,
    flags_of,
    posting,
    reading,
    request_of,
    serving,
    settled,
    stream_options,
    until,
)
from unit.replay.judge.cases import faults, log_of
from unit.replay.judge.clients import Running, judging, run

COUNT = 150
IDS = [f"event-{number}" for number in range(COUNT)]
YES = b'{"success": true, "reason": "Response recorded successfully"}'
OK = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(YES), YES)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return log_of(tmp_path, COUNT)


async def sent(running: Running) -> list[str]:
    """Have the whole stream sent."""
    taken = Taken()
    async with reading(stream_options(running.port), taken):
        await taken.until(lambda taken: len(taken.transactions) >= COUNT)
    return taken.transactions


def assert_consistent(score: dict[str, Any]) -> None:
    flags = score["flags"]
    assert (flags["contradictory"], flags["late"], flags["not_found"]) == (0, 0, 0)


FAULTS = [
    "",
    "flag-503=0.3",
    "flag-429=0.3",
    "flag-slow=100ms@0.5",
    "flag-reset=0.4",
    "flag-lost=0.4",
    "flag-503=0.1,flag-429=0.1,flag-slow=50ms@0.2,flag-reset=0.2,flag-lost=0.2",
]


@pytest.mark.parametrize("what", FAULTS)
def test_every_flag_is_recorded_whatever_goes_wrong(log: Path, what: str) -> None:
    async def test() -> None:
        told = Told()
        async with judging(log, faults=faults(what, timed=False)) as running:
            ids = await sent(running)
            # A wish to wait for a second is heeded but for a last attempt.
            async with posting(client_of(running.port), told, last=0.3) as poster:
                poster.add(flags_of(ids, seconds=20.0))
                await settled(poster)
            score = await running.score()
            values = running.judge.book.value.tolist()
        assert_consistent(score)
        assert score["events"]["on_time"] == COUNT
        assert values == [int(number % 3 == 0) for number in range(COUNT)]
        assert told.final == dict.fromkeys(IDS, Outcome.RECORDED)
        assert len(told.replies) == poster.figures.posts
        if "reset" in what or "lost" in what:
            assert "the connection ended unanswered" in told.reasons

    run(test())


def test_what_has_expired_is_final(log: Path) -> None:
    async def test() -> None:
        told = Told()
        async with judging(log, faults=faults("flag-expired=0.3", timed=False)) as running:
            async with posting(client_of(running.port), told) as poster:
                poster.add(flags_of(await sent(running)))
                await settled(poster)
            score = await running.score()
        refused = [one for one, outcome in told.final.items() if outcome is Outcome.REFUSED]
        assert 10 < len(refused) < 80
        assert told.reasons == {
            "Response recorded successfully",
            "Transaction expired or not found",
        }
        assert len(told.replies) == COUNT  # each was posted once
        assert score["flags"]["contradictory"] == 0

    run(test())


def test_a_key_that_is_refused_now_and_then_is_final_for_that_flag_alone(log: Path) -> None:
    async def test() -> None:
        told = Told()
        async with judging(log, faults=faults("flag-401=0.2", timed=False)) as running:
            async with posting(client_of(running.port), told) as poster:
                poster.add(flags_of(await sent(running)))
                await settled(poster)
            assert_consistent(await running.score())
        assert set(told.final) == set(IDS)
        assert len(told.replies) == COUNT
        assert set(told.statuses) == {200, 401}

    run(test())


def test_a_key_that_is_always_refused_ends_it(log: Path) -> None:
    async def test() -> None:
        told = Told()
        async with judging(log) as running:
            poster = Poster(client_of(running.port, key="another"), told)
            poster.add(flags_of(await sent(running)))
            with pytest.raises(KeyRejectedError) as rejected:
                await poster.run()
            assert "another" not in str(rejected.value)
            assert running.judge.book.posts.unauthorised >= 8
        assert set(told.statuses) == {401}

    run(test())


def test_who_is_not_there_yet_is_waited_for(log: Path) -> None:
    async def test() -> None:
        async def nobody(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            pass

        async with serving(nobody) as port:
            pass  # by now it is closed again
        told = Told()
        async with judging(log) as running:
            ids = await sent(running)
            async with posting(client_of(port), told) as poster:
                poster.add(flags_of(ids))
                await until(lambda: poster.figures.posts > 70)
                assert poster.figures.recorded == 0
                await running.judge.server.close()
                await running.judge.server.listen("127.0.0.1", port, None)
                await settled(poster)
            assert running.judge.book.value.tolist() == [int(one % 3 == 0) for one in range(COUNT)]
        assert told.final == dict.fromkeys(IDS, Outcome.RECORDED)
        assert any("no connection" in (reason or "") for reason in told.reasons)

    run(test())


def test_where_nobody_ever_is_flags_expire_in_time() -> None:
    async def test() -> None:
        async def nobody(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            pass

        async with serving(nobody) as port:
            pass
        told = Told()
        async with posting(client_of(port), told) as poster:
            poster.add(flags_of(IDS, seconds=0.5))
            await settled(poster)
        assert told.final == dict.fromkeys(IDS, Outcome.EXPIRED)

    run(test())


WORSE = {
    "drips": [b"H", b"T", b"T", b"P"] * 100,
    "says nothing": [],
    "garbage": [b"\x16\x03\x01 what is this\r\n\r\n"],
    "too large": [b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 200_000],
    "two at once": [OK + OK],
    "cut off": [OK[:-5]],
    "no answer": [b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html/>"],
    "another protocol": [b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"],
}


@pytest.mark.parametrize("name", WORSE)
def test_what_is_no_answer_is_tried_again_until_it_expires(name: str) -> None:
    posts: dict[str, set[int]] = {}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await request_of(reader)
            posted = json.loads(request.partition(b"\r\n\r\n")[2])
            posts.setdefault(posted["trans_num"], set()).add(posted["flag_value"])
            for part in WORSE[name]:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(0.02)
            if name != "no answer":
                await asyncio.sleep(0.3 if name in {"drips", "says nothing"} else 0)
                return

    async def test() -> None:
        told = Told()
        async with serving(talk) as port:
            async with posting(client_of(port), told, attempt=0.15, last=0.05) as poster:
                poster.add(flags_of(IDS[:8], seconds=0.6))
                await settled(poster)
            assert poster.figures.posts > 8
        assert told.final == dict.fromkeys(IDS[:8], Outcome.EXPIRED)
        assert posts == {one: {int(number % 3 == 0)} for number, one in enumerate(IDS[:8])}
        expired = [one for one in told.replies if one.outcome is Outcome.EXPIRED]
        numbers = Counter(one.sequence for one in told.replies)
        assert [one.attempt for one in expired] == [numbers[one.sequence] for one in expired]
        ends = [one for one in told.replies if one.outcome is Outcome.RETRY]
        assert {one.status for one in ends} - {None} == ({200} if name == "no answer" else set())

    run(test())


FORMS = {
    "length": OK,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
    % (len(YES), YES),
    "interim": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "closes": OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    "to the end": b"HTTP/1.1 200 OK\r\n\r\n" + YES,
}


@pytest.mark.parametrize("form", FORMS)
def test_answers_in_all_forms_and_connections_that_are_kept(form: str) -> None:
    kept = form not in {"closes", "to the end"}
    connections = 0
    requests: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        while True:
            requests.append(await request_of(reader))
            for at in range(0, len(FORMS[form]), 7):
                writer.write(FORMS[form][at : at + 7])
                await writer.drain()
            if not kept:
                writer.close()
                await writer.wait_closed()
                return

    async def test() -> None:
        told = Told()
        async with serving(talk) as port:
            client = client_of(port, connections=3)
            async with posting(client, told) as poster:
                poster.add(flags_of(IDS[:30]))
                await settled(poster)
                assert client.open == (3 if kept else 0)
            assert client.open == 0
        assert told.final == dict.fromkeys(IDS[:30], Outcome.RECORDED)
        assert connections == (3 if kept else 30)
        head, _, body = min(requests, key=len).partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/flag HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" % port)
        assert b"\r\nX-API-Key: key\r\n" in head
        assert b"\r\nContent-Type: application/json\r\n" in head
        assert json.loads(body) == {"trans_num": "event-0", "flag_value": 1}

    run(test())


async def requests_of(reader: asyncio.StreamReader, wanted: int) -> int:
    """So many requests, where they follow one another at once; how many there were."""
    await request_of(reader)
    for found in range(1, wanted):
        try:
            async with asyncio.timeout(0.05):
                await request_of(reader)
        except TimeoutError:
            return found
    return wanted


BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_where_many_wait_some_go_together_and_are_answered_in_their_order() -> None:
    sizes: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            found = await requests_of(reader, 8)
            sizes.append(found)
            answers = OK * found
            for at in range(0, len(answers), 50):  # cut anywhere
                writer.write(answers[at : at + 50])
                await writer.drain()

    async def test() -> None:
        told = Told()
        async with serving(talk) as port:
            client = client_of(port, connections=4)
            assert client.together == 1  # nobody knows yet whether connections are kept
            async with posting(client, told) as poster:
                poster.add(flags_of(IDS[:4]))
                await settled(poster)
                assert sizes == [1] * 4
                assert client.together == 8
                poster.add(flags_of(IDS)[4:])
                await settled(poster)
                assert client.open == 4
        assert max(sizes) == 8
        assert sum(sizes) == COUNT  # each was posted once
        assert told.final == dict.fromkeys(IDS, Outcome.RECORDED)

    run(test())


def assert_posted_again_alone(answers: bytes) -> list[int]:
    """Of flags that go together, what such answers leave; how many there were each time."""
    sizes: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            found = await requests_of(reader, 8)
            sizes.append(found)
            writer.write(OK if found == 1 else answers)
            await writer.drain()
            if found > 1:
                return

    async def test() -> None:
        told = Told()
        async with serving(talk) as port:
            client = client_of(port, connections=1)
            async with posting(client, told) as poster:
                poster.add(flags_of(IDS[:1]))
                await settled(poster)
                poster.add(flags_of(IDS[:40])[1:])
                await settled(poster)
                assert client.together == 1
        assert sizes == [1, 8, *[1] * (len(sizes) - 2)]
        assert told.final == dict.fromkeys(IDS[:40], Outcome.RECORDED)

    run(test())
    return sizes


@pytest.mark.parametrize("answers", [OK * 3, OK * 3 + b"HTTP/1.1 2", OK * 9, OK * 2 + b"!\r\n\r\n"])
def test_what_is_cut_off_together_is_posted_again_and_then_each_by_itself(answers: bytes) -> None:
    assert_posted_again_alone(answers)


def test_what_is_refused_together_is_asked_again_alone() -> None:
    """Who cannot read one request behind the other says that the bytes are no request."""
    assert assert_posted_again_alone(OK + BAD) == [1, 8, *[1] * 38]


def test_one_with_little_time_left_does_not_hurry_those_it_goes_with() -> None:
    sizes: list[int] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            found = await requests_of(reader, 8)
            sizes.append(found)
            writer.write(OK)
            await writer.drain()
            if found > 1:
                await asyncio.sleep(0.6)
                writer.write(OK * (found - 1))
                await writer.drain()

    async def test() -> None:
        told = Told()
        async with serving(talk) as port:
            client = client_of(port, connections=1)
            async with posting(client, told) as poster:
                poster.add(flags_of(IDS[:1]))
                await settled(poster)
                some = flags_of(IDS[:9])[1:]
                some[0].deadline = elapsed() + 0.3
                poster.add(some)
                await settled(poster)
                assert client.together == 8
        assert sizes == [1, 8]
        assert told.final == dict.fromkeys(IDS[:9], Outcome.RECORDED)

    run(test())


def test_what_is_said_on_a_connection_at_rest_ends_it() -> None:
    connections = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await request_of(reader)
        writer.write(OK)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(OK)  # to a question that nobody has asked
        await reader.read()

    async def test() -> None:
        told = Told()
        async with serving(talk) as port:
            client = client_of(port)
            async with posting(client, told) as poster:
                for number in range(3):
                    flag = flags_of(IDS)[number]
                    poster.add([flag])
                    await settled(poster)
                    await until(lambda: client.open == 0)
        assert connections == 3
        assert len(told.final) == 3

    run(test())


def test_connections_that_end_without_a_word_cost_an_attempt_at_most() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(OK)  # as if the connection were kept
        await writer.drain()

    async def test() -> None:
        told = Told()
        async with serving(talk) as port, posting(client_of(port, connections=4), told) as poster:
            poster.add(flags_of(IDS))
            await settled(poster)
        assert told.final == dict.fromkeys(IDS, Outcome.RECORDED)

    run(test())


def test_ids_of_all_kinds_arrive_as_they_are() -> None:
    strange = ['"\\', "é\u2028\x00\n", "\ud800", "x" * 5_000, ""]
    posted: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = await request_of(reader)
            posted.append(json.loads(request.partition(b"\r\n\r\n")[2])["trans_num"])
            writer.write(OK)
            await writer.drain()

    async def test() -> None:
        told = Told()
        async with serving(talk) as port, posting(client_of(port), told) as poster:
            poster.add(flags_of(strange))
            await settled(poster)
        assert sorted(posted) == sorted(strange)

    run(test())


def test_a_stop_while_connecting_or_waiting_leaves_nothing_behind() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async def test() -> None:
        async with serving(silent) as port:
            for pause in (0, 0, 0.05):
                told, client = Told(), client_of(port)
                async with posting(client, told, backoff=QUICK) as poster:
                    poster.add(flags_of(IDS))
                    await asyncio.sleep(pause)
                assert client.open == 0
                assert told.replies == []

    run(test())
