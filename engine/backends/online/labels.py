"""Labels that come after their events: where they are noted until the last lane has asked for them.

A *slip* is what was noted about an event's label, in the order in which it came: the label, the
instant since when it is known, and how far the stream was. What waits in lanes holds the event's
slip; this holds it too, by event id, for as long as a label may still be noted.
"""

from collections import deque
from operator import attrgetter
from typing import Final

NEVER: Final = -(2**80)  # before any instant, by more than any window reaches

Note = tuple[int | None, int, int]

_NOTHING: Final = -NEVER  # noted: no label is known as late as that


class Slip:
    """What was noted about an event's label; most events wait for one note, which has no object.

    Parameters
    ----------
    event_id
        The event's id; None if no label is taken any more.
    until
        The instant from which on no lane asks for the label.
    """

    __slots__ = ("_known", "_label", "_later", "_seen", "event_id", "until")

    def __init__(self, event_id: str | None, until: int) -> None:
        self.event_id, self.until = event_id, until
        self._label: int | None = None
        self._known = self._seen = _NOTHING
        self._later: list[Note] | None = None

    @property
    def notes(self) -> tuple[Note, ...]:
        """What was noted, the first first."""
        if self._seen == _NOTHING:
            return ()
        return ((self._label, self._known, self._seen), *(self._later or ()))

    def add(self, label: int | None, known: int, seen: int) -> None:
        """Note a label; the same once more tells nothing."""
        if self._seen == _NOTHING:
            self._label, self._known, self._seen = label, known, seen
        elif self.notes[-1][:2] != (label, known):
            self._later = [*(self._later or ()), (label, known, seen)]


def label_at(slip: Slip, due: int) -> int | None:
    """The label as it was known at an instant: the latest note of those that had come by then."""
    for label, known, seen in reversed(slip.notes):
        if known <= due and seen < due:
            return label
    return None


class Labels:
    """The slips of events that labels are waited for, by event id.

    Parameters
    ----------
    longest_delay
        Ticks after an event until the last lane asks for its label.

    Notes
    -----
    Slips are forgotten in the order in which they came, when the first of them is over. One that
    waits behind another for longer than it must does so while the watermark moves by the longest
    delay, at most: none is to be held for longer when it comes.
    """

    def __init__(self, longest_delay: int) -> None:
        self._longest_delay = longest_delay
        self._by_id: dict[str, Slip] = {}
        self._in_order: deque[Slip] = deque()

    def slip(self, event_id: str, t: int, watermark: int) -> Slip:
        """A new event's slip; those that nothing waits for at the watermark are forgotten."""
        by_id, in_order = self._by_id, self._in_order
        while in_order and in_order[0].until <= watermark:
            over = in_order.popleft()
            # The id may have come anew since, when it was remembered no more.
            if over.event_id is not None and by_id.get(over.event_id) is over:
                del by_id[over.event_id]
        slip = Slip(event_id, t + self._longest_delay)
        self.wait(slip, watermark)
        return slip

    def wait(self, slip: Slip, watermark: int) -> None:
        """Hold a slip by its event's id, in place of any other, for as long as it has to wait."""
        if slip.event_id is None:
            return
        if slip.until > watermark:
            self._by_id[slip.event_id] = slip
            self._in_order.append(slip)
        else:
            self._by_id.pop(slip.event_id, None)

    def note(self, event_id: str, label: int | None, at: int, watermark: int) -> bool:
        """Note a label that is known from ``at`` on; whether some lane may still ask for it."""
        slip = self._by_id.get(event_id)
        if slip is None or slip.until <= watermark:
            return False
        slip.add(label, at, watermark)
        return True

    def waiting(self, watermark: int) -> list[Slip]:
        """The slips that some lane waits for, by until when and by their events' ids."""
        waiting = (slip for slip in self._by_id.values() if slip.until > watermark)
        return sorted(waiting, key=attrgetter("until", "event_id"))
