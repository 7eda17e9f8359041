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

    def wait(self, arrival: int) -> int | None:
        """Wait until an instant of the past is now.

        Returns
        -------
        int or None
            What instant is now, which may be later; None if nobody waits.
        """
        if self._ticks is None:
            return None
        if self._first is None:
            self._first, self._began = arrival, elapsed()
        due = self._began + (arrival - self._first) / self._ticks
        sleep(due - elapsed())
        return max(arrival, self._first + int((elapsed() - self._began) * self._ticks))
