"""One at a time: whoever works in a folder keeps all others out of it, until the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.errors import OutputError
from engine.events.disk import writing
from engine.events.lock import locked


@contextmanager
def alone_in(folder: Path, option: str, work: str) -> Iterator[None]:
    """Within the block, be the only one at work in a folder.

    The lock is the system's: whoever is killed holds it no longer.

    Parameters
    ----------
    folder
        The folder; made if need be, with those above it, and gone again if nothing has come of it.
    option
        The option that names it.
    work
        What is done there.

    Raises
    ------
    OutputError
        If another one is at work there, or the folder cannot be made.
    """
    with _made(folder), _held(folder, option, work):
        yield


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
def _held(folder: Path, option: str, work: str) -> Iterator[None]:
    with writing(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not _is_free(descriptor):
            raise OutputError(
                f"{option}: another {work} is at work there (was {str(folder)!r})",
                hint="wait until it has ended, or name another folder",
            )
        yield
    finally:
        os.close(descriptor)


def _is_free(descriptor: int) -> bool:
    try:
        return locked(descriptor)
    except OSError:  # a file system on which folders cannot be locked
        return True
