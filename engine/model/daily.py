"""People look at so many cards a day: how many of those with the highest scores are defrauded."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.model.ranked import Floats, Integers

_DAY: Final = 86_400


class DayCards:
    """Each card of each UTC day, with its highest score and whether it had fraud on that day.

    A card that is found is not taken out of the days after.

    Parameters
    ----------
    scores, labels, card_codes, times
        Of the events; times in seconds since 1970 UTC.
    """

    def __init__(
        self,
        scores: Floats,
        labels: NDArray[np.int8],
        card_codes: Integers,
        times: Integers,
    ) -> None:
        day_cards = (
            pl.DataFrame(
                {"day": times // _DAY, "card": card_codes, "score": scores, "fraud": labels}
            )
            .group_by("day", "card")
            .agg(pl.col("score").max(), pl.col("fraud").max())
            # Of equal scores by the code of the card, which says nothing of it.
            .sort("day", "score", "card", descending=[False, True, False])
        )
        self._cards: Integers = day_cards["card"].to_numpy()
        self._fraud = day_cards["fraud"].to_numpy() == 1
        days = day_cards["day"].to_numpy()
        self._starts = np.flatnonzero(np.diff(days, prepend=days[:1] - 1))
        self._day = np.repeat(
            np.arange(len(self._starts)), np.diff(np.append(self._starts, len(days)))
        )

    def figures(self, card_weights: Integers, most: int) -> dict[str, float]:
        """Means over the days of what ``most`` cards a day give.

        Parameters
        ----------
        card_weights
            int64, how often each card is counted.
        most
            How many cards are looked at a day; of a card that is counted several times, as many
            of these as there is room for.

        Returns
        -------
        dict
            ``precision``: the share of defrauded cards among those looked at. ``best_precision``:
            the same if these were looked at first.
        """
        weights = card_weights[self._cards]
        through = np.cumsum(weights)
        before_day = (through - weights)[self._starts][self._day]
        room = np.clip(most - (through - weights - before_day), 0, weights)
        looked = np.add.reduceat(room, self._starts) if len(room) else room
        found = np.add.reduceat(room * self._fraud, self._starts) if len(room) else room
        there = np.add.reduceat(weights * self._fraud, self._starts) if len(room) else room
        some = looked > 0
        if not some.any():
            return {"precision": float("nan"), "best_precision": float("nan")}
        best = np.minimum(there[some], looked[some])
        return {
            "precision": float(np.mean(found[some] / looked[some])),
            "best_precision": float(np.mean(best / looked[some])),
        }
