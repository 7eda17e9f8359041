"""A folder takes the place of another at one instant, so that a name always leads to one of them.

A rename cannot put a folder where another one is that holds something. Linux can exchange the
names of two folders (``renameat2`` with ``RENAME_EXCHANGE``, since 3.15), which Python does not
offer by itself. Where neither the system nor its file system can, the old folder steps aside under
a name that tells of it, and the new one takes its place: who is killed between the two leaves no
folder of that name, and :func:`settle_replaced` puts the old one back.
"""

import ctypes
import errno
import os
import shutil
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

# From Linux's fcntl.h and fs.h.
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
# The file system cannot, the system cannot, or neither knows what is asked.
_CANNOT: Final = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EXDEV})


def put_in_place(made: Path, folder: Path) -> None:
    """Let a finished folder stand under a name, whether another one does or not.

    Parameters
    ----------
    made
        The finished folder, on the same file system. Afterwards the old one is in its place, if
        there was one: to be put back by :func:`take_back`, or removed by the caller with the
        scratch folder that holds it.
    folder
        The name.

    Raises
    ------
    OSError
        If the system refuses; then all is as it was.
    """
    if not folder.exists():
        made.rename(folder)
        return
    if _exchanged(made, folder):
        return
    aside = _aside(folder)
    folder.rename(aside)
    try:
        made.rename(folder)
    except BaseException:
        aside.rename(folder)
        raise
    with suppress(OSError):  # else it is removed by who comes next
        aside.rename(made)


def take_back(made: Path, folder: Path) -> None:
    """Undo what :func:`put_in_place` did with the same two."""
    if made.exists():
        put_in_place(made, folder)
    else:
        folder.rename(made)


def settle_replaced(folder: Path) -> None:
    """Put a folder back that had stepped aside for one that never came, or remove it if it did."""
    aside = _aside(folder)
    if not aside.exists():
        return
    if folder.exists():
        shutil.rmtree(aside, ignore_errors=True)
    else:
        aside.rename(folder)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.replaced")


def _exchanged(one: Path, other: Path) -> bool:
    """Exchange two names at one instant; whether this can be done here."""
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "renameat2"):  # glibc before 2.28
        return False
    names = (os.fsencode(one), os.fsencode(other))
    if not library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE):
        return True
    number = ctypes.get_errno()
    if number in _CANNOT:
        return False
    raise OSError(number, os.strerror(number), str(other))
