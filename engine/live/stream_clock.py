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
    now
        How far the stream had come by the end of the ledger; None if there was none.
    """

    def __init__(self, online: OnlineFeatures, now: int | None) -> None:
        self._online = online
        self._now = NEVER if now is None else now

    @property
    def now(self) -> int | None:
        """How far the stream has come, in ticks; None if there was none."""
        return None if self._now == NEVER else self._now

    def admits(self, instant: int) -> bool:
        """Whether an event of the API may become history."""
        return self._now == NEVER or abs(instant - self._now) <= self._online.leap // 2

    def follow(self, instants: Iterable[int]) -> None:
        """Go on with what the stream has brought, new or not; what is new has been observed.

        What is further off than clocks are believed is passed over. Where the stream has jumped,
        the state's watermark has, and it begins there.
        """
        online = self._online
        now = self._now
        for instant in instants:
            near = online.watermark if now == NEVER else now
            if near != NEVER and abs(instant - near) <= online.leap:
                now = max(now, instant)
        if NEVER not in (now, online.watermark) and abs(now - online.watermark) > online.leap:
            now = online.watermark
        self._now = now
