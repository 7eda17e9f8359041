"""What the first screen shows."""

from dataclasses import dataclass


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
