"""How far figures may be off: cards drawn anew, and measured again."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np

from engine.model.metrics import Measurement

CONFIDENCE: Final = 0.95
# Figures of which people see a whole number, not an estimate.
COUNTS: Final = ("bursts.count",)


def draws(
    measured: Sequence[Measurement],
    resamples: int,
    seed: int,
    progress: Callable[[int], None] | None,
) -> Iterator[list[dict[str, float]]]:
    """The figures of each measurement over the same draws of cards, and of days.

    Parameters
    ----------
    measured
        One or more, of the same events.
    resamples
        How often as many cards as there are, are drawn with replacement, and as many days.
    seed
        Of these draws.
    progress
        Called after each draw with how many there were.

    Yields
    ------
    list of dict
        For a draw the figures by name, of each measurement in turn.
    """
    random = np.random.default_rng(seed)
    cards, days = measured[0].cards, measured[0].days
    card_chances = np.full(cards, 1.0 / cards)
    day_chances = np.full(days, 1.0 / days)
    for done in range(1, resamples + 1):
        card_weights = random.multinomial(cards, card_chances)
        day_weights = random.multinomial(days, day_chances)
        yield [each.figures(card_weights, day_weights) for each in measured]
        if progress is not None:
            progress(done)


def figure_of(value: float, drawn: Sequence[float] | None) -> dict[str, float | None]:
    """A figure with the bounds of its interval, as JSON.

    Parameters
    ----------
    value
        Over the events as they are; NaN where nothing could be measured.
    drawn
        Over the draws, NaN alike; None if the figure is to have no interval.

    Returns
    -------
    dict
        ``value`` and, but for None, ``low`` and ``high``, between which 95 % of the draws lie.
    """
    figure: dict[str, float | None] = {"value": None if np.isnan(value) else value}
    if drawn is None:
        return figure
    known = np.array(drawn)[~np.isnan(drawn)]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail]).tolist() if len(known) else (None, None)
    return figure | {"low": low, "high": high}
