"""People look at so many cards a day: how many of those with the highest scores are defrauded."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.model.ranked import Floats, Integers

_DAY: Final = 86_400


class DayCards:
    """The cards with the highest scores of each UTC day, and whether they had fraud on that day.

    A card that is found is not taken out of the days after.

    Parameters
    ----------
    scores, labels, card_codes, times
        Of the events; times in seconds since 1970 UTC.
    most
        How many cards are looked at a day.

    Attributes
    ----------
    days, fraud_days
        On how many days there are events, and on how many of them fraud.
    """

    def __init__(
        self,
        scores: Floats,
        labels: NDArray[np.int8],
        card_codes: Integers,
        times: Integers,
        most: int,
    ) -> None:
        fraud = pl.col("fraud")
        by_day = (
            pl.DataFrame(
                {"day": times // _DAY, "card": card_codes, "score": scores, "fraud": labels}
            )
            .group_by("day", "card")
            .agg(pl.col("score").max(), fraud.max().cast(pl.Int64))
            # Of equal scores by the code of the card, which says nothing of it.
            .sort("day", "score", "card", descending=[False, True, False])
            .group_by("day", maintain_order=True)
            .agg(
                fraud.head(most).sum().alias("found"),
                fraud.sum().alias("there"),
                pl.len().clip(upper_bound=most).cast(pl.Int64).alias("looked"),
            )
        )
        looked = by_day["looked"].to_numpy()
        self.days = len(by_day)
        self.fraud_days = int((by_day["there"] > 0).sum())
        self._precision: Floats = by_day["found"].to_numpy() / looked
        self._best: Floats = np.minimum(by_day["there"].to_numpy(), looked) / looked

    def figures(self, day_weights: Integers) -> dict[str, float]:
        """Means over the days, each counted as often as its weight says.

        Returns
        -------
        dict
            ``precision``: the share of defrauded cards among those looked at. ``best_precision``:
            the same if these were looked at first.
        """
        every = float(day_weights.sum()) or np.nan
        return {
            "precision": float(day_weights @ self._precision / every),
            "best_precision": float(day_weights @ self._best / every),
        }
