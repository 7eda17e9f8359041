"""Features of one event after the other, from state that grows with what windows can still see."""

from collections import deque
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from engine.backends.online.check import check_value, row_of
from engine.backends.online.compile import Event, Features, Row, compile_online
from engine.backends.online.labels import NEVER, Labels
from engine.definition.nodes import FeatureSet
from engine.definition.schema import Schema
from engine.errors import InputError

_HOUR: Final = 3_600
_DAY: Final = 86_400
# How many quiet keys are looked at for an event, at most, and how often in the time after which a
# key counts as quiet.
_KEYS_AT_ONCE: Final = 32
# How many events in a row it takes to believe that the stream's clock has jumped. Until then they
# are scored as any; only what is held for late ones, and how many are late, depends on it.
WITNESSES: Final = 8
_SWEEPS: Final = 64


def default_lateness(schema: Schema) -> int:
    """How late events may come unless told otherwise: an hour, in ticks."""
    return _HOUR * schema.ticks_per_second


@dataclass(frozen=True, slots=True)
class Stray:
    """Events in a row whose clocks are not believed yet.

    Parameters
    ----------
    count
        How many.
    t
        The latest of their instants.
    events
        How many events had been scored after the last of them.
    """

    count: int
    t: int
    events: int


class OnlineFeatures:
    """A feature set, computed event by event.

    Parameters
    ----------
    features
        A verified feature set.
    lateness
        How many ticks an event may lie before the latest one seen and still be scored exactly; one
        hour if not given. One that comes later than that is scored on what is still held, and
        counted. For as long an event's id is remembered, so that none is scored twice.
    leap
        How many ticks an event may lie before or after the latest one seen and its clock be
        believed at once. One that lies further away is scored, but the stream is taken to be there
        only once so many events in a row say so (``WITNESSES``): a wrong clock must not make all
        others late, and a stream whose clock has jumped, back or ahead, must not be late for ever.
        With None every event is believed and nothing leads back: after one that lies far ahead
        all others are too late, and what is held grows with them.
    sweep
        Whether keys that have been quiet for so long that nothing of them can be seen any more are
        let go of. No value depends on it.

    Attributes
    ----------
    watermark
        How far the stream has come: the latest event_time that is believed.
    stray
        The events in a row that are not believed yet; None if the last one was.
    events, late, too_late, duplicates
        How many events were scored, how many of them were late, how many later than ``lateness``;
        how many were not scored because their id was there before.
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
        if self.lateness < 0 or self.lateness != int(self.lateness):
            raise InputError(
                f"lateness: not a span of ticks (was {lateness!r})",
                hint="give a whole number, 0 or more",
            )
        if leap is not None and (type(leap) is not int or leap < 0):
            raise InputError(
                f"leap: not a span of ticks (was {leap!r})",
                hint="give a whole number, 0 or more, or None to believe every clock",
            )
        self.leap = -NEVER if leap is None else leap
        self.watermark = NEVER
        self.stray: Stray | None = None
        self.events = self.late = self.too_late = self.duplicates = 0
        self._observe = self.program.observe
        # What follows is used by generated code, and by what saves and restores it.
        self.held: list[dict[Any, Any]] = [{} for _ in self.program.keys]
        self.nobody = [key.new() for key in self.program.keys]
        self.recent: set[str] = set()
        self.recent_before: set[str] = set()
        self.turn = NEVER  # when ``recent`` becomes ``recent_before``
        self.labels = Labels(self.program.layout.longest_delay)
        self._sweeps = sweep
        self._quiet_after = [key.reach + self.lateness for key in self.program.keys]
        self._again_after = [max(quiet, _DAY * ticks) for quiet in self._quiet_after]
        self._due: list[deque[Any]] = [deque() for _ in self.program.keys]
        self._sweep_every = min(self._quiet_after, default=0) // _SWEEPS
        self.sweep_at = NEVER if sweep else -NEVER

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
        return self.labels.note(event_id, label, at, self.watermark)

    @property
    def keys_held(self) -> int:
        """How many keys have a state."""
        return sum(map(len, self.held))

    def is_believed(self, t: int) -> bool:
        """Whether the stream is taken to be where an event is that leaps ahead."""
        return self.watermark == NEVER or self._borne_out(t) is not None

    def fall_back(self, t: int) -> None:
        """Move the watermark back if the stream is taken to be where an event far behind is."""
        back = self._borne_out(t)
        if back is None:
            return
        self.watermark = back
        self.turn = min(self.turn, back + self.lateness)
        for number, held in enumerate(self.held):
            self.hold(number, list(held.values()))
        self.sweep_at = min(self.sweep_at, back)

    def _borne_out(self, t: int) -> int | None:
        """The latest instant of a run of events that bear each other out; None if it is short."""
        stray = self.stray
        if stray is None or stray.events != self.events or abs(t - stray.t) > self.leap:
            stray = Stray(0, t, self.events)
        self.stray = Stray(stray.count + 1, max(stray.t, t), self.events + 1)
        if self.stray.count < WITNESSES:
            return None
        at, self.stray = self.stray.t, None
        return at

    def begin(self, number: int, name: Any, t: int) -> Any:  # noqa: ANN401 - a generated class
        """The state of a key that has none yet."""
        state = self.program.keys[number].new()
        state.name, state.due = name, self._look_at(number, t)
        self.held[number][name] = state
        if self._sweeps:
            self._due[number].append(state)
        return state

    def hold(self, number: int, states: list[Any]) -> None:
        """Hold the states of a key, and none but these."""
        self.held[number] = {state.name: state for state in states}
        for state in states:
            state.due = self._look_at(number, state.t)
        if self._sweeps:
            self._due[number] = deque(sorted(states, key=attrgetter("due")))

    def _look_at(self, number: int, t: int) -> int:
        """When to look whether a key is quiet; one of a clock ahead must not hold up the others."""
        seen = t if self.watermark == NEVER else min(t, self.watermark)
        return seen + self._quiet_after[number]

    def turn_over(self) -> None:
        """Forget the ids that have been remembered for long enough."""
        self.recent_before, self.recent = self.recent, set()
        self.turn = self.watermark + self.lateness

    def let_go(self) -> None:
        """Look at the keys that have been quiet for longest, some at a time."""
        now = self.watermark
        more = False
        for number, key in enumerate(self.program.keys):
            due, held = self._due[number], self.held[number]
            for _ in range(min(len(due), _KEYS_AT_ONCE)):
                state = due[0]
                if state.due >= now:
                    break
                due.popleft()
                if state.t + self._quiet_after[number] >= now:
                    state.due = self._look_at(number, state.t)
                elif key.trim(state, now - self.lateness):
                    del held[state.name]
                    continue
                else:
                    state.due = now + self._again_after[number]
                due.append(state)
            else:
                more |= bool(due)
        self.sweep_at = now if more else now + self._sweep_every
