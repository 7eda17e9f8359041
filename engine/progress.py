"""Progress of long work: one bar on a terminal, a plain line now and then elsewhere."""

import sys
from types import TracebackType
from typing import Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from engine.clock import elapsed
from engine.interrupts import put_off
from engine.words import counted

_SECONDS_BETWEEN_LINES: Final = 5.0


class Meter:
    """Shows what is done, how fast, and the time left on standard error.

    Parameters
    ----------
    what
        The work, in a word or two.
    total
        How many there will be, or about how many; None if nobody knows.
    quiet
        Show nothing.
    noun
        What is counted, one of them.
    """

    def __init__(self, what: str, total: int | None, *, quiet: bool, noun: str = "row") -> None:
        self._what = what
        self._noun = noun
        self._total = total
        self._done = 0
        self._began = elapsed()
        self._said = self._began
        self._lines = not quiet and not sys.stderr.isatty()
        self._bar: Progress | None = None
        self._task = TaskID(0)
        if not quiet and not self._lines:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[rows]}"),
                TextColumn("{task.fields[speed]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(what, total=total, rows="", speed="")

    def __enter__(self) -> Self:
        if self._bar is not None:
            try:
                with put_off():  # it starts a thread
                    self._bar.start()
            except BaseException:
                self._stop()  # what is not entered is not left; a terminal would be without cursor
                raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            with put_off():
                self._bar.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the meter was made."""
        return elapsed() - self._began

    @property
    def rows_per_second(self) -> float:
        """Rows done per second so far."""
        return self._done / max(self.seconds, 1e-9)

    def say(self, line: str) -> None:
        """A line about what happened, above the bar."""
        if self._bar is not None:
            with put_off():  # a line by halves would keep the bar from being taken away
                self._bar.console.print(line, highlight=False)
        elif self._lines:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    def begin(self, what: str, total: int | None, noun: str = "row") -> None:
        """Go on to another piece of work, counted from nothing."""
        self._what, self._total, self._noun = what, total, noun
        self._done, self._began = 0, elapsed()
        if self._bar is not None:
            with put_off():
                self._bar.remove_task(self._task)
                self._task = self._bar.add_task(what, total=total, rows="", speed="")

    def advance(self, rows: int, note: str = "") -> None:
        """Count ``rows`` more as done, and show it if it is time, with a note of where one is."""
        self._done += rows
        note = note and f", {note}"
        if self._bar is not None:
            with put_off():
                self._bar.update(
                    self._task,
                    completed=self._done,
                    rows=f"{self._count()}{note}",
                    speed=f"{self.rows_per_second:,.0f} {self._noun}s/s",
                )
        elif self._lines and elapsed() - self._said >= _SECONDS_BETWEEN_LINES:
            self._said = elapsed()
            sys.stderr.write(f"{self._what}: {self._count()}{note}, {self._pace()}\n")
            sys.stderr.flush()

    def _count(self) -> str:
        if self._total is None:
            return counted(self._done, self._noun)
        return f"{self._done:,} of {counted(self._total, self._noun)}"

    def _pace(self) -> str:
        speed = self.rows_per_second
        if self._total is None or speed == 0:
            return f"{speed:,.0f} {self._noun}s/s"
        return (
            f"{speed:,.0f} {self._noun}s/s, {max(self._total - self._done, 0) / speed:.0f} s left"
        )
