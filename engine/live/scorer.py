"""From what came to decisions on the ledger: the work of the one thread that decides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.backends.online.engine import OnlineFeatures
from engine.clock import elapsed, wall_us
from engine.decide.decider import Decider
from engine.definition import fingerprint
from engine.live.deadlines import Deadlines
from engine.live.decided import MODEL_FAILED, UNREADABLE, AskedEvent, Decided, Figures
from engine.live.flag import Flag
from engine.live.guarded import Judged, judged
from engine.live.incoming import Incoming, Taken, read_pieces
from engine.live.intake import API, Piece
from engine.live.kept import KeptEvents
from engine.live.ledger.rows import Batch, Decision, Model, Quarantined, packed
from engine.live.ledger.writer import Ledger
from engine.live.readable import EventReader, Readable
from engine.model.kinds import MODEL_FILES
from engine.model.run import Run
from engine.process import manage_collector

Posted = Literal["all", "fraud"]

_COLLECT_EVENTS: Final = 8_192


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


@dataclass(frozen=True, slots=True)
class Looked:
    """What would be decided on an event that is not recorded."""

    event_id: str | None
    flagged: int
    score: float | None
    values: NDArray[np.float64] | None
    fallback: str | None
    refused: str | None


class Scorer:
    """Decides on what comes, and records it.

    What is decided is held until it is recorded: until then no event after it is looked at, and
    nothing is observed twice.

    Parameters
    ----------
    ledger
        Where decisions are recorded, and which ids have one.
    online
        The running state, as of the end of the ledger.
    run
        The run that decides to begin with.
    manner
        How.
    deadlines
        Until when flags have to be answered.

    Attributes
    ----------
    online
        The state.
    model
        The number of the model that decides.
    is_settled
        Whether the state is that of the ledger's end: what became history is recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        online: OnlineFeatures,
        run: Run,
        manner: Manner,
        deadlines: Deadlines,
    ) -> None:
        self.online = online
        self._ledger = ledger
        self._manner = manner
        self._deadlines = deadlines
        self._reader = EventReader(run.features)
        columns = self._reader.columns
        self._kept = KeptEvents(columns)
        places = [columns.index(name) for name in online.columns[1:]]
        # Of a single place it would not make a tuple.
        self._row = (
            itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
        )
        self._held: Decided | None = None
        self.is_settled = True
        self._since_collected = 0
        self.use(run)

    def use(self, run: Run) -> int:
        """Have another run decide from now on, and tell the number that the ledger gave it.

        Raises
        ------
        OutputError
            If the ledger cannot be written; the run before goes on deciding then.
        """
        number = self._ledger.enrol(
            Model(
                sha256=run.manifest["sha256"][MODEL_FILES[run.model.kind]],
                run_id=run.manifest["id"],
                kind=run.model.kind,
                feature_set=fingerprint(run.features),
                threshold=run.threshold,
            )
        )
        self._decider = Decider(run, self.online, most_reasons=0)
        self.model = number
        return number

    def decide(self, pieces: Sequence[Piece]) -> Decided:
        """Decide on a micro-batch and record it; if that fails, the same is to be asked again.

        Raises
        ------
        OutputError
            If the ledger cannot be written or asked now; nothing is lost then.
        InputError
            If it is damaged.
        """
        if self._held is None:
            incoming = read_pieces(self._reader, list(pieces))
            known = self._known(incoming)
            self._held = self._decided(pieces, incoming, known)
        found = self._held
        batch = found.batch
        if batch.decisions or batch.quarantined or batch.stream_id is not None:
            self._ledger.record(batch)
        self._held = None
        self.is_settled = True
        self._collect(len(batch.decisions))
        return found

    def look(self, events: Sequence[Mapping[str, Any]]) -> list[Looked]:
        """What would be decided on events now; nothing changes."""
        read = list(map(self._reader.read, events))
        rows = [self._row_of(one.event_id, one.values) for one in read if one.values is not None]
        values = self._matrix([self.online.read_row(row) for row in rows])
        found = judged(self._decider, values)
        number = iter(range(len(rows)))
        return [
            self._unreadable(one)
            if one.values is None
            else self._looked(one, next(number), found, values)
            for one in read
        ]

    def _unreadable(self, event: Readable) -> Looked:
        fallback = self._manner.fallback
        return Looked(event.event_id, fallback, None, None, UNREADABLE, event.reason)

    def _looked(
        self, event: Readable, row: int, found: Judged, values: NDArray[np.float64]
    ) -> Looked:
        if found.failed[row]:
            fallback = self._manner.fallback
            return Looked(event.event_id, fallback, None, values[row], MODEL_FAILED, event.reason)
        score, flagged = float(found.scores[row]), int(found.flagged[row])
        return Looked(event.event_id, flagged, score, values[row], None, event.reason)

    def _known(self, incoming: Incoming) -> set[str]:
        ids = [one.event_id for one in incoming.taken if one.event_id is not None]
        return self._ledger.known(ids) if ids else set()

    def _decided(self, pieces: Sequence[Piece], incoming: Incoming, known: set[str]) -> Decided:
        counts = Figures(beats=incoming.beats, rounded=incoming.rounded)
        fresh: list[Taken] = []
        asked: dict[Piece, list[AskedEvent]] = {
            piece: [] for piece in pieces if piece.source == API
        }
        decisions = 0
        for one in incoming.taken:
            event_id = one.event_id
            number: int | None = None
            if event_id is None:
                fresh.append(one)
                counts.quarantined += 1
            elif event_id in known:
                counts.duplicates += 1
            else:
                known.add(event_id)
                fresh.append(one)
                number, decisions = decisions, decisions + 1
            if one.piece.source == API:
                asked[one.piece].append(AskedEvent(event_id, number, one.reason))
        return self._judged(pieces, incoming, fresh, asked, counts)

    def _judged(
        self,
        pieces: Sequence[Piece],
        incoming: Incoming,
        fresh: Sequence[Taken],
        asked: Mapping[Piece, Sequence[AskedEvent]],
        counts: Figures,
    ) -> Decided:
        rows = [self._row_of(one.event_id, one.values) for one in fresh if one.values is not None]
        self.is_settled = False
        values, observed = self._observed(rows)
        found = judged(self._decider, values)
        made = _Made(
            counts,
            self._ledger.next_sequence,
            self._manner,
            self._deadlines,
            self.model,
            self._kept,
            wall_us(),
        )
        scored = zip(
            packed(values),
            found.scores.tolist(),
            found.flagged.tolist(),
            found.failed.tolist(),
            observed,
            strict=True,
        )
        for one in fresh:
            if one.values is None:
                made.refuse(one)
            else:
                made.decide(one, *next(scored))
        batch = Batch(made.decisions, made.quarantined, incoming.stream_id)
        return Decided(pieces, batch, made.flags, list(asked.items()), counts, elapsed(), found.why)

    def _observed(self, rows: list[tuple[Any, ...]]) -> tuple[NDArray[np.float64], list[int]]:
        """The features of events that become history, and of those that are history already.

        These came before the ledger began, as those of a warm start: nobody was answered then.
        """
        places, values = self._decider.observe(rows)
        if len(places) == len(rows):
            return values, [1] * len(rows)
        observed = [0] * len(rows)
        whole = np.empty((len(rows), values.shape[1]))
        whole[places] = values
        for place in places.tolist():
            observed[place] = 1
        for place, is_observed in enumerate(observed):
            if not is_observed:
                whole[place] = self._matrix([self.online.read_row(rows[place])])[0]
        return whole, observed

    def _matrix(self, features: list[tuple[Any, ...]]) -> NDArray[np.float64]:
        width = len(self.online.features.features)
        return np.array(features, dtype=np.float64).reshape(len(features), width)

    def _row_of(self, event_id: str | None, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return (event_id, *self._row(values))

    def _collect(self, decisions: int) -> None:
        self._since_collected += decisions
        if self._since_collected >= _COLLECT_EVENTS:
            self._since_collected = 0
            manage_collector()


class _Made:
    """The rows and flags of a micro-batch, as they are made."""

    def __init__(
        self,
        counts: Figures,
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
        self._counts = counts
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
        self._at(one.piece)
        self._put_aside(one)
        if one.event_id is None:
            self._sequence += 1
        else:
            self._add(one, (None, None, None), self._manner.fallback, UNREADABLE, None, 0)

    def _put_aside(self, one: Taken) -> None:
        self._counts.unreadable += 1
        self.quarantined.append(
            Quarantined(
                self._sequence,
                one.piece.wall,
                one.event_id,
                one.reason or UNREADABLE,
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
        self._at(one.piece)
        if one.reason is not None:
            self._put_aside(one)
        text = self._text(one.values or ())
        if failed:
            told = (text, features, None)
            self._add(one, told, self._manner.fallback, MODEL_FAILED, self._model, observed)
        else:
            self._add(one, (text, features, score), int(flagged), None, self._model, observed)

    def _at(self, piece: Piece) -> None:
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
        # Who asks the API has the answer, and posts nothing.
        post = int(piece.source != API and (flagged or self._manner.post == "all"))
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
        counts = self._counts
        counts.flagged += flagged
        if fallback is None:
            counts.decided += 1
        else:
            counts.fallbacks += 1
