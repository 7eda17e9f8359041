"""Verdicts into the outbox: each event once, in one transaction for a micro-batch, before any post.

The outbox is a ledger, as the live scorer's. A micro-batch that Spark hands over again, after a
failure between the outbox and its own commit, finds its events there; what is there stands.

Places have no holes, in the query as in the outbox: one that an event gets which has its decision
already goes to the quarantine. So an outbox that lacks what the query is past is known by that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from engine.clock import elapsed, wall_us
from engine.errors import InputError
from engine.live.deadlines import Deadlines
from engine.live.flag import Flag
from engine.live.intake import STREAM
from engine.live.ledger.rows import Batch, Decision, Quarantined
from engine.live.ledger.writer import Ledger
from engine.live.making import Manner
from engine.live_spark.deciding import Verdict

_US: Final = 1_000_000
_AGAIN: Final = "came again: the decision that was recorded first stands"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a micro-batch.

    Parameters
    ----------
    flags
        What is to be posted.
    decided
        How many events got their decision now.
    again
        How many had one.
    otherwise
        How many of these would be decided on otherwise now, which changes nothing.
    """

    flags: Sequence[Flag]
    decided: int
    again: int
    otherwise: int


class Recording:
    """Puts verdicts into an outbox.

    Parameters
    ----------
    ledger
        The outbox.
    model
        The number that it gave the model.
    manner
        What is decided where the model does not, and what is posted.
    deadlines
        Until when flags have to be answered.
    """

    def __init__(self, ledger: Ledger, model: int, manner: Manner, deadlines: Deadlines) -> None:
        self._ledger = ledger
        self._model = model
        self._manner = manner
        self._deadlines = deadlines
        self._span = round(deadlines.past(0.0) * _US)

    def record(self, verdicts: Sequence[Verdict]) -> Recorded:
        """Record a micro-batch, whose verdicts come in any order.

        Raises
        ------
        InputError
            If it is not what comes next in this outbox.
        OutputError
            If it cannot be written; nothing of it is, then.
        """
        verdicts = sorted(verdicts, key=itemgetter(0))
        ids = [one.event_id for one in verdicts if one.event_id is not None]
        known = {one.event_id: one for one in self._ledger.decided(ids)} if ids else {}
        first = self._ledger.next_sequence
        seen = set(known)
        decisions: list[Decision] = []
        quarantined: list[Quarantined] = []
        now = wall_us()
        if verdicts and verdicts[0].sequence > first:
            self._refuse_an_older(verdicts[0].sequence, first)
        for one in verdicts:
            if one.event_id is None:
                fresh = one.sequence >= first
            else:
                fresh = one.event_id not in seen
                seen.add(one.event_id)
            if not fresh:
                # The query had forgotten it, and gave it another place.
                if one.sequence >= first:
                    quarantined.append(
                        Quarantined(one.sequence, one.arrival, one.event_id, _AGAIN, STREAM)
                    )
                continue
            self._refuse_another(one.sequence, first)
            if one.reason is not None:
                quarantined.append(
                    Quarantined(one.sequence, one.arrival, one.event_id, one.reason, STREAM)
                )
            if one.event_id is not None:
                decisions.append(self._decision(one, one.event_id, now))
        if decisions or quarantined:
            self._ledger.record(Batch(decisions, quarantined))
        flags = [self._flag(one) for one in decisions if one.post]
        otherwise = sum(
            (known[one.event_id].score, known[one.event_id].fallback) != (one.score, one.fallback)
            for one in verdicts
            if one.event_id in known
        )
        return Recorded(flags, len(decisions), len(known), otherwise)

    def _decision(self, one: Verdict, event_id: str, now: int) -> Decision:
        flagged = self._manner.fallback if one.flagged is None else one.flagged
        post = int(bool(flagged) or self._manner.post == "all")
        return Decision(
            one.sequence,
            event_id,
            one.arrival,
            STREAM,
            one.event,
            one.features,
            one.score,
            flagged,
            one.fallback,
            None if one.features is None else self._model,
            now,
            one.arrival + self._span,
            one.observed,
            post,
        )

    def _flag(self, one: Decision) -> Flag:
        deadline = self._deadlines.revived(one.deadline, elapsed())
        return Flag(one.sequence, one.event_id, one.flagged, deadline)

    def _refuse_an_older(self, sequence: int, first: int) -> None:
        raise InputError(
            f"{self._ledger.path}: older than this checkpoint (was at {first:,}, and the "
            f"checkpoint at {sequence:,}: what is between would get no decision)",
            hint="give both as they were left; or a new checkpoint and a new outbox, with --state "
            "for what came before",
        )

    def _refuse_another(self, sequence: int, first: int) -> None:
        if sequence < first:
            raise InputError(
                f"{self._ledger.path}: not the outbox of this checkpoint (was at {first:,}, and an "
                f"event of place {sequence:,} is not in it)",
                hint="give both as they were left, or begin with new ones",
            )
