"""Runs on disk: a folder appears only when it is complete, and is replaced at one instant."""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from engine.catalog import told_of
from engine.definition import FeatureSet
from engine.errors import InputError, OutputError
from engine.events.disk import scratch_folder, writing
from engine.interrupts import leaving, put_off
from engine.model.kinds import Model
from engine.model.lock import switching
from engine.model.replace import put_in_place, settle_replaced, take_back
from engine.model.run import CURRENT, FORMAT, MANIFEST, NAMES, Run
from engine.versions import versions

LIBRARIES: Final = (
    "sentinelpos",
    "lightgbm",
    "scikit-learn",
    "joblib",
    "numpy",
    "polars",
    "altair",
    "vl-convert-python",
)

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)

Read = TypeVar("Read")


def check_place(runs: Path, name: str, *, overwrite: bool | None) -> None:
    """Refuse a place for a run before anything is trained for it.

    Parameters
    ----------
    runs, name
        The folder of runs, and what the run is to be called in it.
    overwrite
        Whether a run may be replaced; None where nobody can ask for that.

    Raises
    ------
    InputError, OutputError
        If the name is none for a folder, a run of that name is there and is not to be replaced, or
        something that is no run is in the place of a run or of ``current``.
    """
    if not _ID.fullmatch(name) or name == CURRENT:
        raise InputError(
            f"--id: not a name for a run (was {name!r})",
            hint="use up to 100 letters, digits, dots, dashes and underscores, not 'current'",
        )
    with writing(runs):
        settle_replaced(runs / name)
        if runs.exists() and not runs.is_dir():
            raise OutputError(f"--out: not a folder (was {str(runs)!r})", hint="name a folder")
        current, folder = runs / CURRENT, runs / name
        if current.exists() and not current.is_symlink():
            raise OutputError(
                f"{current}: not a link to a run (was a {_what(current)})",
                hint="move it away: this name is for the run in use",
            )
        if not (folder.exists() or folder.is_symlink()):
            return
        if not (folder / MANIFEST).is_file():
            raise OutputError(
                f"{folder}: there already, and not a run (was a {_what(folder)})",
                hint="choose another --id",
            )
    if not overwrite:
        raise OutputError(
            f"{folder}: this run is there already (was {name!r})",
            hint="choose another --id"
            if overwrite is None
            else "add --overwrite to replace it, or choose another --id",
        )


def _what(path: Path) -> str:
    return "folder" if path.is_dir() else "file"


def describe(
    name: str, *, model: Model, features: FeatureSet, told: Mapping[str, Any]
) -> dict[str, Any]:
    """A run's manifest but for the hashes of its files.

    Parameters
    ----------
    name
        The run's.
    model, features
        What was trained, on what.
    told
        What the manifest tells besides format, versions and fingerprint.
    """
    return {
        "format": FORMAT,
        "id": name,
        "model": model.kind,
        **told_of(features),
        "versions": versions(LIBRARIES),
        **told,
    }


def write_run(
    run: Run, others: Mapping[str, bytes], read: Callable[[Path], Read], *, current: bool
) -> Read:
    """Write a run whose place was checked; on any failure none is left or changed.

    An interrupt once the run is being put in its place waits for that: it finds it there, whole,
    and says so.

    Parameters
    ----------
    run
        The run, its manifest as of :func:`describe`: the hashes of all files come with it.
    others
        What it holds besides the model and the names of its features: the content of files by
        their paths in it.
    read
        Reads the finished folder, as others will, before it is put in its place: a run that cannot
        be loaded is found here, not there.
    current
        Whether to let ``current`` lead to it.

    Returns
    -------
    Read
        What was read.
    """
    files = {**run.model.files(), NAMES: json_bytes(list(run.features.names)), **others}
    hashes = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
    files[MANIFEST] = json_bytes({**run.manifest, "sha256": hashes})
    runs = run.path.parent
    with writing(runs):
        runs.mkdir(parents=True, exist_ok=True)
    with leaving() as done, scratch_folder(runs) as scratch, writing(runs):
        made = scratch / run.path.name
        made.mkdir()
        for file, data in files.items():
            (made / file).parent.mkdir(exist_ok=True)
            _write_through(made / file, data)
        content = read(made)
        # Also without a switch: it may be the run in use that is replaced.
        with switching(runs), put_off():
            put_in_place(made, run.path)
            try:
                if current:
                    make_current(run.path)
            except BaseException:
                take_back(made, run.path)
                raise
            leads = f" and {runs / CURRENT} leads to it" if current else ""
            done.append(f"{run.path} was complete, it is in its place{leads}")
    return content


def json_bytes(content: object) -> bytes:
    """A file of a run; numbers that JSON has no words for are an error."""
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def drop_run(folder: Path) -> None:
    """Remove a run, at one instant for whoever looks."""
    with put_off(), scratch_folder(folder.parent) as scratch, writing(folder.parent):
        folder.rename(scratch / folder.name)


def make_current(folder: Path) -> Path:
    """Let ``current``, beside a run, lead to it from this instant on.

    To be called within :func:`engine.model.lock.switching`. Who asks for it, as a training does,
    means this run whatever was in use, and the last one who asks has it. A retraining, which means
    it instead of a certain run, looks for that one directly before, within the same block.

    Returns
    -------
    pathlib.Path
        The link.
    """
    link = folder.parent / CURRENT
    aside = folder.parent / f".{CURRENT}.{os.getpid()}"
    with writing(folder.parent):
        try:
            with suppress(FileNotFoundError):
                aside.unlink()
            aside.symlink_to(folder.name)  # relative: the folder of runs may move
            aside.replace(link)
        finally:
            with suppress(FileNotFoundError):
                aside.unlink()
    return link
