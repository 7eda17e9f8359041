"""Writing: full disks as errors to act upon, files whole or not at all, scratch that is cleared."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from engine.errors import OutputError
from engine.events.owned import sweep, take
from engine.interrupts import put_off

_SCRATCH: Final = ".scratch-"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says about writing to ``path`` into an OutputError.

    It names the folder that scratch is in, for scratch itself is gone when people read of it.
    """
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        named = _outside_scratch(path)
        raise OutputError(
            f"{named}: cannot be written (was: {error.strerror or error})",
            hint=f"free some space on {named} or write elsewhere"
            if full
            else "check that the folder exists and that you may write to it",
        ) from error


def write_bytes(content: bytes, path: Path) -> None:
    """Write bytes to a file, which appears, or changes, only when it is complete.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with writing(path):
        try:
            with partial.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def scratch_folder(near: Path) -> Iterator[Path]:
    """A temporary folder inside ``near``, removed with all it holds however the block ends.

    If the process is killed, the next one that makes such a folder there removes it. It is near
    the output because that is where there should be room; ``/tmp`` is memory on many machines.
    """
    with writing(near):
        sweep(near, _SCRATCH)
    with ExitStack() as stack:
        with writing(near), put_off():
            folder = _new_folder(near, stack)
        yield folder


def _new_folder(near: Path, stack: ExitStack) -> Path:
    while True:
        folder = tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=near, ignore_cleanup_errors=True)
        stack.callback(folder.cleanup)
        held = take(Path(folder.name))
        if held is not None:
            stack.callback(os.close, held)
            return Path(folder.name)


def _outside_scratch(path: Path) -> Path:
    for part in (path, *path.parents):
        if part.name.startswith(_SCRATCH):
            return part.parent
    return path


def own_folder(scratch: Path) -> Path:
    """A new folder inside a scratch folder, gone when that is."""
    with writing(scratch):
        return Path(tempfile.mkdtemp(dir=scratch))
