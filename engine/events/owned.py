"""Scratch folders and whose they are: a lock in each, which ends with the process that holds it.

A process that is killed clears nothing. Whoever makes scratch in the same place next does, as far
as nobody holds the lock: a process that lives keeps its own, whatever its number is and in whatever
container it runs. Folders that hold no such lock are not ours and never touched.
"""

import os
import shutil
from pathlib import Path
from typing import Final

from engine.events.lock import locked

_MARK: Final = ".sentinelpos-scratch"


def take(folder: Path) -> int | None:
    """Take possession of a new folder.

    Returns
    -------
    int or None
        A descriptor, which holds the folder until it is closed; None if somebody who sweeps was
        faster, and the folder is gone or will be.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    mark = folder / _MARK
    descriptor = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        is_ours = locked(descriptor)
    except OSError:
        # There are no locks on this file system: without its mark nobody sweeps the folder.
        mark.unlink()
        return descriptor
    if not is_ours or not mark.exists():
        os.close(descriptor)
        return None
    return descriptor


def sweep(near: Path, prefix: str) -> None:
    """Remove the folders of processes that are gone, as far as that is possible.

    Parameters
    ----------
    near
        Where they are.
    prefix
        What their names begin with.
    """
    for folder in near.glob(f"{prefix}*"):
        if folder.is_symlink():
            continue
        try:
            descriptor = os.open(folder / _MARK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:  # none of ours, or somebody else's
            continue
        try:
            if locked(descriptor):
                _remove(folder)
        except OSError:  # it is gone already, or there are no locks
            continue
        finally:
            os.close(descriptor)


def _remove(folder: Path) -> None:
    # The mark last: if this is cut short too, there is a next time.
    for path in folder.iterdir():
        if path.name == _MARK:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
