"""What a policy's decisions were worth: alerts, money, cards, and how soon fraud was stopped.

An event is *stopped* if it was alerted and acted upon, or, where blocked cards' events count as
saved, if its card was blocked. The *pool* is all events, but blocked ones where these leave it.

An alert on an event without a label is an alert: it uses up the budget and people's time, and
blocks the card. But nobody knows whether it is right, so that precision, what false alerts cost and
how many legitimate events are blocked are of events with a label alone; fraud that nobody knows of
is neither stopped nor missed.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.model.features_file import FeatureTable
from engine.model.ranked import Floats, Integers, divided
from replay.backtest.labels import is_labelled
from replay.backtest.policies import Action, Policy

_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class Terms:
    """What is counted with.

    Parameters
    ----------
    policy
        The policy.
    alert_cost
        What a false alert costs that somebody looked at, in the amounts' unit.
    days
        How many days' events these are.
    """

    policy: Policy
    alert_cost: float
    days: float


class Outcomes:
    """Counts what became of events, over them as they are or over a draw of their cards.

    Parameters
    ----------
    table
        The whole log.
    decisions
        Of a fold or of all; see :mod:`replay.backtest.decisions`.
    terms
        What is counted with.

    Attributes
    ----------
    cards, fraud_cards, days
        How many cards there are, and with fraud; and days with events, of which nothing here
        depends.
    """

    def __init__(self, table: FeatureTable, decisions: pl.DataFrame, terms: Terms) -> None:
        rows = decisions["sequence"].to_numpy()
        actions = decisions["action"].to_numpy()
        names, codes = np.unique(table.card_codes[rows], return_inverse=True)
        self.cards = len(names)
        self.days = 1
        self._terms = terms
        self._codes: Integers = codes.astype(np.int64)
        labelled = is_labelled(table)[rows]
        fraud = table.known_labels[rows] == 1
        blocked = actions == Action.BLOCKED
        alerted = actions == Action.ALERTED
        is_saved = terms.policy.blocking == "saved"
        pool = ~blocked | is_saved
        stopped = alerted | (blocked & is_saved)
        alerts = alerted | (actions == Action.UNREVIEWED)
        self._lacks_labels = not labelled.all()
        counts = {
            "alerts": alerts,
            "unlabelled_alerts": alerts & ~labelled,
            "judged": alerted & labelled,
            "right": alerted & fraud,
            "unreviewed": actions == Action.UNREVIEWED,
            "over_budget": actions == Action.OVER_BUDGET,
            "blocked": blocked,
            "blocked_legitimate": blocked & labelled & ~fraud,
            "fraud": fraud & pool,
            "stopped": fraud & stopped,
        }
        self._sums = {name: self._by_card(each) for name, each in counts.items()}
        self._has_amounts = table.amounts is not None
        if table.amounts is not None:
            amounts = table.amounts[rows]
            self._sums["money"] = self._by_card(fraud & pool, amounts)
            self._sums["saved"] = self._by_card(fraud & stopped, amounts)
        self._first_flags(table.times[rows], fraud & pool, fraud & stopped)

    def _by_card(self, where: np.ndarray, values: Floats | None = None) -> Floats:
        weights = where.astype(np.float64) if values is None else np.where(where, values, 0.0)
        sums: Floats = np.bincount(self._codes, weights, minlength=self.cards).astype(np.float64)
        return sums

    def _first_flags(self, times: Integers, fraud: np.ndarray, stopped: np.ndarray) -> None:
        """Of each card with fraud, how long its first one had passed when the first was stopped."""
        never = np.iinfo(np.int64).max
        first = np.full(self.cards, never)
        found = np.full(self.cards, never)
        np.minimum.at(first, self._codes[fraud], times[fraud])
        np.minimum.at(found, self._codes[stopped], times[stopped])
        self.fraud_cards = int((first != never).sum())
        self._is_hit = (first != never).astype(np.float64)
        caught = found != never
        self._is_caught = caught.astype(np.float64)
        self._hours: Floats = np.where(caught, found - np.where(caught, first, found), 0) / _HOUR

    def figures(
        self, card_weights: Integers | None = None, _day_weights: Integers | None = None
    ) -> dict[str, float]:
        """All figures by name, NaN where there is nothing to count.

        Parameters
        ----------
        card_weights
            int64, how often each card is counted; once unless said otherwise.
        """
        weights = np.ones(self.cards, dtype=np.int64) if card_weights is None else card_weights
        total = {name: float(weights @ sums) for name, sums in self._sums.items()}
        hit, caught = float(weights @ self._is_hit), float(weights @ self._is_caught)
        cost = (total["judged"] - total["right"]) * self._terms.alert_cost
        found = {
            "alerts": total["alerts"],
            "alerts_per_day": total["alerts"] / self._terms.days,
            "precision": _share(total["right"], total["judged"]),
            "recall": _share(total["stopped"], total["fraud"]),
            "unreviewed": total["unreviewed"],
            "over_budget": total["over_budget"],
            "blocked": total["blocked"],
            "blocked_legitimate": total["blocked_legitimate"],
            "defrauded_cards": hit,
            "caught_cards": caught,
            "caught_cards_share": _share(caught, hit),
            "hours_to_first_flag": _share(float(weights @ self._hours), caught),
            "median_hours_to_first_flag": self._median_hours(weights),
        }
        if self._lacks_labels:
            found["unlabelled_alerts"] = total["unlabelled_alerts"]
        if self._has_amounts:
            found |= {
                "money_of_fraud": total["money"],
                "money_saved": total["saved"],
                "money_saved_share": _share(total["saved"], total["money"]),
                "money_of_false_alerts": cost,
                "money_saved_net": total["saved"] - cost,
            }
        return found

    def _median_hours(self, weights: Integers) -> float:
        hours = np.repeat(self._hours, weights * (self._is_caught == 1))
        return float(np.median(hours)) if len(hours) else float("nan")


def _share(part: float, whole: float) -> float:
    return float(divided(part, whole))
