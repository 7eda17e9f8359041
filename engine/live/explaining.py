"""Why events were flagged, found out after they were answered."""

import asyncio
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final

from engine.errors import OutputError
from engine.live.ledger.rows import Unexplained, unpacked
from engine.live.ledger.writer import Ledger
from engine.live.troubles import Troubles
from engine.live.worker import Worker
from engine.model.feature_values import FeatureValues
from engine.model.reasons import Reason, reasons
from engine.model.run import Run

_WHAT: Final = "reasons"
_AT_ONCE: Final = 8  # each takes some milliseconds
_AGAIN_SECONDS: Final = 1.0
_LULL_SECONDS: Final = 1.0  # to wait for a moment in which no event waits, before each few
_LOWER: Final = 10  # of priority: whoever scores comes first


class Explainer:
    """Explains what was flagged and lacks its reasons, in a thread of its own.

    The ledger is its queue: what was flagged before a restart is explained after it. Events come
    first: while some wait, reasons wait too, a second for every few of them at most, and on Linux
    their thread has a lower priority.

    Parameters
    ----------
    ledger, worker
        Where reasons are recorded, and whose thread the ledger is for.
    most
        How many reasons a flagged event gets.
    lull
        Is set while no event waits to be decided on.
    troubles
        Are told.
    """

    def __init__(
        self,
        ledger: Ledger,
        worker: Worker,
        most: int,
        lull: asyncio.Event,
        troubles: Troubles,
    ) -> None:
        self._ledger = ledger
        self._worker = worker
        self._most = most
        self._lull = lull
        self._troubles = troubles
        self._runs: dict[int, Run] = {}
        self._due = asyncio.Event()
        self._pool = ThreadPoolExecutor(1, "explainer", _give_way)
        self._due.set()

    def know(self, number: int, run: Run) -> None:
        """Which run it is that decides under a number of the ledger's."""
        self._runs[number] = run

    def wake(self) -> None:
        """Something was flagged."""
        self._due.set()

    async def why(self, run: Run, values: FeatureValues) -> list[list[Reason]]:
        """The reasons for some scores of a run, now."""
        return await asyncio.wrap_future(self._pool.submit(reasons, run, values, self._most))

    async def run(self) -> None:
        """Explain, for ever; cancel it to stop."""
        after = -1
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                after = await self._explained(after)
            except OutputError as error:
                self._troubles.begin(_WHAT, error)
                await asyncio.sleep(_AGAIN_SECONDS)
                self._due.set()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    async def _explained(self, after: int) -> int:
        """Explain all there is; the place of the last of it."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LULL_SECONDS):
                    await self._lull.wait()
            found = await self._worker.do(self._ledger.unexplained, after, _AT_ONCE)
            if not found:
                return after
            for number in sorted({one.model for one in found}):
                await self._explain(number, [one for one in found if one.model == number])
            # Past those that could not be explained too: they are tried again after a restart.
            after = found[-1].sequence

    async def _explain(self, number: int, found: list[Unexplained]) -> None:
        run = self._runs.get(number)
        if run is None:  # a model of before, which is not here any more
            return
        width, texts = len(run.features.features), run.encoding.columns
        values = unpacked([one.features for one in found], width, texts)
        try:
            why = await self.why(run, values)
        except Exception as error:  # noqa: BLE001 - whatever a model does, answers go on
            self._troubles.begin(_WHAT, f"cannot be found out (was {type(error).__name__})")
            return
        rows = [(one.sequence, each) for one, each in zip(found, why, strict=True)]
        await self._worker.do(self._ledger.reasons, rows)
        self._troubles.end(_WHAT)


def _give_way() -> None:
    """Lower the priority of this thread, where that can be done of one alone."""
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWER)
