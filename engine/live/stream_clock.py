"""How far the stream has come, and which events of the API may become history beside it."""

from collections.abc import Iterable

from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.labels import NEVER


class StreamClock:
    """The stream tells what time it is; who asks the API does not, unless there is nobody else.

    A few events that agree with each other show that a stream has jumped, and the state begins anew
    if that was backwards. Those who ask must not bring that about, nor lead the time away step by
    step: where there is a stream, an event of the API becomes history if its time is no further
    from the stream's than half of what clocks are believed, so that the stream is still believed
    after it. Any other is answered all the same, on the history that there is.

    Parameters
    ----------
    online
        The state.
    latest
        When the latest event of a stream that it has was; None if it has none.
    """

    def __init__(self, online: OnlineFeatures, latest: int | None) -> None:
        self._online = online
        self._now = NEVER if latest is None else min(latest, online.watermark)

    def admits(self, instant: int) -> bool:
        """Whether an event of the API may become history."""
        return self._now == NEVER or abs(instant - self._now) <= self._online.leap // 2

    def follow(self, instants: Iterable[int]) -> None:
        """Go on with the stream, whose events of these instants were observed."""
        watermark = self._online.watermark
        # What lies beyond the watermark was not believed; where the stream has jumped back, the
        # watermark has.
        believed = (instant for instant in instants if instant <= watermark)
        self._now = min(max(self._now, *believed, NEVER), watermark)
