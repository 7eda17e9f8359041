"""Progress of a run: one bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

_SECONDS_BETWEEN_LINES: Final = 5.0


class Meter:
    """Shows rows done, rows per second and time left on standard error; quiet if asked."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total = total
        self._done = 0
        self._began = time.perf_counter()
        self._said = self._began
        self._lines = not quiet and not sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if not quiet and not self._lines:
            self._bar = Progress(
                TextColumn("simulate"),
                BarColumn(),
                TextColumn("{task.completed:,.0f} of {task.total:,.0f} rows"),
                TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("simulate", total=total, speed="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the meter was made."""
        return time.perf_counter() - self._began

    @property
    def rows_per_second(self) -> float:
        """Rows done per second so far."""
        return self._done / max(self.seconds, 1e-9)

    def advance(self, rows: int) -> None:
        """Count `rows` more as done, and show it if it is time."""
        self._done += rows
        speed = self.rows_per_second
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done, speed=f"{speed:,.0f} rows/s")
        elif self._lines and time.perf_counter() - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = time.perf_counter()
            left = (self._total - self._done) / speed
            sys.stderr.write(
                f"simulate: {self._done:,} of {self._total:,} rows, {speed:,.0f} rows/s,"
                f" {left:.0f} s left\n"
            )
            sys.stderr.flush()
