"""Between the poster and the ledger: flags that are pending, replies that came."""

from collections.abc import Callable, Sequence

from engine.clock import elapsed
from engine.live.deadlines import Deadlines
from engine.live.flag import Flag, Reply
from engine.live.intake import API
from engine.live.ledger.writer import Ledger
from engine.live.worker import Worker


class PendingFlags:
    """What a poster loads from a ledger, and what it is told for it.

    Parameters
    ----------
    ledger, worker
        The ledger, and whose thread it is for.
    deadlines
        Until when flags have to be answered.
    told
        Sees replies that were recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        worker: Worker,
        deadlines: Deadlines,
        told: Callable[[Sequence[Reply]], object],
    ) -> None:
        self._ledger = ledger
        self._worker = worker
        self._deadlines = deadlines
        self._told = told

    async def load(self, after: int, limit: int) -> list[Flag]:
        """The first flags after a place that have no final reply."""
        pending = await self._worker.do(self._ledger.pending, after, limit)
        now = elapsed()
        return [
            Flag(
                one.sequence,
                one.event_id,
                one.flag_value,
                self._deadlines.revived(one.deadline, now),
                one.attempts,
                one.source == API,
            )
            for one in pending
        ]

    async def record(self, replies: list[Reply]) -> None:
        """Record replies."""
        await self._worker.do(self._ledger.reply, replies)
        self._told(replies)
