"""What decides about a backtest's decisions; two that agree in all of it end in one digest.

A backtest that was stopped goes on with what there is if nothing of it has changed. Every option is
part of it unless it is named here: one that is new, and of which nobody has thought, is refused.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, fields, is_dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.definition import fingerprint
from engine.model.features_file import FeatureTable
from engine.model.run import Run
from replay.backtest.folds import Fold
from replay.backtest.options import Options

# No decision depends on these: how it is gone about, what is measured, what is shown.
FREE: Final = frozenset(
    {
        "mode",
        "batch",
        "cards_per_day",
        "resamples",
        "threads",
        "out",
        "overwrite",
        "quiet",
        "json",
    }
)
# A run that is there has a feature set of its own: what the features are is told by the table.
_TOLD_BY_FEATURES: Final = frozenset({"features"})


def about(
    options: Options, table: FeatureTable, folds: Sequence[Fold], fixed: dict[Path, Run]
) -> dict[str, Any]:
    """What decides about the decisions, as ``backtest.json`` holds it.

    Parameters
    ----------
    options, table, folds
        What is tested, of what, where.
    fixed
        The runs that are there already, by their folders; told by the hashes of their files.
    """
    names = [each.name for each in fields(options) if each.name not in FREE | _TOLD_BY_FEATURES]
    asked = {name: _plain(getattr(options, name)) for name in names}
    for contender, told in zip(options.contenders, asked["contenders"], strict=True):
        if contender.run is not None:
            told["run"] = fixed[contender.run].manifest["sha256"]
    return {
        **asked,
        "feature_set": table.features.name,
        "fingerprint": fingerprint(table.features),
        "events": len(table),
        "log": _log_digest(table),
        "folds": [list(astuple(fold)) for fold in folds],
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - options of any kind, as JSON
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, (date, Path)) else value


def _log_digest(table: FeatureTable) -> str:
    """One hash of all that is computed from: another log of the same name is noticed."""
    digest = hashlib.sha256()
    known = () if table.label_times is None else (table.label_times,)
    for column in (*table.values.numbers.T, table.times, table.known_labels, table.cards, *known):
        digest.update(np.ascontiguousarray(column).tobytes())
    for texts in table.values.levels.values():
        digest.update(json.dumps(texts).encode())
    return digest.hexdigest()
