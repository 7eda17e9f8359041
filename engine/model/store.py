"""Runs on disk: a folder appears only when it is complete, and is read only if it is unharmed.

A pickle is code. None is loaded before its bytes are known to be those that the manifest tells of;
that shows damage and mix-ups, not malice: who can change a run can change its manifest too.
"""

import hashlib
import json
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from engine.catalog import load_feature_set
from engine.definition import FeatureSet, fingerprint
from engine.errors import DefinitionError, InputError, OutputError
from engine.events.disk import scratch_folder, writing
from engine.interrupts import put_off
from engine.model.calibration import calibration_from_json
from engine.model.drift import TrainingBins, bins_from_json
from engine.model.kinds import ANOMALY, KINDS, MODEL_FILES, Kind, Model
from engine.model.reading import read_model
from engine.model.replace import put_in_place, settle_replaced
from engine.model.run import BINS, CURRENT, MANIFEST, METRICS, NAMES, THRESHOLD, Run
from engine.versions import versions

FORMAT: Final = 1  # of the manifest; raise it when what is written cannot be read any more
LIBRARIES: Final = ("sentinelpos", "lightgbm", "scikit-learn", "joblib", "numpy", "polars")

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_TRAIN: Final = "train anew with python -m engine.train"


def check_place(runs: Path, name: str, *, overwrite: bool) -> None:
    """Refuse a place for a run before anything is trained for it.

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
            hint="add --overwrite to replace it, or choose another --id",
        )


def _what(path: Path) -> str:
    return "folder" if path.is_dir() else "file"


def write_run(
    runs: Path,
    name: str,
    *,
    model: Model,
    features: FeatureSet,
    threshold: dict[str, Any],
    metrics: dict[str, Any],
    bins: TrainingBins,
    manifest: dict[str, Any],
) -> Path:
    """Write a run whose place was checked; on any failure none is left or changed.

    Parameters
    ----------
    runs, name
        The folder of runs, and the run's own in it.
    model, features
        What was trained, on what.
    threshold
        ``threshold.json``: the threshold, how it was chosen, the calibration.
    metrics
        ``metrics.json``.
    bins
        ``bins.json``.
    manifest
        What the manifest tells besides format, hashes, versions and fingerprint.

    Returns
    -------
    pathlib.Path
        The run's folder.
    """
    files = {
        **model.files(),
        NAMES: _json(list(features.names)),
        THRESHOLD: _json(threshold),
        METRICS: _json(metrics),
        BINS: _json(bins.to_json()),
    }
    content = {
        "format": FORMAT,
        "id": name,
        "model": model.kind,
        "feature_set": features.name,
        "fingerprint": fingerprint(features),
        "sha256": {file: _sha256(data) for file, data in files.items()},
        "versions": versions(LIBRARIES),
        **manifest,
    }
    files[MANIFEST] = _json(content)
    folder = runs / name
    with writing(runs):
        runs.mkdir(parents=True, exist_ok=True)
    with scratch_folder(runs) as scratch, writing(runs):
        made = scratch / name
        made.mkdir()
        for file, data in files.items():
            _write_through(made / file, data)
        with put_off():
            put_in_place(made, folder)
    return folder


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def drop_run(folder: Path) -> None:
    """Remove a run, at one instant for whoever looks."""
    with scratch_folder(folder.parent) as scratch, writing(folder.parent), put_off():
        folder.rename(scratch / folder.name)


def make_current(folder: Path) -> Path:
    """Let ``current``, beside a run, lead to it from this instant on.

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


def load_run(path: Path, *, threads: int = 1) -> Run:
    """Read a run and verify it.

    Parameters
    ----------
    path
        Its folder, or the link ``current``.
    threads
        How many threads score; no score depends on it.

    Raises
    ------
    InputError
        If there is no run, a file is missing or not the one that was written, or the run was
        trained on features that this code computes otherwise. Nothing of a pickle has run then.
    """
    # Of a link the target, once: it may be switched while files are read.
    folder = path.resolve()
    manifest = _manifest(path, folder)
    features = _feature_set(path, manifest)
    kind = _kind(path, manifest)
    content = _verified(path, folder, manifest, kind)
    names = _parsed(path / NAMES, content[NAMES])
    if names != list(features.names):
        raise InputError(
            f"{path / NAMES}: not the features of {features.name} in their order "
            f"(was {len(names) if isinstance(names, list) else type(names).__name__} names)",
            hint=_TRAIN,
        )
    chosen = _parsed(path / THRESHOLD, content[THRESHOLD])
    try:
        threshold = float(chosen["threshold"])
        usual = {
            name: float("nan") if value is None else float(value)
            for name, value in manifest["usual"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: the threshold or the usual values cannot be read (was {error!r})", hint=_TRAIN
        ) from error
    calibration = calibration_from_json(chosen.get("calibration", {}), str(path / THRESHOLD))
    model = read_model(path, kind, content, manifest, threads)
    bins = None
    if BINS in content:
        bins = bins_from_json(_parsed(path / BINS, content[BINS]), str(path / BINS))
    return Run(path, features, model, threshold, calibration, usual, manifest, bins)


def _manifest(path: Path, folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: not a run, it holds no {MANIFEST} (was: {error.strerror})",
            hint="name a folder in the --out of python -m engine.train, such as runs/current",
        ) from error
    manifest = _parsed(path / MANIFEST, content)
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        was = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise InputError(
            f"{path / MANIFEST}: not a manifest of format {FORMAT} (was {was!r})", hint=_TRAIN
        )
    return manifest


def _parsed(path: Path, content: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(content)
    except ValueError as error:
        raise InputError(f"{path}: cannot be read as JSON (was: {error})", hint=_TRAIN) from error


def _feature_set(path: Path, manifest: dict[str, Any]) -> FeatureSet:
    name, trained_with = manifest.get("feature_set"), str(manifest.get("fingerprint"))
    try:
        features = load_feature_set(str(name))
    except DefinitionError as error:
        raise InputError(f"{path / MANIFEST}: {error.what}", hint=error.hint) from error
    ours = fingerprint(features)
    if trained_with != ours:
        raise InputError(
            f"{path}: trained on other definitions of {name} than this code's "
            f"(was fingerprint {trained_with[:12]}, this code's is {ours[:12]})",
            hint="build the features and train anew, or use the code that it was trained with",
        )
    return features


def _kind(path: Path, manifest: dict[str, Any]) -> Kind:
    for kind in KINDS:
        if manifest.get("model") == kind:
            return kind
    raise InputError(
        f"{path / MANIFEST}: no such kind of model (was {manifest.get('model')!r})",
        hint=f"there are {', '.join(KINDS)}; {_TRAIN}",
    )


def _verified(path: Path, folder: Path, manifest: dict[str, Any], kind: Kind) -> dict[str, bytes]:
    """The bytes of the run's files, all that the manifest names, hashed as they will be used."""
    told = manifest.get("sha256")
    hashes = told if isinstance(told, dict) else {}
    content = {}
    needed = [MODEL_FILES[kind], NAMES, THRESHOLD, METRICS]
    if manifest.get("anomaly"):
        needed.append(ANOMALY)
    for name in dict.fromkeys([*needed, *hashes]):
        try:
            data = (folder / name).read_bytes()
        except OSError as error:
            raise InputError(
                f"{path / name}: cannot be read (was: {error.strerror})",
                hint=f"restore the run from where it was copied, or {_TRAIN}",
            ) from error
        if _sha256(data) != hashes.get(name):
            raise InputError(
                f"{path / name}: not the file that was trained: its SHA-256 is not that of the "
                f"manifest (was {_sha256(data)[:12]}, the manifest's is "
                f"{str(hashes.get(name))[:12]}); it was not loaded",
                hint=f"restore the run from where it was copied, or {_TRAIN}",
            )
        content[name] = data
    return content


def _json(content: object) -> bytes:
    return (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
