"""What happens, in the numbers of ``metrics``."""

from collections import Counter
from collections.abc import Sequence

from engine.live.deadlines import Deadlines
from engine.live.decided import Decided
from engine.live.flag import Outcome, Reply
from engine.live.metrics import Metrics

_ACKNOWLEDGED = frozenset({Outcome.RECORDED, Outcome.REFUSED})


class Measuring:
    """An observer that counts what it sees.

    Parameters
    ----------
    metrics
        Where.
    deadlines
        Those of what comes: replies say how much time was left.
    """

    def __init__(self, metrics: Metrics, deadlines: Deadlines) -> None:
        self._metrics = metrics
        self._deadlines = deadlines

    def decided(self, found: Decided) -> None:
        """A micro-batch was decided on and recorded."""
        metrics = self._metrics
        for piece, one in found.figures.items():
            source = piece.source
            decisions = one.decided + one.fallbacks
            metrics.received(len(piece) - one.beats, source)
            metrics.duplicate(one.duplicates, source)
            metrics.quarantined(one.unreadable, source)
            metrics.came_late(one.late, source)
            if decisions:
                metrics.decided(
                    decisions, found.at - piece.at, flagged=one.flagged, fallback=one.fallbacks
                )

    def replied(self, replies: Sequence[Reply]) -> None:
        """Replies were recorded."""
        metrics, past = self._metrics, self._deadlines.past
        for outcome, count in Counter(one.outcome for one in replies).items():
            metrics.posted(outcome, count)
        metrics.acknowledged(past(one.left) for one in replies if one.outcome in _ACKNOWLEDGED)

    def reconnected(self) -> None:
        """The stream was opened again."""
        self._metrics.reconnected()

    def ledger_failed(self) -> None:
        """The ledger did not take a batch, which is held."""
        self._metrics.ledger_failed()

    def model_taken_up(self) -> None:
        """Another model decides from now on."""
        self._metrics.model_taken_up()
