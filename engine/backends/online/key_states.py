"""The states of one key, by what finds them: each a record or an object, until it is let go of."""

from collections import deque
from collections.abc import Iterator
from operator import itemgetter
from typing import Any, Final

from engine.backends.online.compile import KeyProgram
from engine.backends.online.copies import copied
from engine.backends.online.record_loops import (
    FULL,
    QUIET,
    WAITS,
    WAITS_AGAIN,
    look_at,
    set_due,
    step,
    summary,
)
from engine.backends.online.records import LONGEST, Records
from engine.backends.online.texts import texts

_DAY: Final = 86_400  # seconds
# How many quiet states are looked at for an event, at most, and how often in the time after which a
# state counts as quiet.
_STATES_AT_ONCE: Final = 32
SWEEPS: Final = 64

State = Any  # a generated class, or the address of a record
Name = Any  # what finds it: a column's value, or a tuple of several columns' values


class KeyStates:
    """The states of a key.

    Parameters
    ----------
    key
        What there is for the key.
    lateness
        How many ticks late events may come.
    ticks
        How many ticks a second has.
    sweeps
        Whether states are let go of.

    Attributes
    ----------
    held
        The states by what finds them.
    records
        Where those are that are records; None if all are objects.
    """

    def __init__(self, key: KeyProgram, lateness: int, ticks: int, *, sweeps: bool) -> None:
        self._key, self._lateness, self._sweeps = key, lateness, sweeps
        self.held: dict[Name, State] = {}
        self.quiet_after = key.reach + lateness
        self.records = _records(key, self.quiet_after)
        # Less often: a state that is used again, which is looked at in vain, and one that holds
        # only what windows without an end see, of which there is nothing to let go.
        self._again_after = self.quiet_after + min(self.quiet_after, _DAY * ticks)
        self._at_rest_after = max(self.quiet_after, _DAY * ticks)
        # Apart, as each kind is looked at later than the one before: in each queue the first is
        # the next, nearly, and none that has long to wait stands before one that has not.
        self._due_first: deque[Name] = deque()
        self._due_again: deque[Name] = deque()
        self._at_rest: deque[Name] = deque()

    def begin(self, name: Name, t: int) -> State:
        """The state of what has none yet, seen at ``t``."""
        name = _one_name(name)
        due = t + self.quiet_after
        if self.records:
            state: State = self.records.begin(due)
        else:
            state = self._key.new()
            state.due = due
        self.held[name] = state
        if self._sweeps:
            self._due_first.append(name)
        return state

    def make_object(self, name: Name) -> State:
        """Make an object of a state that is a record."""
        records, record = self._records_and(name)
        state = self.held[name] = records.state(record)
        records.free(record)
        return state

    def make_record(self, name: Name) -> None:
        """Make a record of a state that is an object, if one can hold it."""
        if self.records and (record := self.records.record(self.held[name])) is not None:
            self.held[name] = record

    def step_again(self, name: Name, how: int) -> State:
        """Take the step that a record has not, in a larger one; or make an object of it."""
        records, record = self._records_and(name)
        larger = records.enlarged(record) if how == FULL else None
        if larger is None:
            return self.make_object(name)
        self.held[name] = larger
        step(records.way[1], larger)
        return larger

    def copied(self, state: State) -> State:
        """An object that holds what a state does, and may change while the other stays."""
        if self.records and type(state) is int:
            return self.records.state(state)
        return copied(state)

    def objects(self) -> Iterator[State]:
        """The states as objects, which are not to be changed."""
        for state in self.held.values():
            yield self.copied(state) if type(state) is int else state

    def hold(self, states: dict[Name, State], watermark: int) -> None:
        """Hold these states and no others.

        Those that were computed in batch are all as of one instant: when to look at them goes by
        their latest event, and is spread for those that hold only what windows without an end see.
        """
        self.held.clear()
        self.held.update(states)
        is_ever = self._key.source.is_ever
        first: list[tuple[int, Name]] = []
        again: list[tuple[int, Name]] = []
        rest: list[tuple[int, Name]] = []
        for place, (name, state) in enumerate(states.items()):
            t, most, latest = self._summary(state)
            used = min(latest, t, watermark)
            if most > 1:
                due, queue = used + self._again_after, again
            elif most or not is_ever:
                due, queue = used + self.quiet_after, first
            else:
                share = (place % SWEEPS + 1) / SWEEPS
                due, queue = min(t, watermark) + int(self._at_rest_after * share), rest
            queue.append((due, name))
            self._set_due(state, due)
        if self._sweeps:
            self._due_first = _by_due(first)
            self._due_again = _by_due(again)
            self._at_rest = _by_due(rest)

    def let_go(self, now: int) -> bool:
        """Look at some of those that are due, and let go of the quiet; whether there are more."""
        more = False
        for queue in (self._due_first, self._due_again, self._at_rest):
            more |= self._looked_at_all(queue, now)
        return more

    def forget_texts(self) -> None:
        """Forget what no record says any more."""
        if self.records:
            self.records.forget_texts(one for one in self.held.values() if type(one) is int)

    def _looked_at_all(self, queue: deque[Name], now: int) -> bool:
        for _ in range(min(len(queue), _STATES_AT_ONCE)):
            name = queue[0]
            what = self._looked_at(name, now)
            if what == WAITS:
                return False
            queue.popleft()
            if what == WAITS_AGAIN:
                self._due_again.append(name)
                continue
            if self._is_empty(name, now - self._lateness):
                del self.held[name]
            else:
                self._set_due(self.held[name], now + self._at_rest_after)
                self._at_rest.append(name)
        return bool(queue)

    def _is_empty(self, name: Name, floor: int) -> bool:
        """Drop what no window sees from ``floor`` on; whether nothing of a state is left."""
        state = self.held[name]
        if self.records is None or type(state) is not int:
            is_empty = self._key.trim(state, floor)
            if not is_empty:
                self.make_record(name)
            return is_empty
        if self.records.is_empty(state, floor):
            self.records.free(state)
            return True
        self.held[name] = self.records.fitted(state)
        return False

    def _looked_at(self, name: Name, now: int) -> int:
        """Whether a state waits until it is due, is quiet, or has been used and waits again."""
        state = self.held[name]
        if type(state) is int:
            return look_at(state, now, self.quiet_after, self._again_after)
        if state.due >= now:
            return WAITS
        if state.t + self.quiet_after < now:
            return QUIET
        state.due = min(state.t, now) + self._again_after
        self.make_record(name)
        return WAITS_AGAIN

    def _summary(self, state: State) -> tuple[int, int, int]:
        """How far a state's time has come, most entries of a lane of it, and the latest's time."""
        if self.records and type(state) is int:
            return summary(state, self.records.form.width)
        logs = [getattr(state, f"log{each.number}") for each in self._key.source.lanes]
        latest = [log[-1] for log in logs if log]
        return state.t, max(map(len, logs)), max(latest, default=state.t)

    def _set_due(self, state: State, due: int) -> None:
        if type(state) is int:
            set_due(state, due)
        else:
            state.due = due

    def _records_and(self, name: Name) -> tuple[Records, int]:
        state = self.held[name]
        if self.records is None or type(state) is not int:
            raise AssertionError(f"the state is no record (was {state!r})")
        return self.records, state


def _records(key: KeyProgram, keep: int) -> Records | None:
    """Where a key's records will be; None if its states are objects always."""
    if key.source.records is None or keep > LONGEST:
        return None
    return Records(key.source.records.form, key.new, key.settle, keep)


def _one_name(name: Name) -> Name:
    """An equal name whose texts are held once: a merchant finds the states of many cards."""
    if isinstance(name, tuple):
        return tuple(map(_one_name, name))
    return texts[name] if isinstance(name, str) else name


def _by_due(names: list[tuple[int, Name]]) -> deque[Name]:
    return deque(name for _, name in sorted(names, key=itemgetter(0)))
