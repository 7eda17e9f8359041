"""A flagged event, and which of them are wanted."""

from dataclasses import dataclass
from typing import Final

MOST_ALERTS: Final = 500  # of an answer


@dataclass(frozen=True, slots=True)
class Alert:
    """A flagged event.

    Parameters
    ----------
    sequence, event_id, arrival_time
        Of its decision.
    card
        Its last four digits behind dots.
    amt, merchant, category, state
        Of the event, as far as there is any.
    lat, long
        Of the merchant.
    score, threshold
        As decided; None if no model had a part in it.
    fallback
        Why the decision is not the model's; None if it is.
    reasons
        Why it was flagged in words, at most three, the strongest first; empty until that is known.
    answered_after
        Seconds from receipt to the final answer to its flag; None without one.
    label
        1 for fraud, 0 for not, None if nobody has said, or it was withdrawn.
    asked
        Whether the API was asked about it: no flag is posted, unless the stream has it later.
    """

    sequence: int
    event_id: str
    arrival_time: int
    card: str
    amt: float | None
    merchant: str | None
    category: str | None
    state: str | None
    lat: float | None
    long: float | None
    score: float | None
    threshold: float | None
    fallback: str | None
    reasons: tuple[str, ...]
    answered_after: float | None
    label: int | None
    asked: bool


@dataclass(frozen=True, slots=True)
class Query:
    """Which alerts are wanted; what is None does not matter.

    Parameters
    ----------
    text
        Is in the card's last four digits or in the merchant's name, in whatever case.
    state, category
        Are these.
    least_score
        The lowest score; an alert without one is none.
    since_us, until_us
        The earliest and the latest arrival, both included.
    before, after
        Are older than this sequence, and newer than that one.
    most
        How many; of more the newest. At most ``MOST_ALERTS``.
    """

    text: str | None = None
    state: str | None = None
    category: str | None = None
    least_score: float | None = None
    since_us: int | None = None
    until_us: int | None = None
    before: int | None = None
    after: int | None = None
    most: int = MOST_ALERTS
