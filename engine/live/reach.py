"""Whether the endpoint for flags can be reached at all. No clock, no network."""

from engine.live.backoff import Backoff
from engine.live.notices import Log


class Reach:
    """While no connection can be made, one attempt at a time finds out when that changes.

    Without it, all that waits would try to connect again and again, for nothing.

    Parameters
    ----------
    backoff
        How long to wait between these attempts.
    log
        Is told when connections cannot be made, and when they can again.
    """

    def __init__(self, backoff: Backoff, log: Log) -> None:
        self._backoff = backoff
        self._log = log
        self._failures = 0  # in a row
        self._held_until = 0.0

    def mark_lost(self, now: float, why: str) -> None:
        """No connection could be made."""
        if now < self._held_until:
            return  # of many attempts at once the first one counts
        self._failures += 1
        self._held_until = now + self._backoff.wait(self._failures)
        if self._failures == 1:
            self._log.warning("flags cannot be posted", why=why)

    def mark_reached(self) -> None:
        """There was a connection."""
        if self._failures:
            self._failures = 0
            self._held_until = 0.0
            self._log.info("flags can be posted again")

    def room(self, now: float, room: int, under_way: int) -> int:
        """How many times flags may be posted, of as many as there is room for."""
        if not self._failures:
            return room
        return 0 if now < self._held_until or under_way else min(room, 1)

    def together(self, most: int) -> int:
        """How many flags may be posted at one time, of as many as the client would."""
        return 1 if self._failures else most

    def next_at(self, now: float, under_way: int) -> float | None:
        """When the next attempt may be made; None if nothing but an answer is waited for."""
        return self._held_until if now < self._held_until and not under_way else None
