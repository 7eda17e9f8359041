"""What every threshold would do to the test part, in as many points as a plot can show.

A point is where a curve really is: points are left out, none is made up between two others.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.model.metrics import Scored
from engine.model.ranked import Floats, Integers, Ranked

_STEPS: Final = 300  # of recall, with two points each
_THRESHOLDS: Final = 400  # evenly from 0 to 1


@dataclass(frozen=True, slots=True)
class Losses:
    """What each threshold loses.

    Parameters
    ----------
    points
        A row for each threshold, falling: ``threshold``, ``missed``, ``false_alerts``, ``total``.
    lowest
        The row of the threshold that would have lost least, of all there are; None if that is to
        flag nothing.
    nothing_flagged
        What is lost if nothing is flagged.
    is_money
        Whether losses are money; without amounts they are numbers of events.
    """

    points: pl.DataFrame
    lowest: dict[str, float] | None
    nothing_flagged: float
    is_money: bool


class Curves:
    """The curves of scored events.

    Parameters
    ----------
    scored
        Labelled events, some fraud and some not.
    threshold
        The lowest score that is flagged; every curve has a point there.
    """

    def __init__(self, scored: Scored, threshold: float) -> None:
        self._scored = scored
        self._threshold = threshold
        self._ranked = Ranked(scored.scores, scored.labels)
        self._curve = self._ranked.curve()

    def precision_recall(self) -> pl.DataFrame:
        """``recall`` and ``precision`` in the order of falling thresholds.

        Of each of 300 equal steps of recall there are the points of the highest and of the lowest
        precision, and that of the threshold.
        """
        precision, recall = self._curve.precision, self._curve.recall
        step = np.minimum((recall * _STEPS).astype(np.int64), _STEPS - 1)
        kept = {0, len(step) - 1, max(self._ranked.flagged(self._threshold) - 1, 0)}
        for order in (precision, -precision):
            by_step = np.lexsort((order, step))
            first = np.flatnonzero(np.diff(step[by_step], prepend=-1))
            kept.update(by_step[first].tolist())
        places = np.array(sorted(kept))
        return pl.DataFrame({"recall": recall[places], "precision": precision[places]})

    def at_thresholds(self) -> pl.DataFrame:
        """``threshold``, ``precision`` (null where nothing is flagged), ``recall`` and ``f1``."""
        thresholds = self._thresholds()
        true, false = self._at(thresholds, self._curve.true, self._curve.false)
        flagged = true + false
        return pl.DataFrame(
            {
                "threshold": thresholds,
                "precision": _divided_each(true, flagged),
                "recall": true / self._curve.fraud,
                "f1": 2 * true / (flagged + self._curve.fraud),
            }
        ).with_columns(pl.col("precision").fill_nan(None))

    def losses(self, alert_cost: float) -> Losses:
        """What each threshold loses: the fraud that it misses and the false alerts that it makes.

        Parameters
        ----------
        alert_cost
            What a false alert costs; without amounts each miss and each false alert counts 1.
        """
        amounts = self._scored.amounts
        cost = 1.0 if amounts is None else alert_cost
        lost = (1.0 if amounts is None else amounts) * self._scored.labels.astype(np.float64)
        every, caught = float(lost.sum()), self._ranked.sums(lost)
        totals = every - caught + cost * self._curve.false
        best = int(np.argmin(totals))
        lowest = float(self._ranked.steps[best])
        thresholds = np.unique([*self._thresholds(), lowest])[::-1]
        taken, false = self._at(thresholds, caught, self._curve.false)
        points = pl.DataFrame(
            {
                "threshold": thresholds,
                "missed": np.maximum(every - taken, 0.0),
                "false_alerts": cost * false,
            }
        ).with_columns(total=pl.col("missed") + pl.col("false_alerts"))
        row = points.filter(pl.col("threshold") == lowest).row(0, named=True)
        # Without a flag nothing is lost but the fraud; sums of floats may be a little apart.
        flags = totals[best] < every and not math.isclose(totals[best], every)
        return Losses(points, row if flags else None, every, amounts is not None)

    def _thresholds(self) -> Floats:
        even = np.linspace(0.0, 1.0, _THRESHOLDS + 1)
        return np.unique(np.append(even, self._threshold))[::-1]

    def _at(self, thresholds: Floats, *running: Integers | Floats) -> list[Floats]:
        """Running sums of the curve at thresholds; 0 where nothing is flagged."""
        steps = self._ranked.flagged_at(thresholds)
        return [np.where(steps > 0, sums[np.maximum(steps - 1, 0)], 0.0) for sums in running]


def _divided_each(above: Floats, below: Floats) -> Floats:
    """Quotients; NaN where the divisor is 0."""
    quotients: Floats = np.divide(above, below, out=np.full(len(above), np.nan), where=below > 0)
    return quotients
