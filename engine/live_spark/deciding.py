"""From orders to decisions: what a bucket's part of the state and the model make of them."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

from engine.backends.online.engine import OnlineFeatures
from engine.decide.decider import Decider
from engine.live.decided import FEATURES_FAILED, MODEL_FAILED, UNREADABLE
from engine.live.guarded import judged
from engine.live.ledger.rows import packed
from engine.live_spark.orders import Followed, Kind, Ordered, followed
from engine.live_spark.part import Part
from engine.model.run import Run


class Verdict(NamedTuple):
    """What was decided on an event.

    Parameters
    ----------
    sequence, arrival
        Its place among all that came, and when it did, in microseconds since 1970 UTC.
    event_id
        Its id; None if that could not be read.
    event
        What is kept of it, as the ledger has it; None if it could not be read.
    features
        As the ledger has them; None if there are none.
    score
        Of the model; None if it gave none.
    flagged
        1 or 0 by the model; None if it said nothing.
    fallback
        Why the decision is not the model's; None if it is.
    reason
        What was wrong with it; None if nothing.
    observed
        1 if it is history, or will be once its clock is believed; else 0.
    """

    sequence: int
    arrival: int
    event_id: str | None
    event: str | None
    features: bytes | None
    score: float | None
    flagged: int | None
    fallback: str | None
    reason: str | None
    observed: int


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Verdict]).decode


def written(verdicts: Sequence[Verdict]) -> bytes:
    """Verdicts as bytes."""
    return _encode(verdicts)


def read(content: bytes) -> list[Verdict]:
    """The verdicts that :func:`written` has written."""
    return _decode(content)


class Model:
    """What a run says of events whose features are computed elsewhere.

    Parameters
    ----------
    run
        The run.
    """

    def __init__(self, run: Run) -> None:
        self._decider = Decider(run, OnlineFeatures(run.features), most_reasons=0)

    def decide(self, part: Part, arrived: Sequence[Ordered]) -> tuple[list[Verdict], bytes | None]:
        """Follow orders and decide on their events.

        Returns
        -------
        verdicts, entry
            On each event that asks for one; what has to be kept, as ``Part.repeat`` takes it, None
            if nothing has changed.
        """
        scored: list[Ordered] = []
        computed: list[tuple[Any, ...]] = []
        verdicts: list[Verdict] = []
        kept: list[Followed] = []
        for one in arrived:
            order = one.order
            if order.kind is Kind.REFUSED:
                verdicts.append(_refused(one))
                continue
            change = part.followed(order)
            if change is not None:
                kept.append(change)
            try:
                features = part.follow(order)
            except Exception as error:  # noqa: BLE001 - whatever it is, the event is answered
                verdicts.append(_failed(one, error))
                continue
            if order.kind is not Kind.HISTORY and features is not None:
                scored.append(one)
                computed.append(features)
        verdicts += self._judged(scored, computed)
        return verdicts, followed(kept) if kept else None

    def _judged(
        self, scored: Sequence[Ordered], computed: Sequence[tuple[Any, ...]]
    ) -> list[Verdict]:
        values = self._decider.values_of(computed)
        found = judged(self._decider, values)
        return [
            Verdict(
                one.sequence,
                one.arrival,
                one.order.event_id,
                one.order.text,
                features,
                None if failed else score,
                None if failed else int(flagged),
                MODEL_FAILED if failed else None,
                one.order.reason,
                1,
            )
            for one, features, score, flagged, failed in zip(
                scored,
                packed(values),
                found.scores.tolist(),
                found.flagged.tolist(),
                found.failed.tolist(),
                strict=True,
            )
        ]


def _refused(one: Ordered) -> Verdict:
    reason = one.order.reason or UNREADABLE
    said = one.order.event_id
    fallback = None if said is None else UNREADABLE
    return Verdict(one.sequence, one.arrival, said, None, None, None, None, fallback, reason, 0)


def _failed(one: Ordered, error: Exception) -> Verdict:
    # What an error says itself may be of somebody's event.
    why = f"features cannot be computed (was {type(error).__name__})"
    told = one.order.event_id, one.order.text
    return Verdict(one.sequence, one.arrival, *told, None, None, None, FEATURES_FAILED, why, 0)
