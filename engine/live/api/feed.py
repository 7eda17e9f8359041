"""Decisions of the last moments, for as many watchers as there may be."""

import asyncio
from collections import deque
from itertools import islice
from typing import Final, NamedTuple

from engine.live.service import Service, Shown

_KEPT: Final = 512
_LINGER_SECONDS: Final = 60.0  # for those that come again


class News(NamedTuple):
    """What a watcher has not seen yet.

    Parameters
    ----------
    shown
        Decisions, the oldest first.
    missed
        How many came before them that are not kept any more.
    place
        Where to go on.
    """

    shown: list[Shown]
    missed: int
    place: int


class Feed:
    """Watches the scorer once, for all watchers; while there is none it costs nothing.

    A watcher has a place, and takes from there what is kept: who is slow holds nobody up, and
    misses the oldest.

    Parameters
    ----------
    service
        Whom to watch.
    kept
        How many decisions are kept.
    linger
        Seconds that they are kept on after the last watcher left.

    Attributes
    ----------
    ended
        Whether there will be no more.
    watchers
        How many there are.
    """

    def __init__(
        self, service: Service, kept: int = _KEPT, linger: float = _LINGER_SECONDS
    ) -> None:
        self.ended = False
        self.watchers = 0
        self._service = service
        self._linger = linger
        self._held: deque[Shown] = deque(maxlen=kept)
        self._count = 0  # that came so far
        self._watching: asyncio.Task[None] | None = None
        self._leaving: asyncio.TimerHandle | None = None

    def join(self, after: int | None) -> int:
        """A watcher comes, and is told its place.

        Parameters
        ----------
        after
            The sequence of the last decision that it saw; None for what comes from now on.
        """
        self.watchers += 1
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._watching is None and not self.ended:
            self._watching = asyncio.get_running_loop().create_task(self._watch())
        if after is None:
            return self._count
        seen = sum(shown.sequence <= after for shown in self._held)
        return self._count - len(self._held) + seen

    def leave(self) -> None:
        """A watcher leaves."""
        self.watchers -= 1
        if not self.watchers and not self.ended:
            loop = asyncio.get_running_loop()
            self._leaving = loop.call_later(self._linger, self._rest)

    def news(self, place: int, most: int) -> News:
        """What has come since a place: the newest, and how many there were besides."""
        new = self._count - place
        found = min(new, len(self._held), most)
        shown = list(islice(self._held, len(self._held) - found, None)) if found else []
        return News(shown, new - found, self._count)

    def close(self) -> None:
        """There will be no more."""
        self.ended = True
        self._rest()

    def _rest(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        self._held.clear()

    async def _watch(self) -> None:
        with self._service.watch() as shown:
            async for one in shown:
                self._held.append(one)
                self._count += 1
        self.ended = True
