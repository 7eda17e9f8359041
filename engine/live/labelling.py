"""What people say that events turned out to be, into the ledger."""

from typing import Final

from engine.clock import wall_us
from engine.definition.schema import Schema
from engine.live.errors import RefusedError
from engine.live.ledger.rows import Label
from engine.live.ledger.writer import Ledger
from engine.live.scorer import Scorer
from engine.live.worker import Worker

MOST_LABELS: Final = 100  # of an event: all of them are kept

_MICROSECONDS: Final = 1_000_000


class Labelling:
    """Records labels, in the thread that alone writes the ledger.

    Parameters
    ----------
    ledger, scorer, worker
        Where they are recorded, who knows how far the stream has come, and in whose thread.
    schema
        Of the events.
    """

    def __init__(self, ledger: Ledger, scorer: Scorer, worker: Worker, schema: Schema) -> None:
        self._ledger = ledger
        self._scorer = scorer
        self._worker = worker
        self._schema = schema

    async def tell(self, event_id: str, label: int | None, who: str) -> bool:
        """Record a label; see ``Service``.

        Raises
        ------
        RefusedError
            If the event has as many labels as it may have.
        OutputError
            If it cannot be written.
        """
        return await self._worker.do(self._record, event_id, label, who)

    def _record(self, event_id: str, label: int | None, who: str) -> bool:
        if not self._ledger.known([event_id]):
            return False
        if self._ledger.labels_of(event_id) >= MOST_LABELS:
            raise RefusedError(
                f"{event_id} has {MOST_LABELS} labels, as many as may be (was one more)",
                hint="what was said last counts",
            )
        now = wall_us()
        self._ledger.label([Label(event_id, label, now, self._known_at(now), who)])
        return True

    def _known_at(self, now: int) -> int:
        """How far the stream has come: its clock may be far from the wall's.

        Whoever computes features of the log later sees the label from there on, as the scorer might
        have: no event before it could know. Without a stream the wall's clock is all there is.
        """
        stream = self._scorer.stream_time
        if stream is not None:
            return stream
        return now * self._schema.ticks_per_second // _MICROSECONDS
