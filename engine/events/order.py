"""Watching whether a log is in time order."""

import polars as pl


class OrderWatch:
    """Counts late events: those whose event_time is below the largest seen before them.

    Events of the same instant are in order. Fed batch by batch in arrival order.
    """

    def __init__(self) -> None:
        self.late = 0
        self._latest: int | None = None

    @property
    def in_order(self) -> bool:
        """Whether no event was late so far."""
        return self.late == 0

    def observe(self, times: pl.Series) -> int:
        """Take in the next batch's event times (without nulls) and say how many are late."""
        if not len(times):
            return 0
        ticks = times.to_numpy()
        latest = int(ticks[0]) if self._latest is None else self._latest
        if ticks[0] >= latest and bool((ticks[1:] >= ticks[:-1]).all()):
            self._latest = int(ticks[-1])
            return 0
        before = pl.concat([pl.Series([latest], dtype=times.dtype), times]).cum_max()[:-1]
        late = int((times < before.rename(times.name)).sum())
        self.late += late
        self._latest = max(latest, int(ticks.max()))
        return late
