"""From what came to decisions on the ledger: the work of the one thread that decides."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.labels import NEVER
from engine.clock import elapsed, wall_us
from engine.decide.decider import Decider
from engine.definition import fingerprint
from engine.live.deadlines import Deadlines
from engine.live.decided import (
    FEATURES_FAILED,
    MODEL_FAILED,
    UNREADABLE,
    AskedEvent,
    Decided,
    Figures,
)
from engine.live.flag import Flag
from engine.live.guarded import Judged, judged
from engine.live.incoming import Incoming, Taken, read_pieces
from engine.live.intake import API, Piece
from engine.live.kept import KeptEvents
from engine.live.ledger.rows import Adopted, Batch, Model, packed
from engine.live.ledger.writer import Ledger
from engine.live.making import Made, Manner
from engine.live.observed import Observed, joined, look, observe
from engine.live.readable import EventReader, Readable
from engine.live.stream_clock import StreamClock
from engine.model.feature_values import FeatureValues
from engine.model.kinds import MODEL_FILES
from engine.model.run import Run
from engine.process import manage_collector

_COLLECT_EVENTS: Final = 512


@dataclass(frozen=True, slots=True)
class Looked:
    """What would be decided on an event that is not recorded."""

    event_id: str | None
    flagged: int
    score: float | None
    values: FeatureValues | None  # a row; None if there are none
    fallback: str | None
    refused: str | None
    field: str | None = None
    model: int | None = None  # the number of the one that would decide


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
        self._clock = StreamClock(online, ledger.stream_time)
        self.is_settled = True
        self._since_collected = 0
        self.use(run)

    @property
    def stream_time(self) -> int | None:
        """How far the stream has come, in ticks of event time; None if there was none."""
        return self._clock.now

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
            self._held = self._decided(incoming, known)
        found = self._held
        batch = found.batch
        is_new = batch.decisions or batch.quarantined or batch.adopted
        if is_new or batch.stream_id is not None or batch.stream_time != self._ledger.stream_time:
            self._ledger.record(batch)
        self._held = None
        self.is_settled = True
        self._collect(len(batch.decisions))
        return replace(found, at=elapsed())

    def look(self, events: Sequence[Mapping[str, Any]]) -> list[Looked]:
        """What would be decided on events now; nothing changes."""
        read = list(map(self._reader.read, events))
        rows = [self._row_of(one.event_id, one.values) for one in read if one.values is not None]
        seen = look(self._decider, self.online, rows)
        found = judged(self._decider, seen.values)
        number = iter(range(len(rows)))
        return [
            self._without_score(one, UNREADABLE)
            if one.values is None
            else self._looked(one, next(number), found, seen)
            for one in read
        ]

    def _without_score(
        self, event: Readable, why: str, values: FeatureValues | None = None
    ) -> Looked:
        fallback = self._manner.fallback
        return Looked(
            event.event_id, fallback, None, values, why, event.reason, event.field, self.model
        )

    def _looked(self, event: Readable, row: int, found: Judged, seen: Observed) -> Looked:
        if row in seen.failures:
            return self._without_score(event, FEATURES_FAILED)
        values = seen.values[row : row + 1]
        if found.failed[row]:
            return self._without_score(event, MODEL_FAILED, values)
        score, flagged = float(found.scores[row]), int(found.flagged[row])
        return Looked(
            event.event_id, flagged, score, values, None, event.reason, event.field, self.model
        )

    def _known(self, incoming: Incoming) -> set[str]:
        ids = [one.event_id for one in incoming.taken if one.event_id is not None]
        return self._ledger.known(ids) if ids else set()

    def _decided(self, incoming: Incoming, known: set[str]) -> Decided:
        figures = incoming.figures
        fresh: list[Taken] = []
        first: dict[str, Taken] = {}
        again: dict[str, Taken] = {}
        asked: dict[Piece, list[AskedEvent]] = {
            piece: [] for piece in figures if piece.source == API
        }
        decisions = 0
        for one in incoming.taken:
            event_id, piece = one.event_id, one.piece
            number: int | None = None
            if event_id is None:
                fresh.append(one)
                figures[piece].quarantined += 1
            elif event_id in known:
                figures[piece].duplicates += 1
                if piece.source != API:
                    again.setdefault(event_id, one)
            elif event_id in first:
                figures[piece].duplicates += 1
                if piece.source != API:
                    first[event_id].claim(piece)
            else:
                first[event_id] = one
                fresh.append(one)
                number, decisions = decisions, decisions + 1
            if piece.source == API:
                asked[piece].append(AskedEvent(event_id, number, one.reason, one.field))
        return self._judged(incoming, fresh, asked, again)

    def _adopted(self, again: Mapping[str, Taken]) -> list[Flag]:
        """The flags of events that the API has answered, and that the stream asks for now."""
        if not again:
            return []
        return [
            Flag(
                one.sequence,
                one.event_id,
                one.flagged,
                self._deadlines.of(again[one.event_id].piece.at),
            )
            for one in self._ledger.unposted(list(again))
            if one.source == API and (one.flagged or self._manner.post == "all")
        ]

    def _judged(
        self,
        incoming: Incoming,
        fresh: Sequence[Taken],
        asked: Mapping[Piece, Sequence[AskedEvent]],
        again: Mapping[str, Taken],
    ) -> Decided:
        figures = incoming.figures
        adopted = self._adopted(again)
        readable = [one for one in fresh if one.values is not None]
        rows = [self._row_of(one.event_id, one.values or ()) for one in readable]
        self.is_settled = False
        seen = self._observed(readable, rows, figures)
        # What the API was asked about before tells the stream's time too.
        self._clock.follow(self._row(one.values)[0] for one in again.values() if one.values)
        found = judged(self._decider, seen.values)
        made = Made(
            figures,
            self._ledger.next_sequence,
            self._manner,
            self._deadlines,
            self.model,
            self._kept,
            wall_us(),
        )
        scored = zip(
            packed(seen.values),
            found.scores.tolist(),
            found.flagged.tolist(),
            found.failed.tolist(),
            seen.observed,
            strict=True,
        )
        row = -1
        for one in fresh:
            if one.values is None:
                made.refuse(one)
                continue
            row, score = row + 1, next(scored)
            if row in seen.failures:
                made.fail(one, seen.failures[row])
            else:
                made.decide(one, *score)
        recorded = self._deadlines.recorded
        batch = Batch(
            made.decisions,
            made.quarantined,
            incoming.stream_id,
            [Adopted(one.sequence, recorded(one.deadline)) for one in adopted],
            self._clock.now,
        )
        counts = Figures()
        for each in figures.values():
            counts.add(each)
        why = next(reversed(seen.failures.values()), found.why)
        return Decided(batch, made.flags, adopted, list(asked.items()), figures, counts, why)

    def _observed(
        self,
        events: Sequence[Taken],
        rows: Sequence[tuple[Any, ...]],
        figures: Mapping[Piece, Figures],
    ) -> Observed:
        """Let events become history in their order: those that come of the stream, or may."""
        parts = []
        places = range(len(rows))
        for is_asked, group in groupby(places, lambda place: _is_asked(events[place])):
            some = list(group)
            part, of = rows[some[0] : some[-1] + 1], events[some[0] : some[-1] + 1]
            admits = self._clock.admits
            barred = {n for n, row in enumerate(part) if is_asked and not admits(row[1])}
            self._count_late(of, part, barred, figures)
            parts.append(observe(self._decider, self.online, part, barred))
            if not is_asked:
                self._clock.follow(row[1] for row in part)
        return joined(self._decider, parts)

    def _count_late(
        self,
        events: Sequence[Taken],
        rows: Sequence[tuple[Any, ...]],
        barred: Collection[int],
        figures: Mapping[Piece, Figures],
    ) -> None:
        """Count those that are older than what came before them, as far as clocks are believed."""
        last, leap = self.online.watermark, self.online.leap
        for place, (one, (_, instant, *_)) in enumerate(zip(events, rows, strict=True)):
            if place in barred:
                continue
            if instant < last:
                figures[one.piece].late += 1
            elif last == NEVER or instant - last <= leap:
                last = instant

    def _row_of(self, event_id: str | None, values: tuple[Any, ...]) -> tuple[Any, ...]:
        return (event_id, *self._row(values))

    def _collect(self, decisions: int) -> None:
        self._since_collected += decisions
        if self._since_collected >= _COLLECT_EVENTS:
            self._since_collected = 0
            manage_collector()


def _is_asked(one: Taken) -> bool:
    """Whether an event is of the API alone."""
    return one.piece.source == API and one.claimed is None
