"""Micro-batches on their way from the queue to the ledger, and to all who wait for them."""

import asyncio
from collections.abc import Callable
from typing import Final

from engine.clock import elapsed
from engine.errors import OutputError
from engine.live.backoff import Backoff
from engine.live.decided import Decided
from engine.live.intake import Intake, Piece
from engine.live.scorer import Scorer
from engine.live.troubles import Troubles
from engine.live.worker import Worker

_WHAT: Final = "ledger"
_MODEL: Final = "scoring"
_BACKOFF: Final = Backoff(0.05, 1.0)
_WELL_SECONDS: Final = 60.0


class Flow:
    """Has decided what comes, in order, and tells what was recorded.

    What cannot be recorded now is tried again until it can: nothing after it is decided on
    meanwhile, and the queue fills.

    Parameters
    ----------
    intake, scorer, worker
        What comes, who decides, and in which thread.
    publish
        Is told of each micro-batch once it is recorded.
    troubles
        Are told.
    held
        Is told when a micro-batch could not be recorded, once for each.
    well_after
        Seconds without a failure of the model, or of features, after which all is well again.
    """

    def __init__(
        self,
        intake: Intake,
        scorer: Scorer,
        worker: Worker,
        publish: Callable[[Decided], None],
        troubles: Troubles,
        held: Callable[[], object],
        well_after: float = _WELL_SECONDS,
    ) -> None:
        self._intake = intake
        self._scorer = scorer
        self._worker = worker
        self._publish = publish
        self._troubles = troubles
        self._held = held
        self._well_after = well_after
        self._failed_at = elapsed()
        self._oldest: float | None = None

    @property
    def lag(self) -> float:
        """Seconds that the oldest event without a recorded decision has been waiting."""
        oldest = self._intake.oldest if self._oldest is None else self._oldest
        return 0.0 if oldest is None else max(0.0, elapsed() - oldest)

    async def run(self) -> None:
        """Decide, until the queue is closed and empty.

        Raises
        ------
        InputError
            If the ledger is damaged.
        """
        before: Decided | None = None
        while True:
            if before is not None and not len(self._intake):
                self._publish(before)
                before = None
            pieces = await self._intake.next()
            if not pieces:
                return
            self._oldest = pieces[0].at
            deciding = self._worker.start(self._scorer.decide, pieces)
            # While the next ones are decided on: the thread need not wait for it.
            if before is not None:
                self._publish(before)
                before = None
            before = await self._decided(deciding, pieces)
            self._oldest = None

    async def _decided(self, deciding: "asyncio.Future[Decided]", pieces: list[Piece]) -> Decided:
        failures = 0
        while True:
            try:
                found = await deciding
            except OutputError as error:
                failures += 1
                if failures == 1:
                    self._held()
                self._troubles.begin(_WHAT, error)
            else:
                self._troubles.end(_WHAT)
                self._tell_of_model(found)
                return found
            await asyncio.sleep(_BACKOFF.wait(failures))
            deciding = self._worker.start(self._scorer.decide, pieces)

    def _tell_of_model(self, found: Decided) -> None:
        if found.failure is not None:
            self._failed_at = elapsed()
            self._troubles.begin(_MODEL, found.failure)
        # Of one event in many it may fail again and again: that is one trouble, not a hundred.
        elif found.counts.decided and elapsed() - self._failed_at > self._well_after:
            self._troubles.end(_MODEL)
