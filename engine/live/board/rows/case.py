"""An alert, opened: what its card did, and what the model saw."""

from dataclasses import dataclass

from engine.live.board.rows.alert import Alert


@dataclass(frozen=True, slots=True)
class Past:
    """A transaction of a card.

    Parameters
    ----------
    sequence, arrival_time, score
        Of its decision.
    unix_time
        When it happened, in seconds since 1970 UTC.
    amt, merchant, category
        Of the event.
    lat, long
        Of the merchant.
    km
        From the merchant of the one before; None for the first one shown, or if a place is not
        known.
    flagged, is_this
        Whether it was flagged, and whether it is the alert that was opened.
    """

    sequence: int
    unix_time: int
    arrival_time: int
    amt: float | None
    merchant: str | None
    category: str | None
    lat: float | None
    long: float | None
    km: float | None
    flagged: bool
    score: float | None
    is_this: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What the model saw of an event in one feature.

    Parameters
    ----------
    feature, doc
        Its name, and its definition in words.
    value
        Its value; None if it had none.
    card_usual
        The median over the card's other transactions that are shown, of texts the most common one;
        None without any.
    usual
        Everyone's in training; None if there was none.
    is_yes
        Whether it is yes or no, 1 or 0.
    never
        The value that says that there was no such transaction before; None if none does.
    """

    feature: str
    doc: str
    value: float | str | None
    card_usual: float | str | None
    usual: float | str | None
    is_yes: bool
    never: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """An alert, opened.

    Parameters
    ----------
    alert
        The alert.
    reasons
        Features, by how much they raised the score, and in words, the strongest first.
    card
        The card's last transactions up to and with this one, the oldest first.
    features
        What the model saw; what tells who the card holder is, is left out.
    labels
        What the event was said to be, by whom and when, the latest last.
    """

    alert: Alert
    reasons: tuple[tuple[str, float, str], ...]
    card: tuple[Past, ...]
    features: tuple[Seen, ...]
    labels: tuple[tuple[int | None, str, int], ...]
