"""The system's lock on a file or a folder: it ends with the process that holds it, however."""

import fcntl


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
