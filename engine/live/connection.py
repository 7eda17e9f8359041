"""One connection over which flags are posted, some at a time."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from engine.clock import elapsed
from engine.live.endpoint import Endpoint
from engine.live.flag import Flag
from engine.live.http import GarbledError, Response, ResponseParser
from engine.live.verdict import is_final

_MOST_WHY: Final = 200
_UNANSWERED: Final = "the connection ended unanswered"


@dataclass(frozen=True, slots=True)
class Failure:
    """No response: why, and whether there was a connection at all."""

    why: str
    connected: bool


Answer = Response | Failure
Done = Callable[[Sequence[tuple[Flag, Answer]]], None]
Posts = Sequence[tuple[Flag, float]]  # each with until when it has to be answered


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

    Attributes
    ----------
    cut
        Whether it has ended before all of several requests were answered that went together.
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
        self._under_way: deque[tuple[Flag, float]] = deque()  # in the order of their requests
        self._together = 0  # how many these were when they were sent
        self._request = b""
        self._done: Done = _nobody
        self.cut = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._ended = False

    def send(self, posts: Posts, request: bytes, done: Done) -> None:
        """Send requests, of which one follows the other.

        Parameters
        ----------
        posts
            What they are about, one each, and until when that has to be answered, by
            :func:`engine.clock.elapsed`.
        request
            Their bytes.
        done
            Is told the answers, later: once for each flag, and of some at a time.
        """
        self._under_way.extend(posts)
        self._together = len(posts)
        self._request, self._done = request, done
        if self._transport is not None:
            self._transport.write(request)
        else:
            self._connecting = self._loop.create_task(self._connect())
        # A timer for every request would cost as much as the request: one that is there and goes
        # off in time is left, and sees then what is still to be waited for.
        due = self._first_due()
        if self._timer is None or due < self._timer_at:
            self._watch(due)

    def abort(self) -> None:
        """End it at once; of requests that are under way nothing is told."""
        self._under_way.clear()
        self._end()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first requests, unless they have been given up meanwhile."""
        # uvloop's are what asyncio's are, but no subclass of them.
        self._transport = cast("asyncio.Transport", transport)
        if not self._under_way:
            self._transport.abort()
        elif self._first_due() <= elapsed():
            self._fail("no connection in time", connected=False)
        else:
            self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take in a part of a response, or some."""
        wanted = len(self._under_way)
        if not wanted:
            self._end()  # what was not asked for belongs to no request
            return
        try:
            responses = self._parser.feed(data)
        except GarbledError as error:
            self._fail(f"no response that can be read: {error}")
            return
        if len(responses) > wanted or (len(responses) == wanted and self._parser.begun):
            self._fail("no response that can be read: more came than was asked for")
            return
        if responses:
            self._answer(responses)

    def eof_received(self) -> None:
        """The other side has nothing more to say; one that is at rest is not used again."""
        if not self._under_way:
            self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side has ended it, or we have."""
        response = None if error is not None else self._parser.end()
        if not self._under_way:
            self._end()
        elif response is not None:
            self._answer([response])
        else:
            self._fail(_UNANSWERED)

    def _answer(self, responses: Sequence[Response]) -> None:
        """Tell the answers to the first of what is under way, and be free if that was all."""
        answers: list[tuple[Flag, Answer]] = []
        for response in responses:
            if not response.keeps and self._together > 1 and is_final(response.status):
                # It may be no answer to the flag but to what came together: ask again, alone.
                answers += self._given_up(Failure(f"answered {response.status}", connected=True))
                self._end()
                break
            answers.append((self._under_way.popleft()[0], response))
            if not response.keeps:
                answers += self._given_up(Failure(_UNANSWERED, connected=True))
                self._end()
                break
        else:
            if not self._under_way:
                self._free(self)
        self._done(answers)

    def _first_due(self) -> float:
        """When the first of what is under way has to be answered."""
        return min(due for _, due in self._under_way)

    def _fail(self, why: str, *, connected: bool = True, cut: bool = True) -> None:
        failed = self._given_up(Failure(why, connected), cut=cut)
        self._end()
        self._done(failed)

    def _given_up(self, failure: Failure, *, cut: bool = True) -> list[tuple[Flag, Answer]]:
        """What is under way, as having failed, and whether that is for going together."""
        failed: list[tuple[Flag, Answer]] = [(flag, failure) for flag, _ in self._under_way]
        self.cut = cut and failure.connected and bool(failed) and self._together > 1
        self._under_way.clear()
        return failed

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
        """A timer has gone off: for the requests that are under way, or for some before them."""
        self._timer = None
        if not self._under_way:
            return
        now, due = elapsed(), self._first_due()
        if now < due:
            self._watch(due)
            return
        # That a deadline came says nothing of the other side.
        cut = any(due <= now and due < flag.deadline for flag, due in self._under_way)
        self._fail("no answer in time", connected=self._transport is not None, cut=cut)


def _nobody(_answers: Sequence[tuple[Flag, Answer]]) -> None:
    """Is told what nobody has asked."""
