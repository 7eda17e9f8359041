"""What people say that events turned out to be, into the ledger."""

from typing import Final

from engine.backends.online.labels import NEVER
from engine.clock import wall_us
from engine.definition.schema import Schema
from engine.errors import OutputError
from engine.live.errors import RefusedError
from engine.live.ledger.rows import Label
from engine.live.ledger.writer import Ledger
from engine.live.scorer import Scorer
from engine.live.worker import Worker

MOST_LABELS: Final = 100  # of an event: all of them are kept

_MICROSECONDS: Final = 1_000_000


class Labelling:
    """Records labels and lets windows see them, in the thread that alone decides.

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
            If it cannot be written, now.
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
        if not self._scorer.is_settled:
            raise OutputError(
                "a label cannot be recorded while decisions before it wait for it (was "
                f"one of {event_id})",
                hint="the ledger's disk is full or fails; say it again later",
            )
        now = wall_us()
        known_at = self._known_at(now)
        self._ledger.label([Label(event_id, label, now, known_at, who)])
        self._scorer.online.observe_label(event_id, label, known_at)
        return True

    def _known_at(self, now: int) -> int:
        """From when on windows see it: the tick after all that has come, whatever the wall's clock.

        Whoever computes features of the log later sees the label from there on, as the scorer does:
        what has been asked for by now has been answered without it. Where nothing has come the
        wall's clock is all there is.
        """
        stream, watermark = self._scorer.stream_time, self._scorer.online.watermark
        come = watermark if stream is None else max(stream, watermark)
        if come != NEVER:
            return come + 1
        return now * self._schema.ticks_per_second // _MICROSECONDS
