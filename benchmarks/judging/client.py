"""A client of the judge that costs as little as it can, so that the judge is what is measured."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

HOST: Final = "127.0.0.1"
_ID: Final = re.compile(rb'\{"trans_num":"([^"]+)"')
_REPLY: Final = b"HTTP/1.1 "
_OK: Final = b"HTTP/1.1 200 "


@dataclass(slots=True)
class Client:
    """How to reach a judge.

    Parameters
    ----------
    port
        On this machine.
    key
        What it wants to be told.
    """

    port: int
    key: str

    def request(self, line: str, body: bytes = b"") -> bytes:
        """A request's bytes, with the headers that usual clients send."""
        head = (
            f"{line} HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nUser-Agent: benchmark\r\n"
            f"Accept: */*\r\nX-API-Key: {self.key}\r\n"
        )
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"{head}\r\n".encode() + body

    async def take(self, events: int) -> bytes:
        """The stream until it has brought so many events, headers and chunk sizes included."""
        done = asyncio.get_running_loop().create_future()
        async with self._connected([_Taking(self.request("GET /stream"), events, done)]):
            content: bytes = await done
        return content

    async def post(self, flags: Sequence[bytes], connections: int, depth: int) -> int:
        """Post flags over some connections, so many under way on each; count those that went well.

        Parameters
        ----------
        flags
            The bodies.
        connections, depth
            How many connections there are, and how many unanswered requests on each.
        """
        requests = [self.request("POST /api/flag", flag) for flag in flags]
        loop = asyncio.get_running_loop()
        posting = [
            _Posting(requests[one::connections], depth, loop.create_future())
            for one in range(min(connections, len(requests)))
        ]
        async with self._connected(posting):
            return sum(await asyncio.gather(*(one.done for one in posting)))

    @asynccontextmanager
    async def _connected(self, protocols: Sequence[asyncio.Protocol]) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        transports: list[asyncio.Transport] = []
        try:
            for one in protocols:
                made, _ = await loop.create_connection(partial(_same, one), HOST, self.port)
                transports.append(made)
            yield
        finally:
            for transport in transports:
                transport.abort()
            await asyncio.sleep(0)  # connections end when the loop goes round


def _same(protocol: asyncio.Protocol) -> asyncio.Protocol:
    return protocol


def event_ids(content: bytes) -> list[bytes]:
    """The ids of the events of a stream, in the order in which they came.

    A chunk's size may stand within the bytes, but the judge ends chunks between events.
    """
    return _ID.findall(content)


@dataclass(slots=True)
class _Taking(asyncio.Protocol):
    request: bytes
    events: int
    done: "asyncio.Future[bytes]"
    parts: list[bytes] = field(default_factory=list)
    ended: int = 0
    half: bool = False  # whether the last byte was a line end, of which the next may be the second

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type alone
        transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.parts.append(data)
        # Without faults an event ends with the only blank line it has.
        self.ended += data.count(b"\n\n") + (self.half and data.startswith(b"\n"))
        self.half = data.endswith(b"\n") and not data.endswith(b"\n\n")
        if self.ended >= self.events and not self.done.done():
            self.done.set_result(b"".join(self.parts))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the stream ended"))


@dataclass(slots=True)
class _Posting(asyncio.Protocol):
    requests: list[bytes]
    depth: int
    done: "asyncio.Future[int]"
    transport: asyncio.Transport | None = None
    sent: int = 0
    replies: int = 0
    good: int = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type alone
        self.transport = transport
        self._send(self.depth)

    def data_received(self, data: bytes) -> None:
        # On loopback what is written at once is read at once; no reply is cut in its first line.
        came = data.count(_REPLY)
        self.good += data.count(_OK)
        self.replies += came
        if self.replies == len(self.requests):
            self.done.set_result(self.good)
        else:
            self._send(came)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the connection ended"))

    def _send(self, count: int) -> None:
        if self.transport is not None:
            self.transport.write(b"".join(self.requests[self.sent : self.sent + count]))
            self.sent += count
