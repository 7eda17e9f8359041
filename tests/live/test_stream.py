"""Reading a judge's stream, and others that are worse."""

import asyncio
import gzip
import json
from pathlib import Path

import pytest

from engine.live.errors import KeyRejectedError
from engine.live.stream import Arrival, State, StreamReader
from live.cases import Heard, Taken, reading, request_of, serving, stream_options, until
from unit.replay.judge.cases import KEY, faults, log_of
from unit.replay.judge.clients import judging, run

COUNT = 200
IDS = [f"event-{number}" for number in range(COUNT)]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return log_of(tmp_path, COUNT)


def all_there(taken: Taken) -> bool:
    return taken.transactions[-1:] == IDS[-1:]


def test_all_events_come_in_order_with_their_ids(log: Path) -> None:
    async def test() -> None:
        taken, heard = Taken(), Heard()
        async with judging(log) as running:
            async with reading(stream_options(running.port), taken, log=heard) as reader:
                await taken.until(all_there)
                assert reader.figures.state is State.OPEN
                assert reader.last_id == str(COUNT)
            await until(lambda: running.judge.book.requests.streams_open == 0)
            assert running.judge.book.requests.streams == 1
        assert taken.transactions == IDS
        assert [event.id for event in taken.events] == [str(one + 1) for one in range(COUNT)]
        assert heard.said[0][0] == "stream open"
        assert KEY.decode() not in {str(value) for _, said in heard.said for value in said.values()}
        figures = reader.figures
        assert (figures.connects, figures.reconnects, figures.events) == (1, 0, COUNT)
        assert figures.last_event_at == taken.arrivals[-1].wall
        walls = [arrival.wall for arrival in taken.arrivals]
        assert walls == sorted(walls)

    run(test())


@pytest.mark.parametrize(
    "what", ["disconnect=0.1", "cut=0.1", "disconnect=0.05,cut=0.05,retry=10ms@0.2,stream-503=0.3"]
)
def test_after_each_end_it_goes_on_where_it_was(log: Path, what: str) -> None:
    async def test() -> None:
        taken = Taken()
        async with judging(log, faults=faults(what, timed=False)) as running:
            async with reading(stream_options(running.port), taken) as reader:
                await taken.until(all_there)
            assert reader.figures.reconnects > 5
        assert taken.transactions == IDS

    run(test())


def test_what_is_between_events_and_how_they_are_named(log: Path) -> None:
    async def test() -> None:
        what = "comment=0.2,ping=0.2,named=0.2,garbage=0.2,retry=20ms@0.2,long=2MB@0.02"
        taken = Taken()
        async with (
            judging(log, faults=faults(what, timed=False)) as running,
            reading(stream_options(running.port), taken) as reader,
        ):
            await taken.until(all_there)
        assert taken.transactions == IDS
        names = {event.name for event in taken.events}
        assert names == {"message", "ping", "transaction"}
        too_large = [event for event in taken.events if event.data is None]
        assert 1 <= len(too_large) == reader.figures.too_large < 20
        assert reader.figures.comments > 10
        assert reader.figures.bytes > 2_000_000 * len(too_large)

    run(test())


def test_a_stream_that_stalls_is_given_up_and_opened_again(log: Path) -> None:
    async def test() -> None:
        taken = Taken()
        async with judging(log, faults=faults("stall=700ms@0.01", timed=False)) as running:
            options = stream_options(running.port, stall=0.2)
            async with reading(options, taken) as reader:
                await taken.until(all_there)
            assert reader.figures.reconnects >= 1
            assert reader.figures.last_error == "no byte for 0.2 s"
        assert taken.transactions == IDS

    run(test())


@pytest.mark.parametrize("how", ["fault", "key", "forbidden"])
def test_a_key_that_is_refused_ends_it(log: Path, how: str) -> None:
    async def forbid(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    async def test() -> None:
        chosen = faults("stream-401=1" if how == "fault" else "", timed=False)
        async with judging(log, faults=chosen) as running, serving(forbid) as forbidding:
            port = forbidding if how == "forbidden" else running.port
            key = "another" if how == "key" else KEY.decode()
            reader = StreamReader(stream_options(port, key=key), Taken())
            with pytest.raises(KeyRejectedError, match="answered 40") as rejected:
                await reader.run()
            assert "another" not in str(rejected.value)

    run(test())


def test_it_waits_for_who_is_not_there_yet(log: Path) -> None:
    async def test() -> None:
        async def nobody(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
            pass

        async with serving(nobody) as port:
            pass  # by now it is closed again
        taken = Taken()
        async with reading(stream_options(port), taken) as reader:
            await until(lambda: reader.figures.failures >= 3)
            assert reader.figures.last_error
            async with judging(log) as running:
                # Of a port that was free a moment ago.
                await running.judge.server.close()
                await running.judge.server.listen("127.0.0.1", port, None)
                await taken.until(all_there)
        assert taken.transactions == IDS

    run(test())


BAD = {
    "no stream": (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>", "not a stream"),
    "no kind": (b"HTTP/1.1 200 OK\r\n\r\ndata: a\n\n", "not a stream"),
    "redirect": (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "answered 302"),
    "not there": (b"HTTP/1.1 404 Not Found\r\n\r\n", "answered 404"),
    "empty": (b"HTTP/1.1 204 No Content\r\n\r\n", "answered 204"),
    "busy": (b"HTTP/1.1 503 Unavailable\r\nRetry-After: 0\r\n\r\n", "answered 503"),
    "garbage": (b"\x16\x03\x01 what is this\r\n\r\n", "illegal status line"),
    "nothing": (b"", "disconnected"),
    "compressed": (
        HEAD[:-2] + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"data: a\n\n"),
        "compressed",
    ),
    "half a chunk": (HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n400\r\ndata: a", "incomplete"),
    "bad chunk": (HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", "illegal chunk"),
    "an end": (HEAD, "the other side ended the stream"),
}


@pytest.mark.parametrize("name", BAD)
def test_whatever_comes_instead_of_a_stream_is_tried_again(name: str) -> None:
    content, expected = BAD[name]
    asked = 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await request_of(reader)
        writer.write(content if asked < 4 else HEAD + b"data: yes\n\n")
        await writer.drain()
        if asked >= 4:
            await asyncio.sleep(60)

    async def test() -> None:
        taken, heard = Taken(), Heard()
        async with serving(talk) as port, reading(stream_options(port), taken, log=heard) as reader:
            await taken.until(lambda taken: bool(taken.events))
            assert reader.figures.failures == 3
            assert expected in str(reader.figures.last_error)
        assert [event.data for event in taken.events] == [b"yes"]
        said = {event for event, _ in heard.said[:1]}
        assert said <= {"stream lost", "stream refused", "stream open"}

    run(test())


def test_a_head_that_drips_is_not_waited_for() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        for byte in HEAD * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    async def test() -> None:
        async with (
            serving(drip) as port,
            reading(stream_options(port, patience=0.2), Taken()) as reader,
        ):
            await until(lambda: reader.figures.failures >= 2)
            assert reader.figures.connects == 0

    run(test())


def test_events_come_whole_however_they_are_sent() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = await request_of(reader)
        start = 20 if b"last-event-id: 20\r\n" in asked.lower() else 0
        writer.write(HEAD[:-2] + b"Transfer-Encoding: chunked\r\n\r\n")
        for number in range(start, start + 20):
            for part in (b"id: %d\r" % (number + 1), b"\ndata: {", b"}\r\n", b"\r\n"):
                writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                await writer.drain()
                await asyncio.sleep(0)
        writer.write(b"8\r\ndata: no\r\n0\r\n\r\n")
        await writer.drain()

    async def test() -> None:
        taken = Taken()
        async with serving(talk) as port, reading(stream_options(port), taken):
            await taken.until(lambda taken: len(taken.events) >= 40)
        assert [event.id for event in taken.events[:40]] == [str(one + 1) for one in range(40)]
        assert {event.data for event in taken.events} == {b"{}"}

    run(test())


def test_who_is_slow_to_take_is_waited_for(log: Path) -> None:
    async def test() -> None:
        calls: list[Arrival] = []
        gate = asyncio.Event()

        async def take(arrival: Arrival) -> None:
            calls.append(arrival)
            await gate.wait()

        async with judging(log) as running:
            reader = StreamReader(stream_options(running.port), take)
            task = asyncio.create_task(reader.run())
            await until(lambda: bool(calls))
            await asyncio.sleep(0.1)
            assert len(calls) == 1
            assert reader.last_id == ""  # nothing was handed on yet
            gate.set()
            await until(lambda: reader.last_id == str(COUNT))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    run(test())


def test_a_defect_of_who_takes_ends_it(log: Path) -> None:
    async def test() -> None:
        async def take(arrival: Arrival) -> None:
            json.loads(arrival.events[0].data or b"")["no such field"]

        async with judging(log) as running:
            with pytest.raises(KeyError):
                await StreamReader(stream_options(running.port), take).run()
            await until(lambda: running.judge.book.requests.streams_open == 0)

    run(test())
