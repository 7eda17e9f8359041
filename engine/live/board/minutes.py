"""Transactions and alerts a minute."""

from typing import Final

import polars as pl

from engine.live.board.parts import MICROSECONDS
from engine.live.board.rows import Minute

_SHOWN: Final = 60
_SECONDS: Final = 60
_KEPT: Final = 180  # minutes before the latest; a picture may be of a little before that


class Minutes:
    """Counts by minute of arrival, of the latest three hours: those of a minute are two numbers.

    Attributes
    ----------
    events
        How many decisions were counted, ever.
    last
        When the last one arrived, in microseconds; None if nothing came.
    """

    def __init__(self) -> None:
        self.events = 0
        self.last: int | None = None
        self._counts: dict[int, tuple[int, int]] = {}

    def add(self, decisions: pl.DataFrame) -> None:
        """Count decisions, as ``parts.Part`` has them; of a model's alerts, and all events."""
        self.events += len(decisions)
        minute = pl.col("second").floordiv(_SECONDS) * _SECONDS
        is_alert = pl.col("is_flagged") & pl.col("of_model")
        found = decisions.group_by(minute.alias("minute")).agg(
            pl.len(), is_alert.sum().alias("alerts")
        )
        for start, events, alerts in found.iter_rows():
            had_events, had_alerts = self._counts.get(start, (0, 0))
            self._counts[start] = (had_events + events, had_alerts + alerts)
        if len(decisions):
            self.last = decisions["arrival"][-1]
        if self.last is not None and len(self._counts) > 2 * _KEPT:
            first = self.last // MICROSECONDS - _KEPT * _SECONDS
            self._counts = {start: each for start, each in self._counts.items() if start >= first}

    def until(self, second: int) -> tuple[Minute, ...]:
        """The last hour's minutes, the one included that a second is in, and those without any."""
        last = second // _SECONDS * _SECONDS
        starts = range(last - (_SHOWN - 1) * _SECONDS, last + 1, _SECONDS)
        return tuple(Minute(start, *self._counts.get(start, (0, 0))) for start in starts)
