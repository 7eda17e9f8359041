"""How fast a replay goes: as fast as it can, or as fast as it happened, times something."""

from engine.clock import elapsed, sleep


class Pace:
    """When what arrived in the past is let in now.

    Parameters
    ----------
    speed
        How many seconds of the past pass in one of now; None for no waiting.
    ticks_per_second
        Of the instants.
    """

    def __init__(self, speed: float | None, ticks_per_second: int) -> None:
        self._ticks = None if speed is None else speed * ticks_per_second
        self._first: int | None = None
        self._began = 0.0

    def due_in(self, arrival: int) -> float:
        """How many seconds there are until an instant of the past is now; none if that is over."""
        if self._ticks is None:
            return 0.0
        if self._first is None:
            self._first, self._began = arrival, elapsed()
        due = self._began + (arrival - self._first) / self._ticks
        return max(due - elapsed(), 0.0)

    def wait(self, arrival: int) -> int | None:
        """Wait until an instant of the past is now.

        Returns
        -------
        int or None
            What instant is now, which may be later; None if nobody waits.
        """
        sleep(self.due_in(arrival))
        if self._ticks is None or self._first is None:
            return None
        return max(arrival, self._first + int((elapsed() - self._began) * self._ticks))
