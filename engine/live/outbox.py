"""Replies on their way to the ledger, some hundreds at a time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from engine.errors import SentinelError
from engine.live.flag import Reply
from engine.live.notices import Log

Sink = Callable[[list[Reply]], Awaitable[None]]

_FULL: Final = 256
_LINGER_SECONDS: Final = 0.05
_MOST_AT_ONCE: Final = 2_048
_AGAIN_SECONDS: Final = 1.0


class Outbox:
    """Hands replies to a sink, in their order, each once, 256 at a time or after 50 ms.

    A sink that fails with a message for people is handed the same again after a second. Nothing
    bounds what waits meanwhile, but there is a bound: where replies cannot be recorded no decisions
    can, so no flags are added, and of those that are here each is posted some ten times at most.

    Parameters
    ----------
    sink
        Takes replies, and has them when it returns. What else it raises ends the outbox.
    log
        Is told when the sink fails and when it works again.
    """

    def __init__(self, sink: Sink, log: Log) -> None:
        self._sink = sink
        self._log = log
        self._waiting: list[Reply] = []
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._failing = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, reply: Reply) -> None:
        """Take a reply."""
        waiting = self._waiting
        waiting.append(reply)
        if len(waiting) == 1:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(_LINGER_SECONDS, self._due.set)
        elif len(waiting) == _FULL:
            self._due.set()

    def close(self) -> None:
        """Have ``run`` return when all is handed over, or the sink fails once more."""
        self._closing = True
        self._due.set()

    async def run(self) -> None:
        """Hand over what comes, until it is closed.

        It is not to be cancelled: nobody could tell what the sink has.
        """
        while not (self._closing and not self._waiting):
            await self._due.wait()
            self._due.clear()
            if self._timer is not None:
                self._timer.cancel()
            while self._waiting:
                if await self._hand_over():
                    continue
                if self._closing:
                    return
                await self._pause()

    async def _hand_over(self) -> bool:
        """Hand over the first; False if the sink failed and has to be asked again."""
        batch = self._waiting[:_MOST_AT_ONCE]
        try:
            await self._sink(batch)
        except SentinelError as error:
            if not self._failing:
                self._failing = True
                self._log.warning("replies cannot be recorded", why=error.what, hint=error.hint)
            return False
        del self._waiting[: len(batch)]
        if self._failing:
            self._failing = False
            self._log.info("replies are recorded again")
        return True

    async def _pause(self) -> None:
        """Wait a second, or until it is closed."""
        try:
            async with asyncio.timeout(_AGAIN_SECONDS):
                while not self._closing:
                    self._due.clear()
                    await self._due.wait()
        except TimeoutError:
            pass
