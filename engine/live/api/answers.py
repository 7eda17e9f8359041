"""What is answered to whoever asks about events."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from engine.live.api.refusals import Refused
from engine.live.service import Answer
from engine.model.phrases import is_hidden
from engine.model.run import Run


class Why(BaseModel):
    """One feature's part in a score."""

    feature: str = Field(description="its name; (card holder) for those that are not shown")
    contribution: float = Field(description="by how much it raised the score")
    words: str = Field(description="what it says of the event, and what it usually says")


class Decided(BaseModel):
    """What was decided on an event."""

    event_id: str | None = Field(description="its id; null if it could not be read")
    is_fraud: Literal[0, 1] = Field(description="whether it is flagged")
    proba: float | None = Field(
        ge=0, le=1, description="the model's score; null if it has none for this event"
    )
    threshold: float | None = Field(description="the lowest score that is flagged")
    features: dict[str, float | str | None] = Field(
        description="by name, null where there is no value; of what was decided before, without "
        "those that tell of the card holder"
    )
    reasons: list[Why] = Field(description="why it is flagged, the strongest first")
    fallback: str | None = Field(description="why the decision is not the model's; null if it is")
    duplicate: bool = Field(
        description="whether it had been decided on before: then this is what was decided then"
    )


class Fault(BaseModel):
    """What of an event, or of a request, could not be read."""

    place: int | None = Field(description="which event, counted from 0; null if it is none")
    event_id: str | None = Field(description="its id, as far as it could be read")
    field: str | None = Field(description="the field at fault; null if it is none")
    reason: str = Field(description="what is wrong with it")


class Unreadable(Refused):
    """Why events could not be read, and what was decided on each of them."""

    faults: list[Fault] = Field(description="one for each that could not be read")
    answers: list[Decided] = Field(
        description="on all events, in their order; what could not be read has its fallback"
    )


class Wording:
    """Words answers as the API has them.

    Parameters
    ----------
    run
        A run of the feature set that decides; another run of it is worded alike.
    """

    def __init__(self, run: Run) -> None:
        schema = run.features.schema
        self._hidden = frozenset(
            feature.name for feature in run.features.features if is_hidden(feature, schema)
        )

    def decided(self, answer: Answer) -> dict[str, Any]:
        """An answer, with the fields of ``Decided``: to make one of these costs ten times as much.

        What was decided before is told to whoever knows the event's id, and that need not be who
        sent the event: age, gender and home are left out.
        """
        left_out = self._hidden if answer.before else frozenset[str]()
        features = {name: value for name, value in answer.features.items() if name not in left_out}
        return {
            "event_id": answer.event_id,
            "is_fraud": int(answer.flagged),
            "proba": answer.score,
            "threshold": answer.threshold,
            "features": features,
            "reasons": answer.reasons,
            "fallback": answer.fallback,
            "duplicate": answer.before,
        }

    def fault(self, place: int, answer: Answer) -> dict[str, Any] | None:
        """What of an event could not be read, as ``Fault`` has it; None if nothing."""
        if answer.refused is None:
            return None
        return {
            "place": place,
            "event_id": answer.event_id,
            "field": answer.field,
            "reason": answer.refused,
        }
