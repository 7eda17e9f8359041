"""Labels that come after their events: where they are noted until the last lane has asked for them.

A *slip* is a list of an event's label, the instant since when it is known, and how far the stream
was when it came. What waits in lanes holds the event's slip; this holds it too, by event id, for as
long as a label may still be noted.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any, Final

NEVER: Final = -(2**80)  # before any instant, by more than any window reaches

Slip = list[Any]


class Labels:
    """The slips of events that labels are waited for, by event id.

    Parameters
    ----------
    longest_delay
        Ticks after an event until the last lane asks for its label.
    """

    def __init__(self, longest_delay: int) -> None:
        self._longest_delay = longest_delay
        self._slips: dict[str, Slip] = {}
        self._by_time: deque[tuple[int, str]] = deque()

    def slip(self, event_id: str, t: int, watermark: int) -> Slip:
        """A new event's slip; those that nothing waits for at the watermark are forgotten."""
        due = self._by_time
        while due and due[0][0] <= watermark:
            self._slips.pop(due.popleft()[1], None)
        slip: Slip = [None, NEVER, NEVER]
        self.wait(event_id, t + self._longest_delay, slip)
        return slip

    def wait(self, event_id: str, until: int, slip: Slip) -> None:
        """Hold a slip until an instant."""
        self._slips[event_id] = slip
        self._by_time.append((until, event_id))

    def note(self, event_id: str, label: int | None, at: int | None, watermark: int) -> bool:
        """Note a label that is known from ``at`` on; whether its event's slip is still held."""
        slip = self._slips.get(event_id)
        if slip is None:
            return False
        slip[:] = [label, NEVER if at is None else at, watermark]
        return True

    def waiting(self) -> Iterator[tuple[str, int, Slip]]:
        """The slips, with their event ids and until when they are held."""
        for until, event_id in self._by_time:
            slip = self._slips.get(event_id)
            if slip is not None:
                yield event_id, until, slip
