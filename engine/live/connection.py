"""One connection over which flags are posted, one at a time."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from engine.clock import elapsed
from engine.live.endpoint import Endpoint
from engine.live.flag import Flag
from engine.live.http import GarbledError, Response, ResponseParser

_MOST_WHY: Final = 200


@dataclass(frozen=True, slots=True)
class Failure:
    """No response: why, and whether there was a connection at all."""

    why: str
    connected: bool


Answer = Response | Failure
Done = Callable[[Flag, Answer], None]


@dataclass(slots=True)
class _Exchange:
    """A request that is under way."""

    flag: Flag
    request: bytes
    due: float
    done: Done


class Connection(asyncio.Protocol):
    """A connection, made with its first request; when it ends it is not made again.

    Parameters
    ----------
    endpoint, tls
        Where to, and whom to trust there.
    free
        Is told when it may be used for another request, before the answer is told.
    over
        Is told when it has ended, before the failure is told if there is one.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        tls: ssl.SSLContext | None,
        free: "Callable[[Connection], None]",
        over: "Callable[[Connection], None]",
    ) -> None:
        self._endpoint = endpoint
        self._tls = tls
        self._free = free
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._parser = ResponseParser()
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._exchange: _Exchange | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._ended = False

    def send(self, flag: Flag, request: bytes, due: float, done: Done) -> None:
        """Send a request.

        Parameters
        ----------
        flag
            What it is about.
        request
            Its bytes.
        due
            Until when it has to be answered, by :func:`engine.clock.elapsed`.
        done
            Is told the answer, later, and once.
        """
        self._exchange = _Exchange(flag, request, due, done)
        if self._transport is not None:
            self._transport.write(request)
        else:
            self._connecting = self._loop.create_task(self._connect())
        # A timer for every request would cost as much as the request: one that is there and goes
        # off in time is left, and sees then what is still to be waited for.
        if self._timer is None or due < self._timer_at:
            self._watch(due)

    def abort(self) -> None:
        """End it at once; of a request that is under way nothing is told."""
        self._exchange = None
        self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request, unless it has been given up meanwhile."""
        # uvloop's are what asyncio's are, but no subclass of them.
        self._transport = cast("asyncio.Transport", transport)
        exchange = self._exchange
        if exchange is None:
            self._transport.abort()
        elif exchange.due <= elapsed():
            self._fail("no connection in time", connected=False)
        else:
            self._transport.write(exchange.request)

    def data_received(self, data: bytes) -> None:
        """Take in a part of a response."""
        if self._exchange is None:
            self._end()  # what was not asked for belongs to no request
            return
        try:
            response = self._parser.feed(data)
        except GarbledError as error:
            self._fail(f"no response that can be read: {error}")
            return
        if response is not None:
            self._answer(response)

    def eof_received(self) -> None:
        """The other side has nothing more to say; one that is at rest is not used again."""
        if self._exchange is None:
            self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has ended it, or we have."""
        response = None if error is not None else self._parser.end()
        if self._exchange is None:
            self._end()
        elif response is not None:
            self._answer(response)
        else:
            self._fail("the connection ended unanswered")

    def _answer(self, response: Response) -> None:
        exchange, self._exchange = self._exchange, None
        if response.keeps:
            self._free(self)
        else:
            self._end()
        if exchange is not None:
            exchange.done(exchange.flag, response)

    def _fail(self, why: str, *, connected: bool = True) -> None:
        exchange, self._exchange = self._exchange, None
        self._end()
        if exchange is not None:
            exchange.done(exchange.flag, Failure(why, connected))

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.abort()
        self._over(self)

    async def _connect(self) -> None:
        endpoint = self._endpoint
        try:
            await self._loop.create_connection(
                lambda: self,
                endpoint.host,
                endpoint.port,
                ssl=self._tls,
                server_hostname=endpoint.host if self._tls is not None else None,
            )
        # Of names that no resolver can be asked for, a UnicodeError.
        except (OSError, UnicodeError) as error:
            self._connecting = None
            self._fail(f"no connection: {str(error)[:_MOST_WHY]}", connected=False)
        else:
            self._connecting = None

    def _watch(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = due
        self._timer = self._loop.call_later(max(0.0, due - elapsed()), self._look)

    def _look(self) -> None:
        """A timer has gone off: for the request that is under way, or for one before it."""
        self._timer = None
        exchange = self._exchange
        if exchange is None:
            return
        if elapsed() < exchange.due:
            self._watch(exchange.due)
        else:
            self._fail("no answer in time", connected=self._transport is not None)
