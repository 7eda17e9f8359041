"""A model that may fail, of which no event has to suffer."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decide.decider import Decider
from engine.model.feature_values import FeatureValues


@dataclass(frozen=True, slots=True)
class Judged:
    """What a model said of some events.

    Parameters
    ----------
    scores
        float64; NaN where it gave none.
    flagged
        bool; False where it gave none.
    failed
        bool, where it gave none.
    why
        What went wrong with the last of these; None if nothing did.
    """

    scores: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    why: str | None = None


def judged(decider: Decider, values: FeatureValues) -> Judged:
    """Ask the model of all events at once, and if it fails of one after the other."""
    try:
        scores, flagged = decider.judge(values)
    except Exception as error:  # noqa: BLE001 - whatever a model does, events are answered
        return _one_by_one(decider, values, f"{type(error).__name__}: {error}")
    return _checked(scores, flagged, len(values))


def _one_by_one(decider: Decider, values: FeatureValues, why: str) -> Judged:
    scores = np.full(len(values), np.nan)
    flagged = np.zeros(len(values), dtype=np.bool_)
    for row in range(len(values)):
        try:
            score, flag = decider.judge(values[row : row + 1])
            scores[row], flagged[row] = score[0], flag[0]
        except Exception as error:  # noqa: BLE001 - see above
            why = f"{type(error).__name__}: {error}"
    found = _checked(scores, flagged, len(values))
    return Judged(found.scores, found.flagged, found.failed, why)


def _checked(scores: NDArray[np.float64], flagged: NDArray[np.bool_], wanted: int) -> Judged:
    if scores.shape != (wanted,):
        nothing = np.full(wanted, np.nan)
        none = np.zeros(wanted, dtype=np.bool_)
        return Judged(nothing, none, ~none, f"{scores.shape} scores of {wanted} events")
    failed = ~((scores >= 0.0) & (scores <= 1.0))  # NaN is neither
    if not failed.any():
        return Judged(scores, flagged, failed)
    return Judged(
        np.where(failed, np.nan, scores), flagged & ~failed, failed, "scores that are not 0 to 1"
    )
