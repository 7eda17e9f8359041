"""Features of one event after the other, from state that grows with what windows can still see."""

from typing import Any, Final

from engine.backends.online import aside
from engine.backends.online.aside import Aside
from engine.backends.online.check import check_value, row_of
from engine.backends.online.compile import Event, Features, Row, compile_online
from engine.backends.online.key_states import SWEEPS, KeyStates
from engine.backends.online.labels import NEVER, Labels
from engine.definition.nodes import FeatureSet
from engine.definition.schema import Schema
from engine.errors import InputError

_HOUR: Final = 3_600
# After so many events without one that is believed, ids that are as long ago are forgotten.
MOST_STRAYS: Final = 65_536
# After so many late events while the watermark stands, ids that are as long ago are forgotten.
MOST_LATE: Final = 2**20


def default_lateness(schema: Schema) -> int:
    """How late events may come unless told otherwise: an hour, in ticks."""
    return _HOUR * schema.ticks_per_second


class OnlineFeatures:
    """A feature set, computed event by event.

    Parameters
    ----------
    features
        A verified feature set.
    lateness
        How many ticks an event may lie before the latest one seen and still be scored exactly; one
        hour if not given. One that comes later than that is scored on what is still held, and
        counted. No value is held longer for a window without an end: such a window sees of it as
        far back as those with an end do that look at the same column, so that it may count events
        whose largest value it does not know any more. For ``lateness``, too, an event's id is
        remembered, so that none is scored twice; while the watermark stands and all events are
        late, for at least the next ``MOST_LATE`` of them.
    leap
        How many ticks an event may lie before or after the latest one seen and its clock be
        believed. One that lies further away is scored as the first of its keys, and put aside; only
        when so many events in a row say the same (``WITNESSES``) is the stream taken to be there,
        and they become history. If another event comes before that, those put aside never do: a
        wrong clock must neither make all others late nor be in their way. A stream that is taken
        to have jumped back begins anew, as if nothing had come before. With None every event is
        believed: after one that lies far ahead all others are too late, until the stream has come
        there, as they are for a while after one that lies ahead by no more than ``leap``. Until
        then no key is let go of: each that comes keeps a state, with the few events that one has
        that is late for all windows. The ids that are remembered meanwhile are 2 × ``MOST_LATE``
        at most.
    sweep
        Whether keys that have been quiet for so long that nothing of them can be seen any more are
        let go of. No value depends on it.

    Attributes
    ----------
    watermark
        How far the stream has come: the latest event_time that is believed.
    aside
        The events in a row that are not believed yet; None if there are none.
    events, late, too_late, duplicates
        How many events were scored, how many of them were late, how many later than ``lateness``;
        how many were not scored because their id was there before.
    astray
        How many of them are not history, because their clocks were not believed, or not yet.
    """

    def __init__(
        self,
        features: FeatureSet,
        *,
        lateness: int | None = None,
        leap: int | None = None,
        sweep: bool = True,
    ) -> None:
        ticks = features.schema.ticks_per_second
        self.features = features
        self.program = compile_online(features)
        self.lateness = default_lateness(features.schema) if lateness is None else lateness
        _check_span("lateness", self.lateness, "a whole number, 0 or more")
        if leap is not None:
            _check_span("leap", leap, "a whole number, 0 or more, or None to believe every clock")
        self.leap = -NEVER if leap is None else leap
        self.watermark = NEVER
        self.aside: Aside | None = None
        self.events = self.late = self.too_late = self.duplicates = self.astray = 0
        self._observe = self.program.observe
        self._read = self.program.read
        self._alone = self.program.alone
        self._strays = self._last_stray = 0  # how many in a row, and the number of the last
        self._stood_at, self._stood = NEVER, 0  # the watermark, and how many were late since then
        # What follows is used by generated code, and by what saves and restores it.
        self.nobody = [key.new() for key in self.program.keys]
        self.alarm = NEVER  # an event in order that is later may be astray, and calls ``ring``
        self.hourly: tuple[Any, ...] = ()  # what depends on the hour alone
        self._hour: int | None = None
        self._hour_ticks = _HOUR * ticks
        self.recent: set[str] = set()
        self.recent_before: set[str] = set()
        self.turn = NEVER  # when ``recent`` becomes ``recent_before``
        self._sweeps = sweep
        self._begin_anew()

    @property
    def columns(self) -> tuple[str, ...]:
        """What a row holds: the event's id, its time, and the columns that the set reads."""
        return self.program.columns

    def observe(self, event: Event) -> Features | None:
        """Score an event on its history, and let it become history.

        Parameters
        ----------
        event
            Its columns, as a canonical frame holds them; one that is not there is null.

        Returns
        -------
        tuple or None
            The features' values, in order, as a batch backend has them, a null as None; None if
            the event's id was there before.

        Raises
        ------
        InputError
            If the event has no id, lacks what is required, or holds a value that a canonical frame
            could not; nothing has changed then.
        """
        return self._observe(self, row_of(event, self.features.schema, self.program.columns))

    def observe_row(self, row: Row) -> Features | None:
        """:meth:`observe` of an event given as the values of ``columns``, faster and unchecked."""
        return self._observe(self, row)

    def read(self, event: Event) -> Features:
        """Score an event as :meth:`observe` would if it came now and were believed; change nothing.

        Its time may be any; whether its id was there before is not looked at. It takes as long as
        copying the states of its keys.

        Raises
        ------
        InputError
            As :meth:`observe`.
        """
        return self._read(self, row_of(event, self.features.schema, self.program.columns))

    def read_row(self, row: Row) -> Features:
        """:meth:`read` of an event given as the values of ``columns``, unchecked."""
        return self._read(self, row)

    def observe_label(self, event_id: str, label: int | None, at: int | None = None) -> bool:
        """Take in the label of an event, known from the instant ``at`` on.

        It counts in windows with a delay D that the event enters, at t + D, no earlier than
        ``at``, if no event after t + D − 1 tick has been observed yet.

        Returns
        -------
        bool
            Whether some window still waits for it. Nothing waits for the label of an event that
            has not been observed: whoever gets labels before their events keeps them until then.

        Raises
        ------
        InputError
            If ``at`` is no instant of the years 1 to 9999, or the label not as it is held.
        """
        instants = self.features.schema.instants
        if at is not None and (type(at) is not int or at not in instants):
            raise InputError(
                f"label of {event_id}: not an instant since when it is known (was {at!r})",
                hint=f"give ticks from {instants[0]} to {instants[-1]}, or None",
            )
        if label is not None and self.features.schema.label is not None:
            check_value(self.features.schema.by_name[self.features.schema.label], label)
        known = NEVER if at is None else at
        run = self.aside
        if run is not None and run.events == self.events and event_id in run.labels:
            run.note(event_id, label, known)
            return self.program.layout.longest_delay >= 0
        return self.labels.note(event_id, label, known, self.watermark)

    @property
    def keys_held(self) -> int:
        """How many keys have a state."""
        return sum(map(len, self.held))

    def doubt(self, row: Row) -> Features | None:
        """Score an event whose clock is not believed, unless it is the last to bear others out."""
        t = row[1]
        if self.watermark == NEVER:  # there is nothing to hold it against
            self.watermark = t
            return self._observe(self, row)
        run = self.aside
        if run is None or run.events != self.events or abs(t - run.t) > self.leap:
            run = self.aside = Aside(t, self.events)
        if len(run.rows) + 1 >= aside.WITNESSES:
            return self._believe(run, row)
        features = self._alone(self, row)
        self.events += 1
        self.astray += 1
        self._strays = self._strays + 1 if self._last_stray == self.events - 1 else 1
        self._last_stray = self.events
        if self._strays % MOST_STRAYS == 0:  # while no clock is believed, nothing else does it
            self.recent_before, self.recent = self.recent, set()
        self.recent.add(row[0])
        run.add(row, self.events)
        return features

    def _believe(self, run: Aside, row: Row) -> Features | None:
        """Take the stream to be where a run of events is, which become history, and score one."""
        self.aside = None
        if row[1] < self.watermark:
            self._begin_anew()
        self.watermark = (*run.rows, row)[0][1]
        self.turn = min(self.turn, self.watermark + self.lateness)
        self.alarm = NEVER
        for each in run.rows:
            self.recent.discard(each[0])
            self.recent_before.discard(each[0])
            self.events -= 1
            self.astray -= 1
            self._observe(self, each)
            for label, at, seen in run.labels[each[0]]:
                self.labels.note(each[0], label, at, seen)
        return self._observe(self, row)

    def _begin_anew(self) -> None:
        """Hold nothing but what counts events and tells which have come."""
        ticks, sweeps = self.features.schema.ticks_per_second, self._sweeps
        self.keys = [
            KeyStates(key, self.lateness, ticks, sweeps=sweeps) for key in self.program.keys
        ]
        self.held = [each.held for each in self.keys]
        self.ways = [each.records and each.records.way for each in self.keys]
        self._sweep_every = min((each.quiet_after for each in self.keys), default=0) // SWEEPS
        self.labels = Labels(self.program.layout.longest_delay)
        self.alarm = NEVER
        self._sweep_at = NEVER if self._sweeps else -NEVER

    def begin(self, number: int, name: Any, t: int) -> Any:  # noqa: ANN401 - a generated class
        """The state of a key that has none yet."""
        return self.keys[number].begin(name, self._seen(t))

    def _seen(self, t: int) -> int:
        """When a key was seen; that of a clock ahead must not hold up the others."""
        return t if self.watermark == NEVER else min(t, self.watermark)

    def stand(self) -> None:
        """Count an event that comes late; while the watermark stands, time forgets no ids.

        It may have a key of its own too: what is to be let go of does not wait for one in order.
        """
        if self._sweep_at < self.watermark:
            self._let_go()
        if self.watermark != self._stood_at:
            self._stood_at, self._stood = self.watermark, 0
        self._stood += 1
        if self._stood % MOST_LATE == 0:
            self.turn_over()

    def ring(self, t: int) -> None:
        """Let the stream come to ``t``, and do what is not to be done for every event."""
        self.watermark = t
        if t > self.turn:
            self.turn_over()
        if t > self._sweep_at:
            self._let_go()
        hour = t // self._hour_ticks
        if hour != self._hour:
            self._hour, self.hourly = hour, self.program.hourly(t)
        ends = (hour + 1) * self._hour_ticks - 1
        self.alarm = min(self.turn, self._sweep_at, ends, t + self.leap)

    def turn_over(self) -> None:
        """Forget the ids that have been remembered for long enough."""
        self.recent_before, self.recent = self.recent, set()
        self.turn = self.watermark + self.lateness
        for each in self.keys:
            each.forget_texts()

    def _let_go(self) -> None:
        """Look at the states that have been quiet for longest, some at a time."""
        now = self.watermark
        more = False
        for each in self.keys:
            more |= each.let_go(now)
        # If there are more, with the next event, of the same instant too: however many keys come
        # within one, more can be let go of.
        self._sweep_at = now - 1 if more else now + self._sweep_every


def _check_span(name: str, ticks: object, wanted: str) -> None:
    # Not a subclass of int either: True is no span.
    if type(ticks) is not int or ticks < 0:
        raise InputError(f"{name}: not a span of ticks (was {ticks!r})", hint=f"give {wanted}")
