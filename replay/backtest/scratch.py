"""Where a backtest puts what it needs no longer than it runs: in its own folder, one at a time.

What somebody who was killed has left there is cleared by the next to begin.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

from engine.errors import OutputError
from engine.events.disk import scratch_folder, writing
from replay.backtest.place import ABOUT
from replay.begun import SCRATCH


@contextmanager
def workplace(out: Path | None) -> Iterator[Path]:
    """A scratch folder, removed with all it holds however the block ends.

    Parameters
    ----------
    out
        The folder of the backtest, in which it is; made if need be, and gone again if nothing else
        has come of it. None for where the system has its temporary files.

    Raises
    ------
    OutputError
        If another backtest is at work in that folder, or it cannot be written.
    """
    if out is None:
        with scratch_folder(Path(gettempdir())) as scratch:
            yield scratch
        return
    with _made(out), _only_one(out):
        if _is_ours(out):
            for left in out.glob(SCRATCH):
                shutil.rmtree(left, ignore_errors=True)
        with scratch_folder(out) as scratch:
            yield scratch


def _is_ours(out: Path) -> bool:
    """Whether it is a backtest's, or was to be one's that never came to begin it."""
    return (out / ABOUT).is_file() or all(path.match(SCRATCH) for path in out.iterdir())


@contextmanager
def _made(folder: Path) -> Iterator[None]:
    with writing(folder):
        missing = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # there is something in it
            for path in missing:
                path.rmdir()


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder; the system's, so that whoever is killed holds it no longer."""
    with writing(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputError(
                f"--out: another backtest is at work there (was {str(folder)!r})",
                hint="wait until it has ended, or name another folder",
            ) from error
        except OSError:  # a file system on which folders cannot be locked
            pass
        yield
    finally:
        os.close(descriptor)
