"""What a board tells: frozen rows of plain values, to be encoded as JSON as they are.

Instants are microseconds since 1970 UTC by the wall's clock, money is in major units, cards are
masked to their last four digits.
"""

from dataclasses import dataclass
from typing import Final

MOST_ALERTS: Final = 500  # of an answer


@dataclass(frozen=True, slots=True)
class Pattern:
    """Alerts that the same features speak against.

    Parameters
    ----------
    pattern
        The names of these features, the strongest first, with `` + `` in between.
    words
        What the strongest reason of the highest scoring of its alerts says; None without reasons.
    alerts
        How many there are.
    share
        Of all alerts of the span.
    cards
        On how many cards.
    money
        The sum of their amounts.
    example
        The sequence of the highest scoring one.
    """

    pattern: str
    words: str | None
    alerts: int
    share: float
    cards: int
    money: float
    example: int


@dataclass(frozen=True, slots=True)
class Segment:
    """The events of a segment, and how many of them were flagged.

    Parameters
    ----------
    kind
        ``age``, ``state``, ``category`` or ``hour``.
    segment
        Which, such as ``20 to 29``.
    events, hits
        How many there are, and how many of these were flagged.
    rate, low, high
        The share of hits, and its 95 % interval, as ``sql/questions/exposed.sql`` defines it.
    cards
        How many cards they are of.
    """

    kind: str
    segment: str
    events: int
    hits: int
    rate: float
    low: float
    high: float
    cards: int


@dataclass(frozen=True, slots=True)
class Minute:
    """What came in a minute.

    Parameters
    ----------
    minute
        Its first second, since 1970 UTC.
    events
        How many came; fallbacks count.
    alerts
        How many of these a model flagged.
    """

    minute: int
    events: int
    alerts: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What came of flags, of those with a final outcome in the last hour.

    Parameters
    ----------
    final
        How many.
    on_time
        Of how many the answer was that they were recorded, within the deadline.
    expired
        How many were never answered.
    share
        ``on_time`` of ``final``; None if there are none.
    p50, p99
        Seconds from receipt to the final answer, to a millisecond: that half of those with an
        answer, and 99 of 100, took no longer than. None without any.
    deadline
        Seconds from receipt until when an answer has to be there.
    """

    final: int
    on_time: int
    expired: int
    share: float | None
    p50: float | None
    p99: float | None
    deadline: float


@dataclass(frozen=True, slots=True)
class Place:
    """Alerts at merchants near each other.

    Parameters
    ----------
    lat, long
        The middle of their field of half a degree.
    alerts
        How many.
    """

    lat: float
    long: float
    alerts: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What the first screen shows.

    Parameters
    ----------
    as_of
        As of when.
    last_event
        When the last event arrived; None if nothing came.
    patterns
        The most common of the last hour, at most five.
    alerts_2h
        How many alerts there were in the last two hours.
    exposed
        The most exposed ages, at most five.
    by_state, by_category, by_hour
        All segments that are large enough, the most exposed first.
    counted
        What rates are of: ``alerts``.
    minutes
        The last 60 minutes, the one that has begun included, the latest last.
    answered
        What came of flags.
    places
        Where the alerts of the last two hours were.
    caught_up
        Whether the board had read all that the ledger held when it last looked.
    events
        How many decisions it has read of those that the ledger holds.
    """

    as_of: int
    last_event: int | None
    patterns: tuple[Pattern, ...]
    alerts_2h: int
    exposed: tuple[Segment, ...]
    by_state: tuple[Segment, ...]
    by_category: tuple[Segment, ...]
    by_hour: tuple[Segment, ...]
    counted: str
    minutes: tuple[Minute, ...]
    answered: Answered
    places: tuple[Place, ...]
    caught_up: bool
    events: int


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


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong in one way.

    Parameters
    ----------
    what
        ``fallback`` of a decision that is not the model's, ``quarantined`` of a transaction; of a
        flag ``refused``, ``expired`` or, where it was posted again, ``retry``.
    why
        The reason, without the value that was at fault; of a reply its code and what it said.
    times
        How often.
    latest
        When it was for the last time.
    """

    what: str
    why: str
    times: int
    latest: int


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
