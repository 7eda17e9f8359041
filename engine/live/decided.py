"""What came of a micro-batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.live.flag import Flag
from engine.live.intake import Piece
from engine.live.ledger.rows import Batch

UNREADABLE = "unreadable"
MODEL_FAILED = "model failed"
FEATURES_FAILED = "features failed"


@dataclass(frozen=True, slots=True)
class AskedEvent:
    """What came of one event that was asked about.

    Parameters
    ----------
    event_id
        Its id; None if it could not be read.
    decision
        Which of the batch's decisions is on it; None if it had been decided on before, or has no
        id to be decided on by.
    refused, field
        What of it could not be read, and which column that is; None if nothing.
    """

    event_id: str | None
    decision: int | None
    refused: str | None
    field: str | None = None


@dataclass(slots=True)
class Figures:
    """What came, by what became of it: each event is one of these.

    ``decided`` by the model, ``fallbacks`` otherwise, ``quarantined`` without an id, ``duplicates``
    not again, ``beats`` signs of life. Besides: ``unreadable`` are all that something was wrong
    with, ``flagged`` those that were, ``rounded`` amounts with too many decimals, ``late`` those
    older than what had come before them.
    """

    decided: int = 0
    fallbacks: int = 0
    quarantined: int = 0
    duplicates: int = 0
    beats: int = 0
    unreadable: int = 0
    flagged: int = 0
    rounded: int = 0
    late: int = 0

    def add(self, other: "Figures") -> None:
        """Count what came of a micro-batch."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Decided:
    """A micro-batch that was decided on.

    Parameters
    ----------
    batch
        What is recorded of it.
    flags
        What is posted of it.
    adopted
        What is posted of what was decided on before.
    asked
        For each piece of the API what came of its events.
    figures, counts
        Of each piece, and of all, how many came to what.
    failure
        Why features or a model failed of some; None if none did.
    at
        When it was recorded, by :func:`engine.clock.elapsed`.
    """

    batch: Batch
    flags: Sequence[Flag]
    adopted: Sequence[Flag]
    asked: Sequence[tuple[Piece, Sequence[AskedEvent]]]
    figures: Mapping[Piece, Figures]
    counts: Figures
    failure: str | None = None
    at: float = 0.0
