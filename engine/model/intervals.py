"""How far figures may be off: cards drawn anew, and measured again."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal, Protocol

import numpy as np

from engine.model.metrics import OF_DAYS
from engine.model.ranked import Integers

CONFIDENCE: Final = 0.95
# Figures of which people see a whole number, not an estimate.
_COUNTS: Final = ("bursts.count",)
# Of days to draw from, or of cards with fraud: every figure over cards is about their fraud, and
# of one such card the draws that hold it are all alike.
_FEWEST: Final = 2
# Of draws with nothing to measure: the interval is of the others, so that what it leaves out has to
# be little beside the 2.5 % beyond either bound.
MOST_UNMEASURED: Final = 0.01

Unit = Literal["card", "day"]


def unit_of(name: str) -> Unit:
    """What is drawn anew for a figure: the cards of all events, or the days of these."""
    return "day" if name.startswith(OF_DAYS) else "card"


class Measured(Protocol):
    """What can be measured over draws, such as :class:`engine.model.metrics.Measurement`."""

    cards: int
    fraud_cards: int
    days: int

    def figures(
        self, card_weights: Integers | None = None, day_weights: Integers | None = None
    ) -> dict[str, float]:
        """All figures by name, each card and day counted so often."""
        ...


def draws(
    measured: Sequence[Measured],
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
    if not cards:
        return  # there is nothing to draw
    card_chances = np.full(cards, 1.0 / cards)
    day_chances = np.full(days, 1.0 / days)
    for done in range(1, resamples + 1):
        card_weights = random.multinomial(cards, card_chances)
        day_weights = random.multinomial(days, day_chances)
        yield [each.figures(card_weights, day_weights) for each in measured]
        if progress is not None:
            progress(done)


def figure_of(
    name: str, value: float, drawn: Sequence[float], measured: Measured
) -> dict[str, float | None]:
    """A figure with the bounds of its interval, as JSON.

    Parameters
    ----------
    name
        The figure's.
    value
        Over the events as they are; NaN where nothing could be measured.
    drawn
        Over the draws, NaN alike; empty if there were none, and so no interval.
    measured
        What was drawn from.

    Returns
    -------
    dict
        ``value`` and, but for counts, ``low`` and ``high``, between which 95 % of the draws lie.
        These are null where they would not tell how far the figure may be off: of fewer than two
        days, or two cards with fraud; where all draws are alike, which would say that it is off by
        nothing: of none among twenty a share of 17 % may be behind it; and where in more than 1 %
        of the draws there is nothing to measure.
    """
    figure: dict[str, float | None] = {"value": None if np.isnan(value) else value}
    if not len(drawn) or name in _COUNTS:
        return figure
    drawn_from = measured.days if unit_of(name) == "day" else measured.fraud_cards
    unmeasured = np.isnan(drawn)
    known = np.array(drawn)[~unmeasured]
    if drawn_from < _FEWEST or unmeasured.mean() > MOST_UNMEASURED:
        return figure | {"low": None, "high": None}
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(known, [tail, 1 - tail]).tolist()
    if np.ptp(known) == 0:
        return figure | {"low": None, "high": None}
    return figure | {"low": low, "high": high}
