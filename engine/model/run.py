"""A trained run: a model with everything that scoring needs, and its manifest."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.definition import FeatureSet
from engine.model.bins import TrainingBins
from engine.model.calibration import Calibration
from engine.model.encoding import Encoding
from engine.model.feature_values import FeatureValues
from engine.model.kinds import Floats, Model

MANIFEST: Final = "manifest.json"
NAMES: Final = "features.json"
THRESHOLD: Final = "threshold.json"
METRICS: Final = "metrics.json"
ABLATION: Final = "ablation.json"  # of a run that was asked what each family of features adds
BINS: Final = "bins.json"
ENCODING: Final = "encoding.json"  # of a set with text features
REPORT: Final = "report.html"
PLOTS: Final = "plots"  # the folder of its plots, PNG files
CURRENT: Final = "current"

Usual = float | str

FORMAT: Final = 1  # of the manifest; raise it when what is written cannot be read any more


@dataclass(frozen=True, slots=True)
class Run:
    """A run that was read and verified, or has just been trained.

    Parameters
    ----------
    path
        Its folder.
    features
        The feature set that it was trained on.
    model
        The model.
    threshold
        The lowest score that is flagged.
    calibration
        From scores to probabilities.
    usual
        Of each input the median in training, of a text feature the most common text; NaN where it
        had no value.
    manifest
        What ``manifest.json`` holds.
    bins
        How features and scores were spread in training; None of a run from before they were kept.
    encoding
        What its model sees in the place of texts.
    """

    path: Path
    features: FeatureSet
    model: Model
    threshold: float
    calibration: Calibration
    usual: dict[str, Usual]
    manifest: dict[str, Any]
    bins: TrainingBins | None = None
    encoding: Encoding = field(default_factory=Encoding)

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its model looks at, in order."""
        return (*self.features.names, *self.model.added)

    def scores(self, values: FeatureValues) -> Floats:
        """What its model says of events, from 0 to 1."""
        return self.model.scores(self.encoding.encoded(values))

    def flags(self, scores: Floats) -> NDArray[np.bool_]:
        """Which scores are flagged."""
        return scores >= self.threshold


def usual_values(told: Mapping[str, Usual | None], texts: Collection[str] = ()) -> dict[str, Usual]:
    """What is usual of each input in training, as a manifest tells it; NaN where it says null.

    Raises
    ------
    ValueError, TypeError
        If that of one of the ``texts`` is none, or of another input no number.
    """
    return {
        name: math.nan if value is None else _text(value) if name in texts else float(value)
        for name, value in told.items()
    }


def _text(value: Usual) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} for a text")
    return value
