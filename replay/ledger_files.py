"""Finding a ledger that is there, complete or not, to read it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.decide.folder import ABOUT, FORMAT, PARTS, SUMMARY
from engine.errors import InputError


@dataclass(frozen=True, slots=True)
class LedgerFiles:
    """A ledger as it is on disk now.

    Parameters
    ----------
    folder
        The folder.
    parts
        Its files, in order; at least one.
    complete
        Whether its replay ended.
    about
        What ``ledger.json`` holds.
    """

    folder: Path
    parts: tuple[Path, ...]
    complete: bool
    about: dict[str, Any]


def find_ledger(folder: Path) -> LedgerFiles:
    """The files of a ledger.

    Raises
    ------
    InputError
        If there is no ledger, or no decision in it yet.
    """
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{folder}: not a ledger (was no {ABOUT} that can be read)",
            hint="name a folder that python -m replay LOG --run RUN --ledger DIR recorded in",
        ) from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        was = about.get("format") if isinstance(about, dict) else about
        raise InputError(
            f"{folder}: a ledger of another format (was {was!r})",
            hint=f"this code reads format {FORMAT}: replay the log anew",
        )
    complete = (folder / SUMMARY).exists()  # looked for first: what is complete has all its parts
    parts = tuple(sorted(folder.glob(PARTS)))
    if not parts:
        raise InputError(
            f"{folder}: there are no decisions {'in it' if complete else 'in it yet'} (was 0)",
            hint="replay a log with events in it"
            if complete
            else "ask again when the replay has recorded some, or when it has ended",
        )
    return LedgerFiles(folder, parts, complete, about)
