"""Writing: full disks as errors people can act upon, and scratch that leaves nothing behind."""

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import OutputError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says about writing to ``path`` into an OutputError."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise OutputError(
            f"{path}: cannot be written (was: {error.strerror or error})",
            hint="free some space there or write elsewhere"
            if full
            else "check that the folder exists and that you may write to it",
        ) from error


@contextmanager
def scratch_folder(near: Path) -> Iterator[Path]:
    """A temporary folder inside ``near``, removed with all it holds however the block ends.

    It is near the output because that is where there should be room; ``/tmp`` is memory on many
    machines.
    """
    with writing(near):
        folder = tempfile.TemporaryDirectory(
            prefix=".scratch-", dir=near, ignore_cleanup_errors=True
        )
    with folder as name:
        yield Path(name)


def own_folder(scratch: Path) -> Path:
    """A new folder inside a scratch folder, gone when that is."""
    with writing(scratch):
        return Path(tempfile.mkdtemp(dir=scratch))
