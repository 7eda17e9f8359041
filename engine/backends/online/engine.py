"""Features of one event after the other, from state that grows with what windows can still see."""

from collections import deque
from typing import Any, Final

from engine.backends.online.compile import NEVER, Event, KeyProgram, Scalar, compile_online
from engine.definition.nodes import FeatureSet
from engine.events.canonical import EVENT_ID

_HOUR: Final = 3_600


class OnlineFeatures:
    """A feature set, computed event by event.

    Parameters
    ----------
    features
        A verified feature set.
    lateness
        How many ticks an event may lie before the latest one seen and still be scored exactly.
        One that comes later than that is scored on what is still held, and counted.
    sweep
        Whether keys that have been quiet for so long that nothing of them can be seen any more are
        let go of. No value depends on it.
    """

    def __init__(
        self, features: FeatureSet, *, lateness: int | None = None, sweep: bool = True
    ) -> None:
        self.schema = features.schema
        ticks = features.schema.ticks_per_second
        self._program = compile_online(features)
        self._lateness = _HOUR * ticks if lateness is None else lateness
        self._sweep = sweep
        self._time = features.schema.event_time
        self._keys = self._program.keys
        self._states: list[dict[Any, Any]] = [{} for _ in self._keys]
        self._nobody = [key.new() for key in self._keys]
        self._quiet: list[deque[tuple[int, Any]]] = [deque() for _ in self._keys]
        self._slips: dict[str, list[Any]] = {}
        self._slips_by_time: deque[tuple[int, str]] = deque()
        self._longest_delay = self._program.layout.longest_delay
        self.watermark = NEVER
        self.events = 0
        self.late = 0
        self.too_late = 0

    def observe(self, event: Event) -> tuple[Scalar, ...]:
        """Score an event on its history, and let it become history.

        Parameters
        ----------
        event
            Its columns, as a canonical frame holds them; one that is not there is null.

        Returns
        -------
        tuple
            The features' values, in order, as a batch backend has them; None is null.
        """
        t = event[self._time]
        floor = self._let_time_pass(t)
        places = [
            self._place(number, key, event, t, floor) for number, key in enumerate(self._keys)
        ]
        features = self._program.score(event, t, *(state for state, _ in places))
        slip = self._slip(event, t)
        for key, nobody, (state, tails) in zip(self._keys, self._nobody, places, strict=True):
            if tails is not None:
                key.replay(state, t, event, slip, tails)
            elif state is not nobody:
                key.add(state, t, event, slip)
        if self._sweep:
            self._let_go(floor)
        return features

    def _let_time_pass(self, t: int) -> int:
        """Count the event; the earliest instant of which events are scored exactly."""
        self.events += 1
        self.watermark = max(self.watermark, t)
        floor = self.watermark - self._lateness
        self.late += t < self.watermark
        self.too_late += t < floor
        return floor

    def _place(
        self, number: int, key: KeyProgram, event: Event, t: int, floor: int
    ) -> tuple[Any, list[Any] | None]:
        """A key's state as of ``t``, and what it has seen since if the event is late for it."""
        name = _key_of(key.columns, event)
        if name is None:
            return self._nobody[number], None
        held = self._states[number]
        state = held.get(name)
        if state is None:
            state = held[name] = key.new()
        if self._sweep:
            self._quiet[number].append((t, name))
        if t < floor:
            # As if it had been quiet: which of its past is still held must not depend on that.
            key.trim(state, floor, floor)
        if t < state.t:
            return state, key.rewind(state, t)
        key.advance(state, t, floor)
        return state, None

    def observe_label(self, event_id: str, label: int | None, at: int | None = None) -> bool:
        """Take in the label of an event, known from the instant ``at`` on.

        It counts in windows with a delay D that the event enters, at t + D, no earlier than
        ``at``, if no event after t + D − 1 tick has been observed yet.

        Returns
        -------
        bool
            Whether some window still waits for it.
        """
        slip = self._slips.get(event_id)
        if slip is None:
            return False
        slip[:] = [label, NEVER if at is None else at, self.watermark]
        return True

    @property
    def held(self) -> int:
        """How many keys have a state."""
        return sum(map(len, self._states))

    def _slip(self, event: Event, t: int) -> list[Any] | None:
        if self._longest_delay < 0:
            return None
        due = self._slips_by_time
        while due and due[0][0] <= self.watermark:
            self._slips.pop(due.popleft()[1], None)
        slip: list[Any] = [None, NEVER, NEVER]
        self._slips[event[EVENT_ID]] = slip
        due.append((t + self._longest_delay, event[EVENT_ID]))
        return slip

    def _let_go(self, floor: int) -> None:
        for number, key in enumerate(self._keys):
            quiet, held = self._quiet[number], self._states[number]
            oldest = floor - key.reach
            while quiet and quiet[0][0] < oldest:
                name = quiet.popleft()[1]
                state = held.get(name)
                if state is not None and state.t < oldest and key.trim(state, floor, floor):
                    del held[name]


def _key_of(columns: tuple[str, ...], event: Event) -> Any:  # noqa: ANN401 - a value or a tuple of them
    """What a key's state is found by; None where a column of it is null."""
    if len(columns) == 1:
        return event.get(columns[0])
    name = tuple(event.get(column) for column in columns)
    return None if None in name else name
