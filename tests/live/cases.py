"""Readers, posters and endpoints that behave badly, on 127.0.0.1."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from engine.clock import elapsed
from engine.live.backoff import Backoff
from engine.live.client import ClientOptions, HttpClient
from engine.live.endpoint import read_endpoint
from engine.live.flag import Flag, Outcome, Reply
from engine.live.poster import Poster
from engine.live.posting import PosterOptions
from engine.live.sse import Event
from engine.live.stream import Arrival, StreamReader
from engine.live.stream_bytes import StreamOptions
from processes import PATIENCE_SECONDS
from unit.replay.judge.cases import KEY

QUICK = Backoff(0.01, 0.05)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def stream_options(port: int, *, secure: bool = False, **more: Any) -> StreamOptions:  # noqa: ANN401
    url = f"http{'s' if secure else ''}://127.0.0.1:{port}/stream"
    given = {"key": KEY.decode(), "backoff": QUICK} | more
    return StreamOptions(read_endpoint(url, "--stream"), **given)


def client_of(port: int, *, secure: bool = False, **more: Any) -> HttpClient:  # noqa: ANN401
    url = f"http{'s' if secure else ''}://127.0.0.1:{port}/api/flag"
    given = {"key": KEY.decode()} | more
    return HttpClient(ClientOptions(read_endpoint(url, "--flag"), **given))


@dataclass
class Heard:
    """A log that is kept."""

    said: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def info(self, event: str, /, **particulars: object) -> None:
        self.said.append((event, particulars))

    warning = info


@dataclass
class Taken:
    """Events that were read, and when there are enough of them."""

    arrivals: list[Arrival] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, arrival: Arrival) -> None:
        async with self.came:
            self.arrivals.append(arrival)
            self.events += arrival.events
            self.came.notify_all()

    async def until(self, done: "Callable[[Taken], bool]") -> None:
        async with self.came:
            await self.came.wait_for(lambda: done(self))

    @property
    def transactions(self) -> list[str]:
        """The ids of the events that are transactions, copies and all."""
        found = []
        for event in self.events:
            with suppress(ValueError, KeyError, TypeError):
                found.append(json.loads(event.data or b"")["trans_num"])
        return found


@asynccontextmanager
async def reading(
    options: StreamOptions,
    taken: Taken,
    **more: Any,  # noqa: ANN401
) -> AsyncIterator[StreamReader]:
    """A reader at work."""
    reader = StreamReader(options, taken, **more)
    running = asyncio.create_task(reader.run())
    try:
        yield reader
    finally:
        await stopped(running)


@dataclass
class Told:
    """Replies that were told."""

    replies: list[Reply] = field(default_factory=list)

    async def __call__(self, replies: list[Reply]) -> None:
        self.replies += replies
        await asyncio.sleep(0)

    @property
    def final(self) -> dict[str, Outcome]:
        """By event id, as ``flags_of`` numbers them, its one final outcome."""
        found = [one for one in self.replies if one.outcome is not Outcome.RETRY]
        assert len({one.sequence for one in found}) == len(found)
        return {f"event-{one.sequence}": one.outcome for one in found}

    @property
    def statuses(self) -> list[int | None]:
        return [one.status for one in self.replies]

    @property
    def reasons(self) -> set[str | None]:
        return {one.reason for one in self.replies}


def flags_of(ids: list[str], seconds: float = 30.0) -> list[Flag]:
    """Flags, of which every third is 1."""
    deadline = elapsed() + seconds
    return [Flag(number, one, int(number % 3 == 0), deadline) for number, one in enumerate(ids)]


@asynccontextmanager
async def posting(
    client: HttpClient,
    told: Told,
    **more: Any,  # noqa: ANN401
) -> AsyncIterator[Poster]:
    """A poster at work; at the end of the block it has told all there is."""
    options = PosterOptions(**{"backoff": QUICK, "cut_off": QUICK, "last": 0.3} | more)
    poster = Poster(client, told, options=options)
    running = asyncio.create_task(poster.run())
    try:
        yield poster
    finally:
        await stopped(running)


async def settled(poster: Poster) -> None:
    assert await poster.drain(elapsed() + PATIENCE_SECONDS)


async def until(done: Callable[[], bool]) -> None:
    """Wait for what nobody tells of; the test itself is bounded in time."""
    while not done():  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def stopped(running: "asyncio.Task[None]") -> None:
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[int]:
    """A server that does what it is told, on a port; each connection ends with what it does."""
    tasks: set[asyncio.Task[Any]] = set()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await talk(reader, writer)

    # No coroutine: one that is cancelled before it has begun would leave its connection open.
    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(served(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # connections end when the loop goes round


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """A request, whole: its head, and its body if there is one."""
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, length = head.lower().partition(b"content-length: ")
    return head + await reader.readexactly(int(length.split(b"\r\n")[0] or 0))
