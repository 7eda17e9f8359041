"""What came of a micro-batch."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.live.flag import Flag
from engine.live.intake import Piece
from engine.live.ledger.rows import Batch

UNREADABLE = "unreadable"
MODEL_FAILED = "model failed"


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
    refused
        What of it could not be read; None if nothing.
    """

    event_id: str | None
    decision: int | None
    refused: str | None


@dataclass(slots=True)
class Figures:
    """What came so far, by what became of it: each event is one of these.

    ``decided`` by the model, ``fallbacks`` otherwise, ``quarantined`` without an id, ``duplicates``
    not again, ``beats`` signs of life. Besides: ``unreadable`` are all that something was wrong
    with, ``flagged`` those that were, ``rounded`` amounts with too many decimals.
    """

    decided: int = 0
    fallbacks: int = 0
    quarantined: int = 0
    duplicates: int = 0
    beats: int = 0
    unreadable: int = 0
    flagged: int = 0
    rounded: int = 0

    def add(self, other: "Figures") -> None:
        """Count what came of a micro-batch."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class Decided:
    """A micro-batch that was decided on.

    Parameters
    ----------
    pieces
        What came.
    batch
        What is recorded of it.
    flags
        What is posted of it.
    asked
        For each piece of the API what came of its events.
    counts
        How many came to what.
    at
        When it was decided on, by :func:`engine.clock.elapsed`.
    failure
        Why the model failed of some; None if it did not.
    """

    pieces: Sequence[Piece]
    batch: Batch
    flags: Sequence[Flag]
    asked: Sequence[tuple[Piece, Sequence[AskedEvent]]]
    counts: Figures
    at: float
    failure: str | None = None
