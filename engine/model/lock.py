"""One at a time: a lock on a folder of runs, which ends with the process that holds it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.errors import OutputError
from engine.events.disk import writing

_LOCK: Final = ".retrain.lock"


@contextmanager
def only_one(runs: Path) -> Iterator[None]:
    """Within the block, be the only process that decides which run is in use.

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
    path = runs / _LOCK
    with writing(path):
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
            raise OutputError(
                f"{runs}: another retraining is at work there (was process {holder or 'unknown'})",
                hint="wait until it has ended, or use another folder of runs",
            ) from error
        with writing(path):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
