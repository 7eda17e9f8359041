"""What questions are asked about besides a ledger: labels, features."""

from pathlib import Path
from typing import Final

import polars as pl

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
from engine.parts import files_of, is_table
from engine.sink import write_frames

_LABELS: Final = "labels.parquet"


def find_features(path: Path) -> list[Path]:
    """The Parquet files of features that a path means: a build's, or the path itself.

    Raises
    ------
    InputError
        If there is none.
    """
    table = locate_features(path) or path
    if not is_table(table):
        raise InputError(
            f"--features: no features there (was {str(path)!r})",
            hint="name a folder that python -m engine.build made, or a Parquet file",
        )
    return files_of(table)


def find_labels(name: str, scratch: Path) -> list[Path]:
    """Parquet files with ``event_id`` and ``is_fraud``: a build's, or one made of a log's labels.

    Raises
    ------
    InputError
        If there is no such build or log, or it holds no labels.
    """
    built = locate_features(Path(name))
    if built is not None:
        files = files_of(built)
        if POS.label not in pl.read_parquet_schema(files[0]):
            raise _no_labels(name)
        return files
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
    return [scratch / _LABELS]


def _no_labels(name: str) -> InputError:
    return InputError(
        f"--labels: there are no labels (was {name!r}, without {POS.label})",
        hint=f"name a log or a build with the column {POS.label}: 1 for fraud, 0 for not",
    )
