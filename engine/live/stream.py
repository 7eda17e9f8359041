"""Reading the stream: connected for as long as the key is taken, whatever happens."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum

from engine.clock import elapsed, wall_us
from engine.live.notices import Log, Silent
from engine.live.sse import Event, Parser
from engine.live.stream_bytes import LostError, StreamBytes, StreamOptions


class State(Enum):
    """What the reader is at."""

    CONNECTING = "connecting"
    OPEN = "open"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Events that came at once, in their order.

    Parameters
    ----------
    events
        At least one.
    at
        When they were read, by :func:`engine.clock.elapsed`; deadlines count from there.
    wall
        The same instant, as microseconds since 1970 in UTC.
    """

    events: list[Event]
    at: float
    wall: int


@dataclass(slots=True)
class StreamFigures:
    """What has been read so far, and how things are now.

    ``connects`` are streams that were opened, ``failures`` all ends and attempts that failed, and
    ``last_event_at`` is in microseconds since 1970 in UTC.
    """

    state: State = State.CONNECTING
    connects: int = 0
    failures: int = 0
    events: int = 0
    too_large: int = 0
    comments: int = 0
    bytes: int = 0
    last_event_at: int | None = None
    last_error: str | None = None

    @property
    def reconnects(self) -> int:
        """How often a stream was opened again."""
        return max(0, self.connects - 1)

    @property
    def trouble(self) -> str | None:
        """Why there is no stream; None if there is one, or it is opened for the first time."""
        return None if self.state is State.OPEN else self.last_error


class StreamReader:
    """Reads a stream and hands on its events.

    Parameters
    ----------
    options
        Which stream.
    take
        Is handed what came and may take its time: nothing more is read meanwhile, and the other
        side has to wait. What it raises ends the reader.
    last_id
        After which event to go on; empty for what the other side thinks best.
    log
        Is told of connections, not of events.
    reconnected
        Called when the stream was opened again.

    Attributes
    ----------
    figures
        For whoever watches.
    last_id
        The id of the last event that was handed on.
    """

    def __init__(
        self,
        options: StreamOptions,
        take: Callable[[Arrival], Awaitable[None]],
        last_id: str = "",
        log: Log | None = None,
        reconnected: Callable[[], object] | None = None,
    ) -> None:
        self.figures = StreamFigures()
        self.last_id = last_id
        self._options = options
        self._take = take
        self._log = Silent() if log is None else log
        self._reconnected = reconnected
        self._bytes = StreamBytes(options)
        self._retry = 0.0
        self._in_a_row = 0  # failures since something came

    async def run(self) -> None:
        """Read for ever; cancel it to stop.

        Raises
        ------
        KeyRejectedError
            If the key is not taken.
        """
        figures = self.figures
        while True:
            figures.state = State.CONNECTING
            try:
                await self._connection()
            except LostError as error:
                lost = error
            else:
                lost = LostError("the other side ended the stream")
            self._in_a_row += 1
            figures.failures += 1
            figures.last_error = str(lost)
            figures.state = State.WAITING
            wait = self._options.backoff.wait(self._in_a_row, max(self._retry, lost.told))
            self._tell(lost, wait)
            await asyncio.sleep(wait)

    async def _connection(self) -> None:
        """One connection, to its end."""
        figures = self.figures
        parser = Parser(self.last_id, self._options.most_bytes)
        began = elapsed()
        comments = 0
        async with aclosing(self._bytes.connection(self.last_id, self._opened)) as parts:
            async for part in parts:
                found = parser.feed(part)
                figures.bytes += len(part)
                figures.comments += parser.comments - comments
                comments = parser.comments
                if parser.retry is not None:
                    self._retry = parser.retry
                now = elapsed()
                if found or now - began > self._options.backoff.most:
                    self._in_a_row = 0
                if found:
                    await self._hand_on(Arrival(found, now, wall_us()))
                # Only now: what was not handed on has to come again.
                self.last_id = parser.last_id

    async def _hand_on(self, arrival: Arrival) -> None:
        figures = self.figures
        figures.events += len(arrival.events)
        figures.too_large += sum(event.data is None for event in arrival.events)
        figures.last_event_at = arrival.wall
        await self._take(arrival)

    def _opened(self) -> None:
        figures = self.figures
        figures.connects += 1
        figures.state = State.OPEN
        self._log.info("stream open", url=self._options.endpoint.shown, after=self.last_id)
        if figures.reconnects and self._reconnected is not None:
            self._reconnected()

    def _tell(self, lost: LostError, wait: float) -> None:
        self._log.warning(
            "stream refused" if lost.loud else "stream lost",
            url=self._options.endpoint.shown,
            why=str(lost),
            again_in=round(wait, 3),
        )
