"""What has come and is to be decided on: the oldest first, in micro-batches, and no more than fits.

No network; for the thread of the loop alone.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.clock import elapsed
from engine.live.sse import Event
from engine.live.stream import Arrival

Source = Literal["stream", "api"]
STREAM: Final = "stream"
API: Final = "api"

_MOST_BYTES: Final = 64 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Events that came together, in their order.

    Parameters
    ----------
    source
        Whence.
    events
        Of the stream as they came, of the API decoded.
    at
        When they came, by :func:`engine.clock.elapsed`.
    wall
        The same instant, as microseconds since 1970 in UTC.
    """

    source: Source
    events: Sequence[Event | Mapping[str, Any]]
    at: float
    wall: int

    def __len__(self) -> int:
        return len(self.events)


class Intake:
    """A queue of events, bounded.

    Parameters
    ----------
    most
        How many events may wait; what comes at once may be that many more.
    batch
        How many are handed on at once, at most.
    oldest
        Seconds that the first of what waits may have waited for more of the stream to be taken in:
        what is not read yet is the sender's to send in time.
    now
        The clock by which pieces say when they came.
    most_bytes
        How many bytes of the stream's events may wait; what comes at once may be that many more.

    Attributes
    ----------
    lull
        Is set while nothing waits.
    """

    def __init__(
        self,
        most: int,
        batch: int,
        oldest: float = math.inf,
        now: Callable[[], float] = elapsed,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0  # that wait
        self._batch = batch
        self._oldest = oldest
        self._now = now
        self._pieces: deque[Piece] = deque()
        self._waiting = 0
        self.lull = asyncio.Event()
        self.lull.set()
        self._there = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False

    def __len__(self) -> int:
        return self._waiting

    @property
    def oldest(self) -> float | None:
        """When the first of what waits came; None if nothing does."""
        return self._pieces[0].at if self._pieces else None

    async def take(self, arrival: Arrival) -> None:
        """Take in what came of the stream; waits while there is no room, and takes it if ended."""
        if self._is_behind():
            self._room.clear()
        try:
            await self._room.wait()
        finally:  # what has been read is decided on: nobody need send it again
            self._add(Piece(STREAM, arrival.events, arrival.at, arrival.wall))

    def offer(self, pieces: Sequence[Piece]) -> bool:
        """Take in events, or say that there is no room for them, or no time any more."""
        if self._closed or self._is_full():
            return False
        for piece in pieces:
            self._add(piece)
        return True

    def close(self) -> None:
        """Take in no more of what is offered; ``next`` ends when all has been handed on."""
        self._closed = True
        self._there.set()

    async def next(self) -> list[Piece]:
        """What waits, as much as may be handed on at once; nothing at the end."""
        if not self._pieces:
            await self._there.wait()
        found: list[Piece] = []
        room = self._batch
        while self._pieces and room > 0:
            piece = self._pieces[0]
            if len(piece) <= room:
                found.append(self._pieces.popleft())
            elif piece.source == API:
                break  # what is asked about together is answered together
            else:
                found.append(Piece(piece.source, piece.events[:room], piece.at, piece.wall))
                rest = Piece(piece.source, piece.events[room:], piece.at, piece.wall)
                self._pieces[0] = rest
            room -= len(found[-1])
        self._waiting -= self._batch - room
        self._bytes -= sum(map(_bytes_of, found))
        if not self._pieces:
            self.lull.set()
            if not self._closed:
                self._there.clear()
        if not (self._is_full() or self._is_behind()):
            self._room.set()
        return found

    def _is_full(self) -> bool:
        return self._waiting >= self._most or self._bytes >= self._most_bytes

    def _is_behind(self) -> bool:
        oldest = self.oldest
        return oldest is not None and self._now() - oldest > self._oldest

    def _add(self, piece: Piece) -> None:
        self._pieces.append(piece)
        self._waiting += len(piece)
        self._bytes += _bytes_of(piece)
        self.lull.clear()
        self._there.set()
        if self._is_full():
            self._room.clear()


def _bytes_of(piece: Piece) -> int:
    """The bytes of a piece of the stream; what is asked is bounded where it comes in."""
    return sum(len(one.data or b"") for one in piece.events if isinstance(one, Event))
