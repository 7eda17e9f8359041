"""From the files of a run to its model, once they are known to be its own."""

from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.model.kinds import ANOMALY, MODEL_FILES, Kind, Model
from engine.versions import versions


def read_model(
    path: Path, kind: Kind, content: dict[str, bytes], manifest: dict[str, Any], threads: int
) -> Model:
    """Read a run's model.

    Parameters
    ----------
    path
        What messages call the run.
    kind
        Which kind it is.
    content
        The run's files by name, known to be those that were written.
    manifest
        The run's.
    threads
        How many threads score.

    Raises
    ------
    InputError
        If a pickle was made by another version of scikit-learn than the one here.
    """
    anomaly = content.get(ANOMALY)
    if kind != "lightgbm" or anomaly is not None:
        _refuse_other_version(path, manifest)
    model = _model_alone(kind, content[MODEL_FILES[kind]], threads)
    if anomaly is None:
        return model
    from engine.model.anomaly import WithAnomaly, read_detector  # noqa: PLC0415 - slow to import

    return WithAnomaly(model, read_detector(anomaly))


def _model_alone(kind: Kind, content: bytes, threads: int) -> Model:
    if kind == "lightgbm":
        from engine.model.boosted import read_boosted  # noqa: PLC0415 - slow to import

        return read_boosted(content, threads)
    from engine.model.forest import read_forest  # noqa: PLC0415 - slow to import

    return read_forest(content, threads)


def _refuse_other_version(path: Path, manifest: dict[str, Any]) -> None:
    """scikit-learn promises nothing of pickles made by another version of it."""
    trained = manifest.get("versions", {}).get("scikit-learn")
    here = versions(["scikit-learn"])["scikit-learn"]
    if trained != here:
        raise InputError(
            f"{path}: pickled by another version of scikit-learn (was {trained}, here is {here})",
            hint=f"install scikit-learn=={trained}, or train anew with python -m engine.train",
        )
