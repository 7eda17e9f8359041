"""Average precision of many models on the same events, each held against the first.

Of many models everything that can be measured, as :func:`engine.model.paired.paired` does of two,
would take long and be looked at by nobody. The draws are those of it, and of
:func:`engine.model.evaluate.evaluate`, for equal events, seed and number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.model.features_file import FeatureTable
from engine.model.intervals import draws, figure_of
from engine.model.ranked import Floats, Integers, Ranked

FIGURE: Final = "average_precision"
_DAY: Final = 86_400

Figure = dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Held:
    """A model's average precision.

    Parameters
    ----------
    alone
        Its ``value``, with the bounds of its interval; see
        :func:`engine.model.intervals.figure_of`.
    below
        The same of how far it is below the first model's: above 0 if it is worse.
    """

    alone: Figure
    below: Figure


class _Precision:
    """The average precision of one model, over draws."""

    def __init__(self, scores: Floats, table: FeatureTable, rows: Integers) -> None:
        labels = table.known_labels[rows]
        cards, codes = np.unique(table.card_codes[rows], return_inverse=True)
        self.cards = len(cards)
        self.fraud_cards = len(np.unique(codes[labels == 1]))
        self.days = len(np.unique(table.times[rows] // _DAY))
        self._codes: Integers = codes.astype(np.int64)
        self._ranked = Ranked(scores, labels)

    def figures(
        self, card_weights: Integers | None = None, _day_weights: Integers | None = None
    ) -> dict[str, float]:
        """It alone, by name; NaN without fraud."""
        weights = None if card_weights is None else card_weights[self._codes]
        return {FIGURE: self._ranked.curve(weights).average_precision}


def held_against_first(
    scores: Sequence[Floats],
    table: FeatureTable,
    rows: Integers,
    *,
    resamples: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> list[Held]:
    """Hold each model against the first.

    Parameters
    ----------
    scores
        Of each model, those of the events.
    table, rows
        The events: a table whose labels are known, and int64, which of it; all labelled.
    resamples
        How often cards are drawn anew, the same for all models; 0 for no intervals.
    seed
        Of these draws.
    progress
        Called after each draw with how many there were.

    Returns
    -------
    list of Held
        As many, in the same order.
    """
    measured = [_Precision(each, table, rows) for each in scores]
    values = [each.figures()[FIGURE] for each in measured]
    drawn = np.array(
        [
            [figures[FIGURE] for figures in draw]
            for draw in draws(measured, resamples, seed, progress)
        ]
    ).reshape(-1, len(measured))
    first = measured[0]
    return [
        Held(
            figure_of(FIGURE, value, drawn[:, place].tolist(), first),
            figure_of(FIGURE, values[0] - value, (drawn[:, 0] - drawn[:, place]).tolist(), first),
        )
        for place, value in enumerate(values)
    ]
