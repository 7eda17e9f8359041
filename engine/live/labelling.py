"""What people say that events turned out to be, into the ledger."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from engine.backends.online.labels import NEVER
from engine.clock import wall_us
from engine.definition.schema import Schema
from engine.errors import OutputError
from engine.live.errors import RefusedError, UnknownError
from engine.live.ledger.rows import Label
from engine.live.ledger.writer import Ledger
from engine.live.scorer import Scorer
from engine.live.service import Told
from engine.live.worker import Worker

# Of an event, as all of them are kept; by one name fewer, so that another can still say what is
# right when something changes its mind without end.
MOST_LABELS: Final = 100
MOST_BY_ONE: Final = 20

_REMOVED: Final = "it may have been removed from the ledger"
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

    async def tell(self, told: Sequence[Told]) -> list[RefusedError | None]:
        """Record labels; see ``Service``.

        Raises
        ------
        OutputError
            If they cannot be written, now.
        """
        return await self._worker.do(self._record, told)

    def _record(self, told: Sequence[Told]) -> list[RefusedError | None]:
        if not self._scorer.is_settled:
            raise OutputError(
                "labels cannot be recorded while decisions before them wait for it (was "
                f"{len(told):,} of them)",
                hint="the ledger's disk is full or fails; say them again later",
            )
        before: dict[str, list[Label]] = {
            event_id: [] for event_id in self._ledger.known([one.event_id for one in told])
        }
        for label in self._ledger.labels_of(list(before)):
            # Ledgers of before hold what was said again, too.
            if not _counts_already(label, before[label.event_id]):
                before[label.event_id].append(label)
        now = wall_us()
        known_at = self._known_at(now)
        new: list[Label] = []
        found: list[RefusedError | None] = []
        for one in told:
            said = before.get(one.event_id)
            if said is None:
                found.append(UnknownError("no such event", hint=_REMOVED))
            elif _counts_already(one, said):
                found.append(None)
            else:
                found.append(_refused(one, said))
                if found[-1] is None:
                    new.append(Label(one.event_id, one.label, now, known_at, one.who))
                    said.append(new[-1])
        if new:
            self._ledger.label(new)
        for label in new:
            self._scorer.online.observe_label(label.event_id, label.label, label.known_at)
        return found

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


def _counts_already(one: Told | Label, said: Sequence[Label]) -> bool:
    """Whether it is what counts of an event, and was said by the same one since it does."""
    counts = takewhile(lambda label: label.label == one.label, reversed(said))
    return any(label.who == one.who for label in counts)


def _refused(one: Told, said: Sequence[Label]) -> RefusedError | None:
    """Why one more label of an event is not recorded; None if it is."""
    by_one = sum(label.who == one.who for label in said)
    if len(said) < MOST_LABELS and by_one < MOST_BY_ONE:
        return None
    last = said[-1]
    stays = f"it stays {'null' if last.label is None else last.label}, as {last.who} said last"
    if len(said) >= MOST_LABELS:
        return RefusedError(
            f"{one.event_id} has {MOST_LABELS} labels, as many as may be (was one more)",
            hint=f"{stays}; if that is wrong, correct it in the log that is exported",
        )
    return RefusedError(
        f"{one.event_id} has {MOST_BY_ONE} labels by {one.who}, as many as one may give (was one "
        "more)",
        hint=f"{stays}; find out what changes it so often, and say what is right by another name",
    )
