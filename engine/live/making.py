"""The rows and flags of a micro-batch, made of what was taken and how it was judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from engine.live.deadlines import Deadlines
from engine.live.decided import FEATURES_FAILED, MODEL_FAILED, UNREADABLE, Figures
from engine.live.flag import Flag
from engine.live.incoming import Taken
from engine.live.intake import API, Piece
from engine.live.kept import KeptEvents
from engine.live.ledger.rows import Decision, Quarantined

Posted = Literal["all", "fraud"]


@dataclass(frozen=True, slots=True)
class Manner:
    """What is decided where the model does not, and what is posted.

    Parameters
    ----------
    post
        Whether flags are posted of all events, or of those alone that are flagged.
    fallback
        The flag, 1 or 0, of an event that the model cannot score.
    """

    post: Posted = "all"
    fallback: int = 0


class Made:
    """The rows and flags of a micro-batch, as they are made."""

    def __init__(
        self,
        figures: Mapping[Piece, Figures],
        sequence: int,
        manner: Manner,
        deadlines: Deadlines,
        model: int,
        kept: KeptEvents,
        now: int,
    ) -> None:
        self.decisions: list[Decision] = []
        self.quarantined: list[Quarantined] = []
        self.flags: list[Flag] = []
        self._figures = figures
        self._sequence = sequence
        self._manner = manner
        self._deadlines = deadlines
        self._model = model
        self._text = kept.text
        self._now = now
        self._piece: Piece | None = None
        self._deadline = 0.0
        self._recorded = 0

    def refuse(self, one: Taken) -> None:
        """What cannot be scored: put aside, and answered if it has an id."""
        self._at(one)
        self._put_aside(one, one.reason or UNREADABLE)
        if one.event_id is None:
            self._sequence += 1
        else:
            self._add(one, (None, None, None), self._manner.fallback, UNREADABLE, None, 0)

    def fail(self, one: Taken, why: str) -> None:
        """What no features can be computed of: put aside and answered."""
        self._at(one)
        self._put_aside(one, why)
        told = (self._text(one.values or ()), None, None)
        self._add(one, told, self._manner.fallback, FEATURES_FAILED, None, 0)

    def _put_aside(self, one: Taken, reason: str) -> None:
        self._figures[one.piece].unreadable += 1
        self.quarantined.append(
            Quarantined(
                self._sequence,
                one.piece.wall,
                one.event_id,
                reason,
                one.piece.source,
            )
        )

    def decide(
        self,
        one: Taken,
        features: bytes,
        score: float,
        flagged: bool,  # noqa: FBT001 - a value
        failed: bool,  # noqa: FBT001 - a value
        observed: int,
    ) -> None:
        """What can be scored: decided on by the model, unless that failed."""
        self._at(one)
        if one.reason is not None:
            self._put_aside(one, one.reason)
        text = self._text(one.values or ())
        if failed:
            told = (text, features, None)
            self._add(one, told, self._manner.fallback, MODEL_FAILED, self._model, observed)
        else:
            self._add(one, (text, features, score), int(flagged), None, self._model, observed)

    def _at(self, one: Taken) -> None:
        piece = one.claimed or one.piece
        if piece is not self._piece:
            self._piece = piece
            self._deadline = self._deadlines.of(piece.at)
            self._recorded = self._deadlines.recorded(self._deadline)

    def _add(
        self,
        one: Taken,
        told: tuple[str | None, bytes | None, float | None],
        flagged: int,
        fallback: str | None,
        model: int | None,
        observed: int,
    ) -> None:
        piece, sequence = one.piece, self._sequence
        event_id = one.event_id or ""
        # Who asks the API has the answer; who sends the stream wants a flag.
        wanted = piece.source != API or one.claimed is not None
        post = int(wanted and (flagged or self._manner.post == "all"))
        self.decisions.append(
            Decision(
                sequence,
                event_id,
                piece.wall,
                piece.source,
                *told,
                flagged,
                fallback,
                model,
                self._now,
                self._recorded,
                observed,
                post,
            )
        )
        if post:
            self.flags.append(Flag(sequence, event_id, flagged, self._deadline))
        self._sequence += 1
        counts = self._figures[piece]
        counts.flagged += flagged
        if fallback is None:
            counts.decided += 1
        else:
            counts.fallbacks += 1
