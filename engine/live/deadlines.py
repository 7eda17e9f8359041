"""Until when flags have to be answered, by a clock that only runs forward and as is recorded."""

from typing import Final

from engine.clock import elapsed, wall_us

_US: Final = 1_000_000
# A reply takes its time on the way, and the other side's clock began before ours.
_MARGIN_SECONDS: Final = 0.5
_MARGIN_SHARE: Final = 0.05


class Deadlines:
    """The deadlines of what comes.

    Within a process they are instants of :func:`engine.clock.elapsed`, which no setting of the
    wall's clock moves; in the ledger they are that clock's, as of when the process began.

    Parameters
    ----------
    seconds
        How long there is to answer, from when an event has come.
    """

    def __init__(self, seconds: float) -> None:
        self._span = seconds - min(_MARGIN_SECONDS, seconds * _MARGIN_SHARE)
        self._zero = wall_us() - round(elapsed() * _US)

    def of(self, at: float) -> float:
        """The deadline of what came at an instant."""
        return at + self._span

    def past(self, left: float) -> float:
        """How long ago something came that has so much time left until its deadline."""
        return self._span - left

    def recorded(self, deadline: float) -> int:
        """A deadline as the ledger has it, in microseconds since 1970 UTC."""
        return self._zero + round(deadline * _US)

    def revived(self, recorded: int, now: float) -> float:
        """A deadline of the ledger; no later than that of what comes now, whatever clocks say."""
        return min((recorded - self._zero) / _US, self.of(now))
