"""Finding a ledger that is there, complete or not, to read it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.decide.folder import ABOUT, FORMAT, PARTS, SUMMARY
from engine.errors import InputError
from replay.parts import reading, refuse_gaps

_ANEW: Final = "replay the log anew"


@dataclass(frozen=True, slots=True)
class LedgerFiles:
    """A ledger as it is on disk now.

    Parameters
    ----------
    folder
        The folder.
    parts
        Its files, in order; at least one.
    rows
        How many decisions there are.
    about
        What ``ledger.json`` holds.
    summary
        What ``replay.json`` holds; None if its replay has not ended.
    """

    folder: Path
    parts: tuple[Path, ...]
    rows: int
    about: dict[str, Any]
    summary: dict[str, Any] | None

    @property
    def complete(self) -> bool:
        """Whether its replay ended."""
        return self.summary is not None

    @property
    def exported(self) -> bool:
        """Whether it was exported of a live one, whose parts tell no digest."""
        return "rows" in self.about


def find_ledger(folder: Path) -> LedgerFiles:
    """The files of a ledger.

    Raises
    ------
    InputError
        If there is no ledger, no decision in it yet, or not as many as it says.
    """
    about = _read_about(folder)
    summary = _read_summary(folder)  # first: what is complete has all its parts
    parts = tuple(sorted(folder.glob(PARTS)))
    refuse_gaps(folder, parts, _ANEW)
    rows = sum(map(_rows_of, parts))
    if summary is not None and rows != _rows_said(summary):
        raise InputError(
            f"{folder}: not as many decisions as {SUMMARY} says (was {rows:,}, it says "
            f"{_rows_said(summary)})",
            hint=f"a ledger is not to be edited: {_ANEW}",
        )
    if not rows:
        raise InputError(
            f"{folder}: there are no decisions {'in it yet' if summary is None else 'in it'} "
            "(was 0)",
            hint="ask again when the replay has recorded some, or when it has ended"
            if summary is None
            else "replay a log with events in it",
        )
    return LedgerFiles(folder, parts, rows, about, summary)


def _read_about(folder: Path) -> dict[str, Any]:
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
    return about


def _read_summary(folder: Path) -> dict[str, Any] | None:
    file = folder / SUMMARY
    try:
        summary = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read (was: {error})", hint=_ANEW) from error
    if not isinstance(summary, dict):
        raise InputError(f"{file}: does not say what came of it (was {summary!r})", hint=_ANEW)
    return summary


def _rows_said(summary: dict[str, Any]) -> Any:  # noqa: ANN401 - anything, of an edited one
    """How many decisions a replay or an export says there are."""
    events = summary.get("events")
    return events.get("decided") if isinstance(events, dict) else summary.get("rows")


def _rows_of(part: Path) -> int:
    with reading(part):
        return int(pl.scan_parquet(part, glob=False).select(pl.len()).collect().item())
