"""The system's lock on a file or a folder: it ends with the process that holds it, however."""

import fcntl
import os


def locked(descriptor: int) -> bool:
    """Lock what is open, until it is closed; nobody is waited for.

    Parameters
    ----------
    descriptor
        Of a file or a folder.

    Returns
    -------
    bool
        Whether it is locked now; False if somebody else, in this process or another, holds it.

    Raises
    ------
    OSError
        If it is on a file system that has no such locks.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sign(descriptor: int) -> None:
    """Say in a file that is locked whose process holds it."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)


def signed_by(descriptor: int) -> str:
    """Which process says so in a file: its number, or ``unknown``."""
    return os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
