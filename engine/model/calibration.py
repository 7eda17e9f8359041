"""From scores to probabilities: a rising curve, fitted on held-out events, kept as plain numbers.

Scores come of classes weighted in training, so they rank and do not say how likely fraud is.
"""

import math
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.model.ranked import Floats

Method = Literal["platt", "isotonic", "none"]
METHODS: Final[tuple[Method, ...]] = ("platt", "isotonic", "none")

_NEAREST: Final = 1e-9  # to 0 and 1, where log-odds have no end
_MOST_STEPS: Final = 100
_CLOSE: Final = 1e-10


@dataclass(frozen=True, slots=True)
class Calibration:
    """A fitted curve.

    Parameters
    ----------
    method
        ``platt``: a logistic curve over the score's log-odds, ``slope`` and ``intercept``; it
        keeps the order of scores. ``isotonic``: straight lines between points of a rising step
        function, which can make different scores equally likely. ``none``: the score itself.
    slope, intercept
        Of ``platt``.
    scores, probabilities
        The points of ``isotonic``, both rising.
    """

    method: Method
    slope: float = 1.0
    intercept: float = 0.0
    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    def apply(self, scores: Floats) -> Floats:
        """The probability of fraud for each score."""
        match self.method:
            case "platt":
                odds: Floats = _log_odds(scores) * self.slope + self.intercept
                return _logistic(odds)
            case "isotonic":
                return np.interp(scores, self.scores, self.probabilities)
            case "none":
                return scores

    def to_json(self) -> dict[str, Any]:
        """What ``threshold.json`` holds of it."""
        match self.method:
            case "platt":
                return {"method": "platt", "slope": self.slope, "intercept": self.intercept}
            case "isotonic":
                return {
                    "method": "isotonic",
                    "scores": list(self.scores),
                    "probabilities": list(self.probabilities),
                }
            case "none":
                return {"method": "none"}


def calibration_from_json(content: dict[str, Any], where: str) -> Calibration:
    """Read what ``to_json`` gave; ``where`` is what messages call the file."""
    try:
        return _read(content)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{where}: the calibration cannot be read (was {error!r})", hint="train anew"
        ) from error


def _read(content: dict[str, Any]) -> Calibration:
    found = Calibration(
        method=METHODS[METHODS.index(content["method"])],
        slope=float(content.get("slope", 1.0)),
        intercept=float(content.get("intercept", 0.0)),
        scores=tuple(map(float, content.get("scores", ()))),
        probabilities=tuple(map(float, content.get("probabilities", ()))),
    )
    numbers = (found.slope, found.intercept, *found.scores, *found.probabilities)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("not a number")
    points, others = len(found.scores), len(found.probabilities)
    if points != others or (found.method == "isotonic" and not points):
        raise ValueError(f"{points} scores, {others} probabilities")
    return found


def fit_calibration(method: Method, scores: Floats, labels: NDArray[np.int8]) -> Calibration:
    """Fit a curve.

    Parameters
    ----------
    method
        Which.
    scores, labels
        Of events that the model did not learn from, some fraud and some not.
    """
    match method:
        case "platt":
            slope, intercept = _platt(_log_odds(scores), labels)
            return Calibration("platt", slope=slope, intercept=intercept)
        case "isotonic":
            return _isotonic(scores, labels)
        case "none":
            return Calibration("none")


def _isotonic(scores: Floats, labels: NDArray[np.int8]) -> Calibration:
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - a second to import

    fitted = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip").fit(scores, labels)
    return Calibration(
        "isotonic",
        scores=tuple(fitted.X_thresholds_.tolist()),
        probabilities=tuple(fitted.y_thresholds_.tolist()),
    )


def _platt(odds: Floats, labels: NDArray[np.int8]) -> tuple[float, float]:
    """Slope and intercept of a logistic regression of two parameters, by Newton's method.

    Labels are drawn in by the usual half a case, so that scores that part the classes exactly do
    not ask for an endless slope.
    """
    fraud = int(labels.sum())
    wanted = np.where(labels == 1, (fraud + 1) / (fraud + 2), 1 / (len(labels) - fraud + 2))
    # From the flat curve at the share of fraud, over log-odds around 0: from where nothing is
    # certain yet a step cannot lead astray, however far from 0 or alike the scores are.
    middle, width = float(odds.mean()), float(odds.std()) or 1.0
    flat = float(_log_odds(wanted.mean()))
    design = np.stack([(odds - middle) / width, np.ones_like(odds)])
    found = np.array([0.0, flat])
    loss = _loss(found, design, wanted)
    for _ in range(_MOST_STEPS):
        guess = _logistic(found @ design)
        gradient = design @ (guess - wanted)
        curvature = (design * (guess * (1 - guess))) @ design.T + _CLOSE * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        scale = 1.0
        while scale > _CLOSE and _loss(found - scale * step, design, wanted) > loss:
            scale /= 2
        found = found - scale * step
        before, loss = loss, _loss(found, design, wanted)
        if before - loss <= _CLOSE * abs(before):
            break
    slope, intercept = float(found[0]) / width, float(found[1])
    if slope < _CLOSE:
        # A falling curve would say that high scores are less likely fraud: worse than a flat one.
        slope, intercept = _CLOSE, flat
    return slope, intercept - slope * middle


def _loss(found: Floats, design: Floats, wanted: Floats) -> float:
    odds = found @ design
    return float(np.sum(np.logaddexp(0.0, odds) - wanted * odds))


def _log_odds(scores: Floats | float) -> Floats:
    inside = np.clip(scores, _NEAREST, 1 - _NEAREST)
    odds: Floats = np.log(inside) - np.log1p(-inside)
    return odds


def _logistic(odds: Floats) -> Floats:
    probability: Floats = 0.5 * (1.0 + np.tanh(0.5 * odds))
    return probability
