"""How good scores are: everything that is measured, for events each counted as often as is said.

A card is what events hang together by: they come in bursts, so a row is no sample of its own. To
know how far a figure may be off, cards are drawn anew and the same is measured of the draw. Where
a figure is about the cards of a day, days are drawn instead: of cards drawn twice a day would hold
the same one twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.model.bursts import Bursts
from engine.model.daily import DayCards
from engine.model.ranked import Curve, Floats, Integers, Ranked, divided

HALF: Final = 0.5
FALSE_POSITIVE_RATES: Final = (0.001, 0.01)
OF_DAYS: Final = "cards."  # how figures begin that are about the cards of a day


@dataclass(frozen=True, slots=True)
class Scored:
    """Labelled events with their scores.

    Parameters
    ----------
    scores
        float64, as the model gives them.
    probabilities
        float64, calibrated.
    labels
        int8, 1 for fraud.
    card_codes
        int64 from 0, the events' cards.
    times
        int64, seconds since 1970 UTC.
    amounts
        float64 in major units; None if nobody knows them.
    flagged
        bool, what was flagged, where that was not by one threshold for all; None where it was.
    """

    scores: Floats
    probabilities: Floats
    labels: NDArray[np.int8]
    card_codes: Integers
    times: Integers
    amounts: Floats | None
    flagged: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What figures depend on besides the scores.

    Parameters
    ----------
    threshold
        The lowest score that is flagged.
    alert_cost
        What a false alert costs, in the amounts' unit.
    cards_per_day
        How many cards people can look at a day, of all events.
    days
        How many days' events these are.
    sampled
        Which share of the events of their time these are, where they were drawn from them by chance
        or by card.
    """

    threshold: float
    alert_cost: float
    cards_per_day: int
    days: float
    sampled: float = 1.0

    @property
    def cards_looked_at(self) -> int:
        """How many of these events' cards are looked at a day: of a sample as many fewer."""
        return max(1, round(self.cards_per_day * self.sampled))


class Measurement:
    """Measures scores, over the events as they are or over a draw of cards.

    Parameters
    ----------
    scored
        The events.
    terms
        What figures depend on besides.

    Attributes
    ----------
    cards, fraud_cards
        How many cards there are, and how many of them have fraud.
    days, fraud_days
        On how many days there are events, and on how many of them fraud.
    """

    def __init__(self, scored: Scored, terms: Terms) -> None:
        cards, codes = np.unique(scored.card_codes, return_inverse=True)
        self.cards = len(cards)
        self._codes: Integers = codes.astype(np.int64)
        self._terms = terms
        self._ranked = Ranked(scored.scores, scored.labels)
        flagged = scored.flagged
        self._flagged = scored.scores >= terms.threshold if flagged is None else flagged
        self._fraud = scored.labels == 1
        self.fraud_cards = len(np.unique(self._codes[self._fraud]))
        self._amounts = scored.amounts
        self._squares: Floats = (scored.probabilities - scored.labels) ** 2
        self._day_cards = DayCards(
            scored.scores, scored.labels, self._codes, scored.times, terms.cards_looked_at
        )
        self.days, self.fraud_days = self._day_cards.days, self._day_cards.fraud_days
        self._bursts = Bursts(
            self._flagged[self._fraud],
            self._codes[self._fraud],
            scored.times[self._fraud],
            None if scored.amounts is None else scored.amounts[self._fraud],
        )

    def figures(
        self, card_weights: Integers | None = None, day_weights: Integers | None = None
    ) -> dict[str, float]:
        """All figures by name, NaN where there is nothing to measure.

        Parameters
        ----------
        card_weights, day_weights
            int64, how often each card and each day is counted; once unless said otherwise.
        """
        if card_weights is None:
            card_weights = np.ones(self.cards, dtype=np.int64)
        if day_weights is None:
            day_weights = np.ones(self.days, dtype=np.int64)
        weights = card_weights[self._codes]
        curve = self._ranked.curve(weights)
        found = {
            "average_precision": curve.average_precision,
            "roc_auc": curve.roc_auc,
            **self._at("at_threshold", self._flagged_in(weights), curve.fraud),
            **self._at("at_half", self._reaching(curve, HALF), curve.fraud),
            **{f"recall_at_fpr.{rate:g}": curve.recall_at(rate) for rate in FALSE_POSITIVE_RATES},
            "brier_score": float(divided(weights @ self._squares, weights.sum())),
            **_under(OF_DAYS.removesuffix("."), self._day_cards.figures(day_weights)),
            **_under("bursts", self._bursts.figures(card_weights)),
        }
        if self._amounts is not None:
            found |= _under("money", self._money(weights, self._amounts))
        return found

    def confusion(self, threshold: float | None = None) -> dict[str, int]:
        """How many events are flagged and not, right and wrong: as they were, or at a threshold."""
        curve = self._ranked.curve()
        if threshold is None:
            true, false = self._flagged_in(np.ones(len(self._fraud), dtype=np.int64))
        else:
            true, false = self._reaching(curve, threshold)
        return {
            "true_positives": true,
            "false_positives": false,
            "false_negatives": curve.fraud - true,
            "true_negatives": curve.legitimate - false,
        }

    def _flagged_in(self, weights: Integers) -> tuple[int, int]:
        """How much fraud is flagged, and how much else."""
        true = int(weights[self._flagged & self._fraud].sum())
        return true, int(weights[self._flagged].sum()) - true

    def _reaching(self, curve: Curve, threshold: float) -> tuple[int, int]:
        """How much fraud scores as high as a threshold, and how much else."""
        steps = self._ranked.flagged(threshold)
        return (int(curve.true[steps - 1]), int(curve.false[steps - 1])) if steps else (0, 0)

    def _at(self, name: str, flagged: tuple[int, int], fraud: int) -> dict[str, float]:
        true, false = flagged
        return _under(
            name,
            {
                "precision": float(divided(true, true + false)),
                "recall": float(divided(true, fraud)),
                # Without fraud there is no recall, and so no mean of it either.
                "f1": float(divided(2 * true, true + false + fraud if fraud else 0)),
                "alerts_per_day": float(divided(true + false, self._terms.days)),
            },
        )

    def _money(self, weights: Integers, amounts: Floats) -> dict[str, float]:
        counted = weights * amounts
        fraud = float(counted[self._fraud].sum())
        caught = float(counted[self._fraud & self._flagged].sum())
        if not weights[self._fraud].any():
            # There is nothing to catch, which is not to catch nothing.
            fraud = caught = float("nan")
        alerts = int(weights[~self._fraud & self._flagged].sum()) * self._terms.alert_cost
        return {
            "fraud": fraud,
            "caught": caught,
            "caught_share": float(divided(caught, fraud)),
            "false_alerts_cost": alerts,
            "saved": caught - alerts,
        }


def _under(name: str, figures: Mapping[str, float]) -> dict[str, float]:
    return {f"{name}.{figure}": value for figure, value in figures.items()}
