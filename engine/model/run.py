"""A trained run: a model with everything that scoring needs, and its manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.definition import FeatureSet
from engine.model.bins import TrainingBins
from engine.model.calibration import Calibration
from engine.model.kinds import Floats, Model

MANIFEST: Final = "manifest.json"
NAMES: Final = "features.json"
THRESHOLD: Final = "threshold.json"
METRICS: Final = "metrics.json"
BINS: Final = "bins.json"
REPORT: Final = "report.html"
PLOTS: Final = "plots"  # the folder of its plots, PNG files
CURRENT: Final = "current"

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
        The median of each feature in training; NaN where it had no value.
    manifest
        What ``manifest.json`` holds.
    bins
        How features and scores were spread in training; None of a run from before they were kept.
    """

    path: Path
    features: FeatureSet
    model: Model
    threshold: float
    calibration: Calibration
    usual: dict[str, float]
    manifest: dict[str, Any]
    bins: TrainingBins | None = None

    @property
    def input_names(self) -> tuple[str, ...]:
        """What its model looks at, in order."""
        return (*self.features.names, *self.model.added)

    def flags(self, scores: Floats) -> NDArray[np.bool_]:
        """Which scores are flagged."""
        return scores >= self.threshold


def usual_values(told: Mapping[str, float | None]) -> dict[str, float]:
    """The median of each input in training, as a manifest tells it; NaN where it says null."""
    return {name: float("nan") if value is None else float(value) for name, value in told.items()}
