"""A bar leaves the terminal as it was."""

import io
import signal
import sys
import threading

import pytest
from rich.progress import Progress

from engine.interrupts import Terminated, heard
from engine.progress import Meter
from processes import PATIENCE_SECONDS


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_signal_while_a_bar_starts_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = Progress.start

    def interrupted(bar: Progress) -> None:
        begin(bar)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setattr(Progress, "start", interrupted)
    before = {*threading.enumerate()}
    with pytest.raises(Terminated), heard(), Meter("simulate", 1, quiet=False):
        pytest.fail("a signal came before it was entered")
    for thread in {*threading.enumerate()} - before:  # what draws it
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
