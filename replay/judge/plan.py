"""The plan of a stream: which event is sent in which place, and what goes wrong there."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from replay.judge.draws import shares
from replay.judge.faults import FAULTS, Fault, Faults, Place

_COPY_WITHIN: Final = 8  # events between an event and its copy, at most
_PLANNED: Final = tuple(
    kind.name for kind in FAULTS if kind.place in {Place.CONTENT, Place.BETWEEN, Place.PACE}
)
# Of each of them the bit in `marks`.
BITS: Final = {name: 1 << place for place, name in enumerate(_PLANNED)}
# A copy says what the event said, but nothing else happens a second time.
_OF_COPIES: Final = sum(BITS[kind.name] for kind in FAULTS if kind.place is Place.CONTENT)


@dataclass(frozen=True, slots=True)
class Plan:
    """The places of a stream, numbered from 0; it follows from seed and faults alone.

    Parameters
    ----------
    events
        By place: the number of the event that is sent.
    marks
        By place: the faults that happen there, of ``BITS``.
    clock_jumps
        By place: how often the stream's clock has jumped back so far.
    dropped
        By event: whether it is never sent.
    """

    events: npt.NDArray[np.int32]
    marks: npt.NDArray[np.uint32]
    clock_jumps: npt.NDArray[np.int32]
    dropped: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.events)

    def places_of(self, name: str) -> list[int]:
        """Where a fault happens."""
        places: list[int] = np.flatnonzero(self.marks & BITS[name]).tolist()
        return places


def make_plan(count: int, faults: Faults, seed: int, rate: float | None) -> Plan:
    """Plan the stream of ``count`` events.

    Parameters
    ----------
    count
        How many events there are. What happens to an event does not depend on it.
    faults
        What is to go wrong.
    seed
        Equal seeds give equal plans.
    rate
        Events per second, to tell from it how many lie between two faults that are spans apart.
    """
    hit = _Hits(count, seed, rate)
    dropped = hit.of(faults.get("drop"))
    late = hit.of(faults.get("reorder"))
    kept = np.flatnonzero(~dropped)
    # An event that is put off comes after as many others; halves keep ties from mattering.
    moved = np.zeros(count)
    if "reorder" in faults:
        steps = hit.steps("reorder", int(faults["reorder"].size))
        moved[late] = steps[late] + 0.5
    copied = kept[hit.of(faults.get("dup"))[kept]]
    numbers = np.concatenate([kept, copied])
    when = (np.arange(count) + moved)[numbers]
    when[len(kept) :] += hit.steps("dup", _COPY_WITHIN)[copied] - 0.25
    order = np.argsort(when, kind="stable")

    marks = np.zeros(count, dtype=np.uint32)
    for name, bit in BITS.items():
        marks |= hit.of(faults.get(name)).astype(np.uint32) * np.uint32(bit)
    jumps = np.cumsum(marks & BITS["clock-back"] > 0, dtype=np.int32)
    by_place = marks[numbers]
    by_place[len(kept) :] &= np.uint32(_OF_COPIES)
    return Plan(numbers[order].astype(np.int32), by_place[order], jumps[numbers][order], dropped)


class _Hits:
    """Which events the faults hit."""

    def __init__(self, count: int, seed: int, rate: float | None) -> None:
        self._count = count
        self._seed = seed
        self._rate = rate

    def of(self, fault: Fault | None) -> npt.NDArray[np.bool_]:
        if fault is None:
            return np.zeros(self._count, dtype=np.bool_)
        if fault.every is not None and self._rate is not None:
            apart = max(1, round(fault.every * self._rate))
            found: npt.NDArray[np.bool_] = np.arange(1, self._count + 1) % apart == 0
            return found
        return shares(self._seed, fault.kind.name, self._count) < fault.share

    def steps(self, name: str, most: int) -> npt.NDArray[np.int64]:
        """From 1 to ``most`` for each event."""
        return (shares(self._seed, f"{name} by", self._count) * most).astype(np.int64) + 1


def check_complete(place: Place, carried_out: Iterable[str]) -> None:
    """Find at import that all faults of a place, and no others, are carried out there."""
    named = {kind.name for kind in FAULTS if kind.place is place}
    if named != set(carried_out):
        msg = f"faults of {place}: the table and its code differ in {named ^ set(carried_out)}"
        raise AssertionError(msg)
