"""What events are worth of which several are a card's: as much as fewer that are independent.

Events of one card are alike, so a share of n of them varies as that of n / deff does, with the
design effect deff = 1 + (m - 1) rho (Kish, Survey Sampling, 1965). Here m is how many events the
card of an event has, on average over events, as cards are not equally busy; rho is how alike events
of a card are, from 0, as any others, to 1, the same: by home or age they are worth a card each.
"""

from dataclasses import dataclass

import numpy as np

from engine.model.ranked import Floats, Integers


@dataclass(frozen=True, slots=True)
class Sample:
    """Some events, as cards have them.

    Parameters
    ----------
    events
        How many there are.
    per_card
        How many of them the card of an event has, on average over events; 1 or more.
    """

    events: int
    per_card: float

    @property
    def cards(self) -> float:
        """As many equally busy cards would have these events."""
        return self.events / self.per_card

    def design_effects(self, alike: Floats) -> Floats:
        """By how much the variance of shares is greater than that of independent events."""
        effects: Floats = 1 + (self.per_card - 1) * alike
        return effects


def sample_of(cards: Integers) -> Sample:
    """The sample of the cards of some events, at least one; cards are counted from 0."""
    each = np.bincount(cards)
    return Sample(len(cards), float((each**2).sum() / len(cards)))


def alike(bins: Integers, cards: Integers, expected: Floats, least: float) -> Floats | None:
    """How alike events of a card are in which bin they fall into.

    Parameters
    ----------
    bins, cards
        int64 from 0, of each event.
    expected
        The share of each bin if nothing has changed. Deviations are from these, and not from what
        the events themselves have: three cards may be alike by chance.
    least
        What bins of a smaller share weigh as.

    Returns
    -------
    numpy.ndarray or None
        float64 from 0, of mean 1 at most, for each of as many independent directions as shares can
        move in, which is one less than there are bins with a share, the most alike first. Shares
        move as chi-squared weighs them, by the root of what is expected. None where no card has two
        events.
    """
    sample = sample_of(cards)
    if sample.per_card <= 1:
        return None
    directions = max(int((expected > 0).sum()) - 1, 0)
    _, places = np.unique(cards, return_inverse=True)
    width = len(expected)
    counts = np.bincount(places * width + bins, minlength=(places.max() + 1) * width)
    by_card = counts.reshape(-1, width).astype(np.float64)
    away = by_card - by_card.sum(axis=1, keepdims=True) * expected
    away /= np.sqrt(np.maximum(expected, least))
    # Of independent events each of these would be about 1.
    effects = np.linalg.eigvalsh(away.T @ away)[::-1][:directions] / sample.events
    found: Floats = np.maximum((effects - 1) / (sample.per_card - 1), 0.0)
    # A direction alone may seem more alike than all can be together, by chance of these cards.
    return found / max(float(found.mean()), 1.0) if directions else found
