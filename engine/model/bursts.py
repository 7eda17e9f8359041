"""Fraud comes in bursts on a card: how soon in one the first flag comes, and what passes before."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.model.ranked import Floats, Integers, divided

# Frauds of a card that are no further apart are one burst.
GAP_SECONDS: Final = 86_400


class Bursts:
    """The bursts of some fraudulent events.

    Parameters
    ----------
    flagged
        bool, whether each event was flagged.
    card_codes, times
        int64, its card, and its time in seconds; of equal times the order given counts.
    amounts
        float64; None if nobody knows them.
    """

    def __init__(
        self,
        flagged: NDArray[np.bool_],
        card_codes: Integers,
        times: Integers,
        amounts: Floats | None,
    ) -> None:
        order = np.lexsort((times, card_codes))
        cards, at, hit = card_codes[order], times[order], flagged[order]
        money = np.zeros(len(order)) if amounts is None else amounts[order]
        self._has_amounts = amounts is not None
        new = np.ones(len(order), dtype=bool)
        new[1:] = (cards[1:] != cards[:-1]) | (at[1:] - at[:-1] > GAP_SECONDS)
        starts = np.flatnonzero(new)
        burst = np.cumsum(new) - 1
        place = np.arange(len(order)) - starts[burst] if len(order) else order
        # Of each burst the place of its first flagged event; its length if there is none.
        lengths = np.diff(np.append(starts, len(order)))
        first = lengths.copy()
        np.minimum.at(first, burst[hit], place[hit])
        before = place < first[burst] if len(order) else hit
        self._cards: Integers = cards[starts]
        self._caught = first < lengths
        self._first = first
        self._before = np.bincount(burst, money * before, minlength=len(starts))
        self._money = np.bincount(burst, money, minlength=len(starts))

    def figures(self, card_weights: Integers) -> dict[str, float]:
        """What of the bursts is caught, and how soon.

        Parameters
        ----------
        card_weights
            int64, how often each card is counted.

        Returns
        -------
        dict
            ``count``; ``caught_share``, of those with a flag; ``caught_at_once_share``, of those
            whose first fraud is flagged; ``transactions_before_flag``, the mean over caught ones
            of frauds that passed before the first flag; and with amounts ``money_before_flag``,
            the same in money, and ``money_passed_share``: of all money of fraud, what passed
            before a flag or without one.
        """
        weights = card_weights[self._cards]
        count, caught = int(weights.sum()), weights * self._caught
        found = {
            "count": float(count),
            "caught_share": float(divided(caught.sum(), count)),
            "caught_at_once_share": float(divided((weights * (self._first == 0)).sum(), count)),
            "transactions_before_flag": float(divided(caught @ self._first, caught.sum())),
        }
        if self._has_amounts:
            found["money_before_flag"] = float(divided(caught @ self._before, caught.sum()))
            passed, every = float(weights @ self._before), float(weights @ self._money)
            found["money_passed_share"] = float(divided(passed, every))
        return found
