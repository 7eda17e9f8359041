"""Results taking the place of earlier ones, be they files or folders of parts."""

from collections.abc import Iterable
from pathlib import Path

from engine.interrupts import put_off


def put_in_place(names: Iterable[str], scratch: Path, out: Path) -> None:
    """Move results from a scratch folder to where they belong, in turn.

    Parameters
    ----------
    names
        What they are called, here and there.
    scratch
        Where they are, within the file system of ``out``.
    out
        Where they go. What is there already stays until it is replaced.
    """
    with put_off():
        for name in names:
            _replace(scratch / name, out / name, scratch / f"before-{name}")


def _replace(new: Path, old: Path, aside: Path) -> None:
    """A rename; a folder is in the way of one, and is put aside."""
    if not old.is_dir() and not (new.is_dir() and old.exists()):
        new.rename(old)
        return
    old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        aside.rename(old)
        raise
