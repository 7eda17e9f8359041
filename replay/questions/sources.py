"""What questions are asked about: a ledger's files, labels, features."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.decide.folder import ABOUT, FORMAT, PARTS, SUMMARY
from engine.definition import POS
from engine.errors import InputError
from engine.events.canonical import EVENT_ID
from engine.events.disk import own_folder
from engine.events.inputs import find_inputs
from engine.events.log import Log
from engine.events.quarantine import Quarantine
from engine.events.refused import everything_refused
from engine.events.staging import StagedLog
from engine.model.features_file import locate_features
from engine.sink import write_frames

_LABELS: Final = "labels.parquet"


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


def find_features(path: Path) -> Path:
    """The Parquet file of features that a path means: a build's, or the path itself.

    Raises
    ------
    InputError
        If there is none.
    """
    file = locate_features(path) or path
    if not file.is_file():
        raise InputError(
            f"--features: no features there (was {str(path)!r})",
            hint="name a folder that python -m engine.build made, or a Parquet file",
        )
    return file


def find_labels(name: str, scratch: Path) -> Path:
    """A Parquet file with ``event_id`` and ``is_fraud``: a build's, or made of a log's labels.

    Raises
    ------
    InputError
        If there is no such build or log, or it holds no labels.
    """
    built = locate_features(Path(name))
    if built is not None:
        if POS.label not in pl.read_parquet_schema(built):
            raise _no_labels(name)
        return built
    log = Log(find_inputs((name,)), POS, [POS.label or ""])
    if POS.label not in log.present:
        raise _no_labels(name)
    with Quarantine(scratch / "quarantine.parquet") as quarantine:
        staged = StagedLog(log, quarantine, own_folder(scratch))
        if quarantine.total and not staged.counts.kept:
            raise everything_refused(quarantine, POS)
        if not staged.counts.kept:
            raise _no_labels(name)
        columns = pl.col(EVENT_ID, POS.label)
        write_frames((batch.select(columns) for batch in staged.batches()), scratch / _LABELS)
    return scratch / _LABELS


def _no_labels(name: str) -> InputError:
    return InputError(
        f"--labels: there are no labels (was {name!r}, without {POS.label})",
        hint=f"name a log or a build with the column {POS.label}: 1 for fraud, 0 for not",
    )
