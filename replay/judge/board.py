"""The scoreboard: the score as it is shown to those who ask for it again and again."""

from collections.abc import Callable
from typing import Any, Final

from engine.clock import elapsed

# Counting takes about twenty nanoseconds an event: it has a few hundredths of the judge's time at
# the most, whoever asks how often. The score of a million events is up to a second old.
_SECONDS_PER_EVENT: Final = 1e-6


class Board:
    """Counts the score, or shows what was counted a moment ago; the longer it takes, the longer.

    Parameters
    ----------
    count
        Counts it.
    events
        How many there are to count.
    """

    def __init__(self, count: Callable[[], dict[str, Any]], events: int) -> None:
        self._count = count
        self._seconds = events * _SECONDS_PER_EVENT
        self._counted_at = 0.0
        self._shown: dict[str, Any] | None = None

    def show(self) -> dict[str, Any]:
        """The score."""
        if self._shown is None or elapsed() - self._counted_at > self._seconds:
            self._shown = self._count()
            self._counted_at = elapsed()
        return self._shown
