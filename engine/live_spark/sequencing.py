"""What is decided of all events together: their order, which came before, whose clock is believed.

None of it depends on features, so it is done by the online backend with a feature set that has no
keys: its ids, its watermark, its events put aside, and no state of any card.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, Final

import msgspec

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.backends.online.state import State, state_bytes, state_of_bytes
from engine.definition import FeatureSet, Schema, column, feature, feature_set, hour
from engine.live.incoming import Taken, read_pieces
from engine.live.intake import STREAM, Piece
from engine.live.kept import KeptEvents
from engine.live.readable import EventReader
from engine.live.sse import Event
from engine.live_spark.lines import Line
from engine.live_spark.orders import Kind, Order, Ordered, Row
from engine.live_spark.partition import bucket_of, common_columns

_CALLED: Final = "the sequencer's state"

_Told = tuple[Kind, int, int, str]  # what becomes of an event: kind, epoch, watermark, id
Seen = tuple[str, int | None]  # an event's id and time, which is None if it could not be read
# After so many events the ids of those before them are forgotten, in two steps: half a million are
# remembered at least, beside those that the online backend remembers by time.
_MOST_IDS: Final = 2**19


class _Whole(msgspec.Struct, array_like=True):
    """A sequencer, as bytes."""

    next: int
    epoch: int
    clock: bytes
    held: dict[str, Row]
    ids: list[str]
    ids_before: list[str]


class _Entry(msgspec.Struct, array_like=True):
    """What a micro-batch did to a sequencer: where it is now, what it saw, what it holds."""

    next: int
    seen: list[Seen]
    held: dict[str, Row]


@lru_cache(maxsize=8)
def bare(schema: Schema) -> FeatureSet:
    """A feature set of a schema that asks for nothing but the events' times."""
    time = column(schema.event_time)
    return feature_set("bare", schema, [feature("hour", hour(time), "hour of the event")])


class _Clock(OnlineFeatures):
    """The online backend of a bare feature set, which tells what it does with each event.

    Attributes
    ----------
    told
        What became of events, in the order in which it did.
    epoch
        How often it began anew.
    """

    def __init__(self, features: FeatureSet, *, lateness: int, leap: int | None) -> None:
        self.told: list[_Told] = []
        self.epoch = -1
        self._doubted = False
        self._at: str | None = None
        super().__init__(features, lateness=lateness, leap=leap, sweep=False)
        observe = self.program.observe

        def tell(_: OnlineFeatures, row: Row) -> Any:  # noqa: ANN401 - features, of no interest
            was = self.watermark
            self._doubted = False
            features = observe(self, row)
            if features is not None and not self._doubted:
                kind = Kind.SCORED if row[0] == self._at else Kind.HISTORY
                self.told.append((kind, self.epoch, was, row[0]))
            return features

        self._observe = tell

    def see(self, event_id: str, t: int) -> list[_Told]:
        """What becomes of an event, and of others because of it; nothing if it came before."""
        self.told = []
        self._at = event_id
        self.observe_row((event_id, t))
        return self.told

    def doubt(self, row: Row) -> Any:  # noqa: ANN401 - as above
        """Tell of an event whose clock is not believed, unless it is after all."""
        told = len(self.told)
        features = super().doubt(row)
        if features is not None and len(self.told) == told:
            self.told.append((Kind.ALONE, self.epoch, self.watermark, row[0]))
        self._doubted = True
        return features

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self.epoch += 1


class Sequencer:
    """Puts events into their order, each once, and tells what becomes of them.

    Parameters
    ----------
    features
        The feature set that events are scored with.
    lateness, leap
        As for ``OnlineFeatures``.
    buckets
        Among how many parts the state is divided, where it can be.
    first
        The place of the first event.

    Notes
    -----
    An event that comes again is passed over: by time, as the online backend does, and by number, as
    a stream's clock may run so fast that by time nothing is remembered. One that comes again after
    that gets no second decision, as the outbox knows all, but is history twice.
    """

    def __init__(
        self, features: FeatureSet, *, lateness: int, leap: int | None, buckets: int, first: int = 0
    ) -> None:
        self._features = features
        self._bare = bare(features.schema)
        self._clock = _Clock(self._bare, lateness=lateness, leap=leap)
        self._next = first
        self._held: dict[str, Row] = {}  # the rows of events that are put aside
        self._reader = EventReader(features)
        columns = self._reader.columns
        self._kept = KeptEvents(columns)
        online = OnlineFeatures(features).columns
        places = [columns.index(name) for name in online[1:]]
        # Of a single place it would not make a tuple.
        self._row = (
            itemgetter(*places) if len(places) > 1 else itemgetter(slice(places[0], places[0] + 1))
        )
        self._common = [online.index(name) for name in common_columns(features)]
        self._buckets = buckets
        self._seen: list[Seen] = []
        self._ids: dict[str, None] = {}
        self._ids_before: dict[str, None] = {}
        self._ordered: defaultdict[int, list[Ordered]] = defaultdict(list)

    def take(self, lines: Sequence[Line]) -> dict[int, list[Ordered]]:
        """What becomes of a micro-batch of events, in their order, by bucket."""
        self._ordered, self._seen = defaultdict(list), []
        for (at, fault), group in groupby(lines, attrgetter("arrival", "fault")):
            if fault:
                piece = Piece(STREAM, [], 0.0, at)
                for _ in group:
                    self._take(Taken(piece, None, None, fault), at)
                continue
            events = [Event("message", "", _data(line)) for line in group]
            for one in read_pieces(self._reader, [Piece(STREAM, events, 0.0, at)]).taken:
                self._take(one, at)
        return dict(self._ordered)

    def entry(self) -> bytes:
        """What the last micro-batch did, see ``repeat``."""
        return msgspec.msgpack.encode(_Entry(self._next, self._seen, self._held))

    def repeat(self, entry: bytes) -> None:
        """Do again what a micro-batch did."""
        done = msgspec.msgpack.decode(entry, type=_Entry)
        for event_id, t in done.seen:
            self._remember(event_id)
            if t is not None:
                self._clock.see(event_id, t)
        self._next, self._held = done.next, done.held

    def whole(self) -> bytes:
        """All that is to be kept, see ``restore``."""
        clock = state_bytes(self._bare, capture(self._clock))
        ids, before = list(self._ids), list(self._ids_before)
        whole = _Whole(self._next, self._clock.epoch, clock, self._held, ids, before)
        return msgspec.msgpack.encode(whole)

    def restore(self, whole: bytes) -> None:
        """Be what another was."""
        kept = msgspec.msgpack.decode(whole, type=_Whole)
        state = state_of_bytes(self._bare, kept.clock, called=_CALLED)
        _set(self._clock, state)
        self._clock.epoch, self._next, self._held = kept.epoch, kept.next, kept.held
        self._ids = dict.fromkeys(kept.ids)
        self._ids_before = dict.fromkeys(kept.ids_before)

    @staticmethod
    def begun(clock: bytes, held: dict[str, Row], first: int) -> bytes:
        """What ``restore`` takes, of a state of the bare feature set and the rows put aside."""
        return msgspec.msgpack.encode(_Whole(first, 0, clock, held, [], []))

    def _take(self, one: Taken, at: int) -> None:
        if one.event_id in self._ids or one.event_id in self._ids_before:
            return
        row = None if one.values is None else (one.event_id, *self._row(one.values))
        if one.event_id is not None:
            self._seen.append((one.event_id, None if row is None else row[1]))
            self._remember(one.event_id)
        if one.event_id is None or one.values is None or row is None:
            self._order(Order(Kind.REFUSED, 0, 0, one.event_id, reason=one.reason), 0, at)
            self._next += 1
            return
        told = self._clock.see(one.event_id, row[1])
        for kind, epoch, watermark, event_id in told:
            if kind is Kind.HISTORY:
                order = Order(kind, epoch, watermark, event_id, self._held[event_id])
            else:
                text = self._kept.text(one.values)
                order = Order(kind, epoch, watermark, event_id, row, text, one.reason)
            self._order(order, self._bucket_of(order.row or ()), at)
        if told:
            self._next += 1
            self._hold(row if told[-1][0] is Kind.ALONE else None)

    def _remember(self, event_id: str) -> None:
        if len(self._ids) >= _MOST_IDS:
            self._ids, self._ids_before = {}, self._ids
        self._ids[event_id] = None

    def _order(self, order: Order, bucket: int, at: int) -> None:
        self._ordered[bucket].append(Ordered(self._next, at, order))

    def _bucket_of(self, row: Row) -> int:
        return bucket_of([row[place] for place in self._common], self._buckets)

    def _hold(self, row: Row | None) -> None:
        """Hold the rows of events that are aside, this one among them, and no others."""
        if row is not None:
            self._held[row[0]] = row
        if self._held:
            run = self._clock.aside
            aside = run.rows if run is not None and run.events == self._clock.events else []
            self._held = {seen[0]: self._held[seen[0]] for seen in aside}


def _set(clock: _Clock, state: State) -> None:
    """Have a clock hold what a state says."""
    found: Iterable[tuple[str, Any]] = vars(revive(clock.features, state, sweep=False)).items()
    names = ("watermark", "aside", "events", "late", "too_late", "duplicates", "astray")
    ours = {*names, "recent", "recent_before", "turn", "lateness", "leap"}
    for name, value in found:
        if name in ours:
            setattr(clock, name, value)


def _data(line: Line) -> bytes | None:
    return None if line.event is None else line.event.encode()
