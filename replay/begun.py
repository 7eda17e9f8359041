"""A folder that work is done in and may be gone on with: what it is of, and that it is complete.

One file, written first, tells what decides about the result; another, written last, what came of
it. Where only the first is there, the same work goes on with what there is beside it.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import InputError, OutputError
from engine.events.disk import write_bytes, writing
from engine.model.split import utc_text

# What whoever works in a folder may have there meanwhile; it is not what the folder holds.
SCRATCH: Final = ".scratch-*"
_INSTANTS: Final = ("from", "to")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of such folders.

    Parameters
    ----------
    option
        The option that names one.
    noun, work
        What one is called, and what is done in it.
    about, summary
        The files that are written first and last.
    version
        Of the format of all that is in it.
    """

    option: str
    noun: str
    work: str
    about: str
    summary: str
    version: int


def begin(
    kind: Kind,
    folder: Path,
    about: dict[str, Any],
    *,
    overwrite: bool,
    clear: Callable[[Path], None],
) -> None:
    """Begin in a folder, or go on in one.

    Parameters
    ----------
    kind
        What kind of folder it is to be.
    folder
        The folder; made if need be.
    about
        What decides about the result.
    overwrite
        Whether one that is there is cleared, complete or not; what is none is never touched.
    clear
        Removes what is in one besides the two files.

    Raises
    ------
    OutputError
        If it is complete or something else, and ``overwrite`` is not given.
    InputError
        If it is part of something else.
    """
    check(kind, folder, about, overwrite=overwrite)
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        is_begun = (folder / kind.about).is_file()
    if is_begun and overwrite:
        with writing(folder):
            # What says that it is complete goes first, what says what it is last.
            (folder / kind.summary).unlink(missing_ok=True)
            clear(folder)
            (folder / kind.about).unlink(missing_ok=True)
    elif is_begun:
        return
    write_bytes(_json(_told(kind, about)), folder / kind.about)


def check(kind: Kind, folder: Path, about: dict[str, Any], *, overwrite: bool) -> None:
    """Refuse what :func:`begin` would, and leave all as it is.

    Raises
    ------
    SentinelError
        As :func:`begin` does.
    """
    check_folder(kind, folder, overwrite=overwrite)
    with writing(folder):
        is_begun = (folder / kind.about).is_file()
    if is_begun and not overwrite:
        _refuse_another(kind, folder, _told(kind, about))


def check_folder(kind: Kind, folder: Path, *, overwrite: bool) -> None:
    """Refuse a folder before any work is done for it.

    Raises
    ------
    OutputError
        As :func:`begin` does.
    """
    with writing(folder):
        there = folder.exists() and any(not path.match(SCRATCH) for path in folder.iterdir())
        is_begun = (folder / kind.about).is_file()
        is_complete = (folder / kind.summary).exists()
    if there and not is_begun:
        raise OutputError(
            f"{kind.option}: there already, and not a {kind.noun} (was {str(folder)!r})",
            hint="name a new or empty folder",
        )
    if is_complete and is_begun and not overwrite:
        raise OutputError(
            f"{kind.option}: a complete one is there already (was {str(folder)!r})",
            hint="add --overwrite to replace it, or name another folder",
        )


def finish(kind: Kind, folder: Path, summary: dict[str, Any]) -> None:
    """Say what came of it: it is complete.

    Raises
    ------
    OutputError
        If that cannot be written.
    """
    write_bytes(_json(summary), folder / kind.summary)


def _told(kind: Kind, about: dict[str, Any]) -> dict[str, Any]:
    return {"format": kind.version, **about}


def _refuse_another(kind: Kind, folder: Path, about: dict[str, Any]) -> None:
    hint = "name another folder, or add --overwrite to replace it"
    file = folder / kind.about
    try:
        was = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read (was: {error})", hint=hint) from error
    for name, value in about.items():
        if not isinstance(was, dict) or was.get(name) != value:
            before = was.get(name) if isinstance(was, dict) else was
            raise InputError(
                f"{kind.option}: part of another {kind.work}, by its {name} "
                f"(was {_said(name, before)}, now {_said(name, value)})",
                hint=hint,
            )


def _said(name: str, value: object) -> str:
    if name in _INSTANTS and isinstance(value, int):
        return utc_text(value)
    return "none" if value is None else json.dumps(value)


def _json(content: dict[str, Any]) -> bytes:
    return (json.dumps(content, indent=2) + "\n").encode()
