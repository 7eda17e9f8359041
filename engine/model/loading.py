"""Runs from disk: read only if they are unharmed.

A pickle is code. None is loaded before its bytes are known to be those that the manifest tells of;
that shows damage and mix-ups, not malice: who can change a run can change its manifest too.
"""

import hashlib
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from engine.catalog import set_of
from engine.definition import FeatureSet, fingerprint
from engine.errors import DefinitionError, InputError
from engine.model.bins import TrainingBins, bins_from_json
from engine.model.calibration import calibration_from_json
from engine.model.encoding import Encoding, encoding_from_json
from engine.model.feature_values import text_columns
from engine.model.kinds import ANOMALY, KINDS, MODEL_FILES, PICKLE, Kind, Model
from engine.model.run import (
    ABLATION,
    BINS,
    ENCODING,
    FORMAT,
    MANIFEST,
    METRICS,
    NAMES,
    REPORT,
    THRESHOLD,
    Run,
    usual_values,
)
from engine.versions import versions

_TRAIN: Final = "train anew with python -m engine.train"


def load_run(path: Path, *, threads: int = 1, called: Path | None = None) -> Run:
    """Read a run and verify it.

    Parameters
    ----------
    path
        Its folder, or the link ``current``.
    threads
        How many threads score; no score depends on it.
    called
        What the run and messages call it, if that is not ``path``.

    Raises
    ------
    InputError
        If there is no run, a file is missing or not the one that was written, or the run was
        trained on features that this code computes otherwise. Nothing of a pickle has run then.
    """
    # Of a link the target, once: it may be switched while files are read.
    folder = path.resolve()
    path = path if called is None else called
    manifest = _manifest(path, folder)
    features = _feature_set(path, manifest)
    texts = text_columns(features)
    kind = _kind(path, manifest)
    content = _verified(path, folder, manifest, kind, has_texts=bool(texts))
    names = _parsed(path / NAMES, content[NAMES])
    if names != list(features.names):
        raise InputError(
            f"{path / NAMES}: not the features of {features.name} in their order "
            f"(was {len(names) if isinstance(names, list) else type(names).__name__} names)",
            hint=_TRAIN,
        )
    chosen = _parsed(path / THRESHOLD, content[THRESHOLD])
    try:
        threshold = _finite(chosen["threshold"])
        usual = usual_values(manifest["usual"], {features.names[column] for column in texts})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: the threshold or the usual values cannot be read (was {error!r})", hint=_TRAIN
        ) from error
    calibration = calibration_from_json(chosen.get("calibration", {}), str(path / THRESHOLD))
    encoding = _encoding(path / ENCODING, content, features, texts)
    model = _model(path, kind, content, features, manifest, encoding, threads)
    lacking = {*features.names, *model.added} - usual.keys()
    if lacking:
        raise InputError(
            f"{path / MANIFEST}: does not tell what is usual (was nothing of {min(lacking)})",
            hint=_TRAIN,
        )
    bins = _bins(path / BINS, content[BINS], features) if BINS in content else None
    return Run(path, features, model, threshold, calibration, usual, manifest, bins, encoding)


def _encoding(
    path: Path, content: dict[str, bytes], features: FeatureSet, texts: tuple[int, ...]
) -> Encoding:
    if not texts:
        return Encoding()
    return encoding_from_json(_parsed(path, content[ENCODING]), features.names, texts, str(path))


def _bins(path: Path, content: bytes, features: FeatureSet) -> TrainingBins:
    bins = bins_from_json(_parsed(path, content), str(path))
    other = bins.features.keys() ^ set(features.names)
    if other:
        raise InputError(
            f"{path}: not of the features of {features.name} (was {len(bins.features)} features, "
            f"{min(other)} in one of the two alone)",
            hint=_TRAIN,
        )
    return bins


def _finite(number: float) -> float:
    found = float(number)
    if not math.isfinite(found):
        raise ValueError(f"{found}")
    return found


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
    told = {"id": str, "options": dict, "parts": dict, "versions": dict, "sha256": dict}
    for name, kind in told.items():
        if not isinstance(manifest.get(name), kind):
            raise InputError(
                f"{path / MANIFEST}: tells no {name} that can be read "
                f"(was {type(manifest.get(name)).__name__})",
                hint=_TRAIN,
            )
    return manifest


def _parsed(path: Path, content: bytes) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:  # the latter of a list in a list, and so on
        raise InputError(f"{path}: cannot be read as JSON (was: {error})", hint=_TRAIN) from error


def _feature_set(path: Path, manifest: dict[str, Any]) -> FeatureSet:
    name, trained_with = manifest.get("feature_set"), str(manifest.get("fingerprint"))
    try:
        features = set_of(manifest)
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


def _verified(
    path: Path, folder: Path, manifest: dict[str, Any], kind: Kind, *, has_texts: bool
) -> dict[str, bytes]:
    """The bytes of the run's files, all that the manifest names, hashed as they will be used."""
    hashes: dict[str, Any] = manifest["sha256"]
    content = {}
    # What each run has: not bins, which older ones lack, nor a report, which need not be asked for.
    needed = [MODEL_FILES[kind], PICKLE, NAMES, THRESHOLD, METRICS]
    if manifest.get("anomaly"):
        needed.append(ANOMALY)
    if has_texts:
        needed.append(ENCODING)
    # What lies there unnamed is nobody's: it was put there, or taken out of the manifest.
    others = (*MODEL_FILES.values(), ANOMALY, ABLATION, BINS, ENCODING, REPORT)
    needed += [name for name in others if (folder / name).exists()]
    for name in dict.fromkeys([*needed, *hashes]):
        try:
            data = (folder / name).read_bytes()
        except (OSError, ValueError) as error:  # the latter of a name that no file can have
            reason = error.strerror if isinstance(error, OSError) else error
            raise InputError(
                f"{path}: {name!r} cannot be read (was: {reason})"
                if "\0" in name
                else f"{path / name}: cannot be read (was: {reason})",
                hint=f"restore the run from where it was copied, or {_TRAIN}",
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != hashes.get(name):
            raise InputError(
                f"{path / name}: not the file that was trained: its SHA-256 is not that of the "
                f"manifest (was {found[:12]}, the manifest's is "
                f"{str(hashes.get(name))[:12]}); it was not loaded",
                hint=f"restore the run from where it was copied, or {_TRAIN}",
            )
        content[name] = data
    return content


def _model(
    path: Path,
    kind: Kind,
    content: dict[str, bytes],
    features: FeatureSet,
    manifest: dict[str, Any],
    encoding: Encoding,
    threads: int,
) -> Model:
    anomaly, width = content.get(ANOMALY), len(features.names)
    if kind != "lightgbm" or anomaly is not None:
        _refuse_other_version(path, manifest)
    with _holding(path / MODEL_FILES[kind], f"no {kind} model of this run"):
        model = _model_alone(
            kind, content[MODEL_FILES[kind]], threads, width + (anomaly is not None), encoding
        )
    if anomaly is None:
        return model
    from engine.model.anomaly import WithAnomaly, read_detector  # noqa: PLC0415 - slow to import

    with _holding(path / ANOMALY, "no isolation forest of this run"):
        return WithAnomaly(model, read_detector(anomaly, width))


@contextmanager
def _holding(file: Path, what: str) -> Iterator[None]:
    """Refuse a file whose hash is the manifest's, and whose content is not what it says."""
    try:
        yield
    except ValueError as error:
        raise InputError(f"{file}: holds {what} (was {error})", hint=_TRAIN) from error


def _model_alone(
    kind: Kind, content: bytes, threads: int, inputs: int, encoding: Encoding
) -> Model:
    if kind == "lightgbm":
        from engine.model.boosted import read_boosted  # noqa: PLC0415 - slow to import

        return read_boosted(content, threads, inputs)
    from engine.model.forest import read_forest  # noqa: PLC0415 - slow to import

    return read_forest(content, threads, inputs, encoding.unseen)


def _refuse_other_version(path: Path, manifest: dict[str, Any]) -> None:
    """scikit-learn promises nothing of pickles made by another version of it."""
    trained = manifest.get("versions", {}).get("scikit-learn")
    here = versions(["scikit-learn"])["scikit-learn"]
    if trained != here:
        raise InputError(
            f"{path}: pickled by another version of scikit-learn (was {trained}, here is {here})",
            hint=f"install scikit-learn=={trained}, or {_TRAIN}",
        )
