"""One at a time: locks on a folder of runs, which end with the process that holds them.

A retraining holds one of them from its first look at the champion to its end, an hour perhaps. The
other one is held by whoever puts a run in its place or leads ``current`` elsewhere, for the instant
that this takes: a training waits for that, and never for a retraining, which looks directly before
it switches whether what is in use is what it was.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.clock import elapsed, sleep
from engine.errors import OutputError
from engine.events.disk import writing
from engine.events.lock import locked, sign, signed_by

_RETRAINING: Final = ".retrain.lock"
_SWITCH: Final = ".current.lock"
_PATIENCE_SECONDS: Final = 60.0  # for what takes milliseconds
_AGAIN_SECONDS: Final = 0.02


@contextmanager
def only_one(runs: Path) -> Iterator[None]:
    """Within the block, be the only process that decides which run is to be in use.

    The lock is the system's: whoever is killed holds it no longer. Its file stays.

    Parameters
    ----------
    runs
        The folder of runs, which is there.

    Raises
    ------
    OutputError
        If another process holds it.
    """
    with _held(runs / _RETRAINING, 0.0) as holder:
        if holder is not None:
            raise OutputError(
                f"{runs}: another retraining is at work there (was process {holder})",
                hint="wait until it has ended, or use another folder of runs",
            )
        yield


@contextmanager
def switching(runs: Path) -> Iterator[None]:
    """Within the block, be the only process that changes what is in use, or looks what that is.

    Parameters
    ----------
    runs
        The folder of runs, which is there.

    Raises
    ------
    OutputError
        If another process has held the lock for a minute.
    """
    with _held(runs / _SWITCH, _PATIENCE_SECONDS) as holder:
        if holder is not None:
            raise OutputError(
                f"{runs}: another process is switching current there (was process {holder}, for "
                f"{_PATIENCE_SECONDS:g} seconds)",
                hint="see whether it was stopped; then try again",
            )
        yield


@contextmanager
def _held(path: Path, patience: float) -> Iterator[str | None]:
    """Hold the lock of a file; where another process keeps it, gives that one's number."""
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        until = elapsed() + patience
        while not locked(descriptor):
            if elapsed() >= until:
                yield signed_by(descriptor)
                return
            sleep(_AGAIN_SECONDS)
        with writing(path):
            sign(descriptor)
        yield None
    finally:
        os.close(descriptor)
