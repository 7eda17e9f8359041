"""The stream: each client is sent the places that are due, from where it is on, at its own pace."""

import asyncio
import re
from typing import Final, Protocol

import numpy as np

from engine.clock import elapsed
from replay.judge.book import Book
from replay.judge.faults import Place
from replay.judge.frames import KEEP_ALIVE, Frames
from replay.judge.journal import Journal
from replay.judge.plan import Plan, check_complete
from replay.judge.schedule import Schedule

_ID: Final = re.compile(rb"[0-9]{1,10}")
_STALL: Final = "stall"
_DISCONNECT: Final = "disconnect"
_CUT: Final = "cut"
check_complete(Place.PACE, (_STALL, _DISCONNECT, _CUT))

# What is sent at a time: enough for speed, little enough that flags do not wait for it.
_MOST_PLACES: Final = 256
_MOST_BYTES: Final = 262_144
_SHORTEST_WAIT: Final = 0.001
_KEEP_ALIVE_SECONDS: Final = 15.0


class Client(Protocol):
    """A connection that a stream is sent over."""

    def send(self, content: bytes) -> None:
        """Send, or buffer, a part of the stream."""
        ...

    async def writable(self) -> bool:
        """Wait until there is room for more; False if the connection has ended."""
        ...

    def end(self) -> None:
        """End the connection when all is sent."""
        ...


class Stream:
    """The stream of a plan, for any number of clients at once.

    Parameters
    ----------
    journal, plan, frames
        What is sent.
    schedule
        When.
    book
        Is told what was sent whole.
    resumes
        Whether clients go on after the last event they name; else always from now.
    """

    def __init__(
        self,
        journal: Journal,
        plan: Plan,
        frames: Frames,
        schedule: Schedule,
        book: Book,
        *,
        resumes: bool,
    ) -> None:
        self._frames = frames
        self._schedule = schedule
        self._book = book
        self._resumes = resumes
        self._places = len(plan)
        self._first = np.frombuffer(journal.first, dtype=np.int32)[plan.events]
        self._cuts = set(plan.places_of(_CUT))
        self._disconnects = set(plan.places_of(_DISCONNECT))
        self._furthest = 0
        self._cursors: dict[Client, int] = {}

    @property
    def furthest(self) -> int:
        """How many places the client has been sent that has got most."""
        return self._furthest

    @property
    def caught_up(self) -> bool:
        """Whether every client that is connected has been sent everything."""
        return all(cursor == self._places for cursor in self._cursors.values())

    def released(self, now: float) -> int:
        """How many places are due."""
        return self._schedule.released(now, self._furthest)

    def start(self, last_id: bytes | None, now: float) -> int:
        """The place from which a client goes on.

        It is the one after the event that the client names as its last one, or what comes next
        if it names none, or none that there is. The first client of all begins at the beginning.
        """
        if self._schedule.began is None:
            self._schedule.begin(now)
            return 0
        place = int(last_id) if last_id is not None and _ID.fullmatch(last_id) else 0
        released = self.released(now)
        if self._resumes and 1 <= place <= released:
            return place
        # Without a rate, now is where the fastest client is.
        return released if self._schedule.timed else self._furthest

    async def serve(self, client: Client, start: int) -> None:
        """Send a client the stream from a place on, until either end has had enough."""
        cursor = self._cursors[client] = start
        silent_since = elapsed()
        try:
            while await client.writable():
                now = elapsed()
                upto = min(self.released(now), cursor + _MOST_PLACES)
                if cursor < upto:
                    cursor = self._send(client, cursor, upto, now)
                    silent_since = now
                    if cursor < 0:
                        return
                    self._cursors[client] = cursor
                    await asyncio.sleep(0)
                    continue
                quiet = silent_since + _KEEP_ALIVE_SECONDS - now
                if quiet <= 0:
                    client.send(KEEP_ALIVE)
                    silent_since = now
                    continue
                wait = min(quiet, self._schedule.wait(now, upto))
                await asyncio.sleep(max(wait, _SHORTEST_WAIT))
        finally:
            del self._cursors[client]

    def _send(self, client: Client, cursor: int, upto: int, now: float) -> int:
        """Send places, fewer if they are large, and say how far it came; -1 if that was the end."""
        parts: list[bytes] = []
        size, place, ends = 0, cursor, False
        while place < upto and size < _MOST_BYTES and not ends:
            content = self._frames.at(place)
            # A connection ends in a place once, so that who comes back gets past it.
            if place in self._cuts:
                self._cuts.remove(place)
                parts.append(content[: len(content) // 2])
                ends = True
                break
            if place in self._disconnects:
                self._disconnects.remove(place)
                ends = True
            parts.append(content)
            size += len(content)
            place += 1
        client.send(b"".join(parts))
        self._book.sent(self._first[cursor:place], now)
        self._furthest = max(self._furthest, place)
        if ends:
            client.end()
            return -1
        return place
