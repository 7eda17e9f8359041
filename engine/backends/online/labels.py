"""Labels that come after their events: where they are noted until the last lane has asked for them.

A *slip* is a list of what was noted about an event's label, in the order in which it came: the
label, the instant since when it is known, and how far the stream was. What waits in lanes holds the
event's slip; this holds it too, by event id, for as long as a label may still be noted.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import Final

NEVER: Final = -(2**80)  # before any instant, by more than any window reaches

Note = tuple[int | None, int, int]
Slip = list[Note]


def label_at(slip: Slip, due: int) -> int | None:
    """The label as it was known at an instant: the latest note of those that had come by then."""
    for label, known, seen in reversed(slip):
        if known <= due and seen < due:
            return label
    return None


class Labels:
    """The slips of events that labels are waited for, by event id.

    Parameters
    ----------
    longest_delay
        Ticks after an event until the last lane asks for its label.
    """

    def __init__(self, longest_delay: int) -> None:
        self._longest_delay = longest_delay
        self._slips: dict[str, tuple[Slip, int]] = {}
        self._by_time: list[tuple[int, str]] = []  # a heap: events come late, or ahead of time

    def slip(self, event_id: str, t: int, watermark: int) -> Slip:
        """A new event's slip; those that nothing waits for at the watermark are forgotten."""
        due = self._by_time
        while due and due[0][0] <= watermark:
            over = heappop(due)[1]
            # The id may have come anew since, when it was remembered no more.
            if over in self._slips and self._slips[over][1] <= watermark:
                del self._slips[over]
        slip: Slip = []
        self.wait(event_id, t + self._longest_delay, slip)
        return slip

    def wait(self, event_id: str, until: int, slip: Slip) -> None:
        """Hold a slip until an instant."""
        self._slips[event_id] = slip, until
        heappush(self._by_time, (until, event_id))

    def note(self, event_id: str, label: int | None, at: int, watermark: int) -> bool:
        """Note a label that is known from ``at`` on; whether some lane may still ask for it."""
        slip, until = self._slips.get(event_id, (None, NEVER))
        if slip is None or until <= watermark:
            return False
        note = (label, at, watermark)
        if not slip or slip[-1][:2] != note[:2]:  # the same once more tells nothing
            slip.append(note)
        return True

    def waiting(self) -> Iterator[tuple[str, int, Slip]]:
        """The slips, with their event ids and until when they are held."""
        for until, event_id in sorted(self._by_time):  # equal states have equal bytes
            slip, held_until = self._slips.get(event_id, (None, NEVER))
            if slip is not None and held_until == until:
                yield event_id, until, slip
