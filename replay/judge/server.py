"""The connections: bytes in, bytes out, each of them bounded in size and in time.

An ``asyncio.Protocol`` and no framework: see ``replay.judge.http``.
"""

import asyncio
import ssl
from typing import Final

from engine.clock import elapsed
from replay.judge.book import Book
from replay.judge.doors import Doors, Streaming
from replay.judge.flags import said
from replay.judge.http import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    RefusedError,
    Reply,
    Request,
    chunk,
    stream_head,
    take_request,
)
from replay.judge.leaving import Leaving
from replay.judge.stream import Stream

_MOST_CONNECTIONS: Final = 1_000
_MOST_BUFFERED: Final = 4 * (MOST_HEAD_BYTES + MOST_BODY_BYTES)
_HIGH_WATER: Final = 262_144
_MOST_REPLIES: Final = 65_536  # bytes of replies that are written at a time
_SWEEP_SECONDS: Final = 5.0
_IDLE_SECONDS: Final = 120.0  # longer than clients keep connections they do not use
_REQUEST_SECONDS: Final = 30.0  # from the first byte of a request to its last
_HANDSHAKE_SECONDS: Final = 10.0


class Server:
    """Listens, and holds the connections there are.

    Parameters
    ----------
    doors, stream, book
        Who answers, what is streamed, and where connections are counted.
    """

    def __init__(self, doors: Doors, stream: Stream, book: Book) -> None:
        self.doors = doors
        self.stream = stream
        self.requests = book.requests
        self.connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    @property
    def has_listened(self) -> bool:
        """Whether it listens, or did."""
        return self._server is not None

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> int:
        """Start, and return the port, which the system chooses if it is 0.

        Raises
        ------
        OSError
            If it cannot listen there.
        """
        self._server = await asyncio.get_running_loop().create_server(
            lambda: Connection(self),
            host,
            port,
            ssl=tls,
            ssl_handshake_timeout=None if tls is None else _HANDSHAKE_SECONDS,
        )
        self._sweeper = asyncio.create_task(self._sweep())
        bound: int = self._server.sockets[0].getsockname()[1]
        return bound

    async def close(self) -> None:
        """End all connections and stop listening."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._server is not None:
            self._server.close()
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)  # what ends with them

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            now = elapsed()
            for connection in [one for one in self.connections if one.overdue(now)]:
                connection.abort()


class Connection(asyncio.Protocol):
    """One connection: a request after the other, each answered before the next is looked at."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None
        self._busy = False  # with a reply that waits, or a stream
        self._chunks = True  # of a stream
        self._streaming: asyncio.Task[None] | None = None
        self._waiting: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._since = elapsed()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, or end it if there are too many."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type alone
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        server = self._server
        server.connections.add(self)
        server.requests.connections += 1
        if len(server.connections) > _MOST_CONNECTIONS:
            transport.abort()

    def connection_lost(self, _error: Exception | None) -> None:
        """Forget the connection."""
        self._server.connections.discard(self)
        self._transport = None
        self._room.set()
        if self._waiting is not None:
            self._waiting.cancel()
        if self._streaming is not None:
            self._streaming.cancel()

    def pause_writing(self) -> None:
        """There is no room for more: no request is answered, nor read, until there is."""
        self._room.clear()
        self._read_on()

    def resume_writing(self) -> None:
        """There is room again."""
        self._room.set()
        self._since = elapsed()
        self._read_on()
        # Not within a write: what is written before has to be first.
        asyncio.get_running_loop().call_soon(self._work)

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are whole now."""
        if self._streaming is not None:
            return  # nobody has anything to say there
        if not self._buffer:
            self._since = elapsed()
        self._buffer += data
        if self._busy:
            self._read_on()
            return
        self._work()

    def overdue(self, now: float) -> bool:
        """Whether the client has been silent, or within a request, for too long."""
        if self._busy:
            return False
        return now - self._since > (_REQUEST_SECONDS if self._buffer else _IDLE_SECONDS)

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def send(self, content: bytes) -> None:
        """Send a part of a stream."""
        if self._transport is not None:
            self._transport.write(chunk(content) if self._chunks else content)

    async def writable(self) -> bool:
        """Wait until there is room; False if the connection has ended."""
        await self._room.wait()
        return self._transport is not None and not self._transport.is_closing()

    def end(self) -> None:
        """End the connection when all is sent."""
        if self._transport is not None:
            self._transport.close()

    def _read_on(self) -> None:
        """Read, or do not for now: a client that takes no replies is not asked for more."""
        if self._transport is None:
            return
        if self._streaming is not None or (
            self._room.is_set() and not (self._busy and len(self._buffer) > _MOST_BUFFERED)
        ):
            self._transport.resume_reading()
        else:
            self._transport.pause_reading()

    @property
    def _may_answer(self) -> bool:
        return (
            self._transport is not None
            and not self._transport.is_closing()
            and not self._busy
            and self._room.is_set()
        )

    def _work(self) -> None:
        replies: list[bytes] = []
        size = 0
        while self._may_answer:
            try:
                request = take_request(self._buffer)
            except RefusedError as error:
                self._server.requests.malformed += 1
                reply = said(error.status, error.reason)
                replies.append(reply.encode(closes=True))
                self._flush(replies)
                self._leave()
                return
            if request is None:
                break
            now = elapsed()
            self._since = now
            answer = self._server.doors.answer(request, now)
            if isinstance(answer, Streaming):
                self._busy = True
                self._chunks = request.chunks
                replies.append(stream_head(closes=request.closes, chunks=request.chunks))
                self._flush(replies)
                self._stream(answer, now)
                return
            if answer.reply is None:
                self._finish(replies)
                return
            if answer.after:
                self._busy = True
                self._flush(replies)
                loop = asyncio.get_running_loop()
                self._waiting = loop.call_later(answer.after, self._late, answer.reply, request)
                return
            replies.append(_encoded(answer.reply, request))
            if request.closes:
                self._finish(replies)
                return
            size += len(replies[-1])
            if size > _MOST_REPLIES:  # writing them tells whether there is room for more
                self._flush(replies)
                replies, size = [], 0
        self._flush(replies)

    def _late(self, reply: Reply, request: Request) -> None:
        self._waiting = None
        self._busy = False
        if self._transport is None:
            return
        self._transport.write(_encoded(reply, request))
        if request.closes:
            self.end()
            return
        self._read_on()
        self._work()

    def _stream(self, answer: Streaming, now: float) -> None:
        server = self._server
        start = server.stream.start(answer.last_id, now)
        self._streaming = asyncio.create_task(server.stream.serve(self, start))
        self._read_on()
        server.requests.streams_open += 1
        self._streaming.add_done_callback(self._streamed)

    def _streamed(self, _task: "asyncio.Task[None]") -> None:
        self._server.requests.streams_open -= 1

    def _flush(self, replies: list[bytes]) -> None:
        if replies and self._transport is not None:
            self._transport.write(b"".join(replies))

    def _leave(self) -> None:
        self._buffer.clear()
        if self._transport is not None:
            self._transport.resume_reading()
            Leaving(self._transport, self.connection_lost)

    def _finish(self, replies: list[bytes]) -> None:
        self._flush(replies)
        self.end()


def _encoded(reply: Reply, request: Request) -> bytes:
    return reply.encode(closes=request.closes, bare=request.method == "HEAD")
