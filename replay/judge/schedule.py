"""When the places of a stream are due, by whatever clock the caller reads."""

import math
from collections.abc import Sequence


class Schedule:
    """How many places may have been sent, from one moment to the next.

    With a rate, places are due at even times from the first client's connection on, whoever is
    there. Without one, they are due as fast as the fastest client takes them.

    A stall lets no place go from the one where it begins on. What falls due meanwhile is sent after
    it, at once; a stall that falls due within another begins when it falls due.

    Parameters
    ----------
    places
        How many there are.
    rate
        Places a second; None for as fast as they are taken.
    stalls
        Where stalls begin, in ascending order.
    stall_seconds
        How long they last.
    """

    def __init__(
        self, places: int, rate: float | None, stalls: Sequence[int], stall_seconds: float
    ) -> None:
        self.began: float | None = None
        self.ended: float | None = None  # when the last place was due, or taken
        self._places = places
        self._rate = rate
        self._stalls = stalls
        self._stall_seconds = stall_seconds
        self._passed = 0  # stalls
        self._closed_until: float | None = None

    @property
    def timed(self) -> bool:
        """Whether places are due at times, and not as they are taken."""
        return self._rate is not None

    def begin(self, now: float) -> None:
        """Let the first place be due now, unless it was before."""
        if self.began is None:
            self.began = now

    def released(self, now: float, furthest: int) -> int:
        """How many places may have been sent by now.

        Parameters
        ----------
        now
            The time in seconds, never below that of an earlier call.
        furthest
            How many the client has been sent that has got most.
        """
        if self.began is None:
            return 0
        due = self._due(now, self.began)
        while self._passed < len(self._stalls):
            stall = self._stalls[self._passed]
            reached = due > stall if self._rate else furthest >= stall
            if not reached:
                due = min(due, stall) if self._rate is None else due
                break
            if self._closed_until is None:
                start = self.began + stall / self._rate if self._rate else now
                self._closed_until = start + self._stall_seconds
            if now < self._closed_until:
                return stall
            self._closed_until = None
            self._passed += 1
        over = due if self._rate else furthest
        if over == self._places and self.ended is None:
            self.ended = self._end(now, self.began)
        return due

    def wait(self, now: float, released: int) -> float:
        """Seconds until more than ``released`` may be due; infinite if it depends on clients."""
        if self.began is None or released >= self._places:
            return math.inf
        if self._closed_until is not None:
            return max(0.0, self._closed_until - now)
        return (
            math.inf if self._rate is None else max(0.0, self.began + released / self._rate - now)
        )

    def _end(self, now: float, began: float) -> float:
        """When the last place was due, or taken, which whoever looks may be late to see."""
        if self._rate is None:
            return now
        last = (self._places - 1) / self._rate
        if self._stalls:
            last = max(last, self._stalls[-1] / self._rate + self._stall_seconds)
        return min(now, began + last)

    def _due(self, now: float, began: float) -> int:
        if self._rate is None:
            return self._places
        return min(self._places, math.floor((now - began) * self._rate) + 1)
