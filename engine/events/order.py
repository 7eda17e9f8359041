"""Watching whether a log is in time order."""

import polars as pl


class OrderWatch:
    """Counts late events: those whose event_time is below the largest seen before them.

    Events of the same instant are in order. Fed batch by batch in arrival order.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.late = 0
        self.first_late: int | None = None  # how many events came before it
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
            self.rows += len(times)
            return 0
        before = pl.concat([pl.Series([latest], dtype=times.dtype), times]).cum_max()[:-1]
        is_late = times < before.rename(times.name)
        late = int(is_late.sum())
        if late and self.first_late is None:
            self.first_late = self.rows + int(is_late.arg_max() or 0)
        self.rows += len(times)
        self.late += late
        self._latest = max(latest, int(ticks.max()))
        return late
