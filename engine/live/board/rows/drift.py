"""How far what comes has moved from what the model was trained on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Movement:
    """How far one thing has moved.

    Parameters
    ----------
    name, doc
        The feature, and its definition in words.
    psi
        The population stability index against the training.
    by_chance
        What it stays below in all but one of a thousand samples if nothing has changed.
    word
        ``stable``, ``moderate``, ``shifted``, or why that cannot be told.
    """

    name: str
    doc: str
    psi: float
    by_chance: float
    word: str


@dataclass(frozen=True, slots=True)
class Drift:
    """How far the latest transactions have moved from those of training.

    Parameters
    ----------
    events, cards
        How many there are, and of how many cards.
    since, until
        When the first and the last of them happened, in seconds since 1970 UTC.
    moderate_from, shifted_from
        The limits of the words.
    score
        Of the score.
    features
        Of each feature, the one that moved most first.
    """

    events: int
    cards: int
    since: int
    until: int
    moderate_from: float
    shifted_from: float
    score: Movement
    features: tuple[Movement, ...]
