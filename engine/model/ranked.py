"""Events in the order of falling score: what each threshold would flag, right and wrong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Curve:
    """What thresholds at each distinct score would flag, from the highest score down.

    Parameters
    ----------
    true, false
        int64, fraud and legitimate events with at least that score; events of equal scores are
        flagged together or not at all.
    fraud, legitimate
        How many of each there are.
    """

    true: Integers
    false: Integers
    fraud: int
    legitimate: int

    @property
    def precision(self) -> Floats:
        """Share of fraud among what is flagged; 0 where nothing is."""
        flagged = self.true + self.false
        precision: Floats = self.true / np.maximum(flagged, 1)
        return precision

    @property
    def recall(self) -> Floats:
        """Share of the fraud that is flagged; NaN if there is none."""
        return divided(self.true, self.fraud)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and recall."""
        f1: Floats = 2 * self.true / np.maximum(self.true + self.false + self.fraud, 1)
        return f1

    @property
    def average_precision(self) -> float:
        """Mean of precision over the fraud found, step by step and without interpolation."""
        found = np.diff(self.true, prepend=0)
        return float(divided(np.sum(found * self.precision), self.fraud))

    @property
    def roc_auc(self) -> float:
        """Chance that a fraud scores above a legitimate event; equal scores count half."""
        beside = np.diff(self.false, prepend=0)
        before = self.true - np.diff(self.true, prepend=0)
        area = np.sum(beside * ((self.true + before) / 2))
        return float(divided(area, float(self.fraud) * self.legitimate))

    def recall_at(self, false_positive_rate: float) -> float:
        """The highest recall with at most that share of legitimate events flagged; NaN of none."""
        allowed = int(np.searchsorted(self.false, false_positive_rate * self.legitimate, "right"))
        return float(divided(self.true[allowed - 1] if allowed else 0, self.fraud))


class Ranked:
    """Labelled events sorted by score, highest first; equal scores make one step.

    Parameters
    ----------
    scores
        float64, none of them NaN.
    labels
        1 for fraud, else 0.

    Attributes
    ----------
    order
        int64, the events' places, highest score first, equal scores in the order given.
    steps
        float64, the distinct scores, highest first.
    """

    def __init__(self, scores: Floats, labels: NDArray[np.int8]) -> None:
        self.order: Integers = np.argsort(-scores, kind="stable")
        falling = scores[self.order]
        last_of_step = np.empty(len(falling), dtype=bool)
        last_of_step[:-1] = falling[1:] != falling[:-1]
        last_of_step[-1:] = True
        self._ends = np.flatnonzero(last_of_step)
        self._is_fraud = labels[self.order].astype(bool)
        self.steps: Floats = falling[self._ends]

    def curve(self, weights: Integers | None = None) -> Curve:
        """The curve, each event counted as often as its weight says, or once.

        Parameters
        ----------
        weights
            int64 of 0 or more, in the order of the events given.
        """
        counts = (
            np.ones(len(self.order), dtype=np.int64) if weights is None else weights[self.order]
        )
        every = np.cumsum(counts)[self._ends]
        true = np.cumsum(counts * self._is_fraud)[self._ends]
        false = every - true
        if not len(true):
            return Curve(true, false, 0, 0)
        return Curve(true, false, int(true[-1]), int(false[-1]))

    def sums(self, values: Floats) -> Floats:
        """Running sums of a value of each event, at each step of the curve."""
        return np.cumsum(values[self.order])[self._ends]

    def flagged(self, threshold: float) -> int:
        """How many steps have at least that score."""
        return int(self.flagged_at(np.array([threshold]))[0])

    def flagged_at(self, thresholds: Floats) -> Integers:
        """How many steps have at least that score, for each of several."""
        return np.searchsorted(-self.steps, -thresholds, side="right")


def divided(above: Floats | Integers | float, below: float) -> Floats:
    """A quotient; NaN where the divisor is 0."""
    return np.asarray(above, dtype=np.float64) / (below or np.nan)
