"""Flags that are to be posted, and what was replied to them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple


@dataclass(slots=True, eq=False)
class Flag:
    """A decision that was recorded and is to be posted.

    Parameters
    ----------
    sequence
        Of the decision; who comes later has a higher one.
    event_id, value
        What is posted, 0 or 1. They never change.
    deadline
        Until when, by :func:`engine.clock.elapsed`.
    attempts
        How often it was posted so far; whoever posts it counts.
    adopted
        Whether its decision may be older than others whose flags were posted before.
    """

    sequence: int
    event_id: str
    value: int
    deadline: float
    attempts: int = 0
    adopted: bool = False


class Outcome(StrEnum):
    """What a post came to. All are final but ``RETRY``."""

    RECORDED = "recorded"
    REFUSED = "refused"
    RETRY = "retry"
    EXPIRED = "expired"


# What ends the posting of a flag: nothing is posted after it.
FINAL: Final = (Outcome.RECORDED, Outcome.REFUSED, Outcome.EXPIRED)


class Reply(NamedTuple):
    """What came of an attempt to post a flag, or of a deadline that passed.

    A tuple, as there is one for each post; the ledger keeps all of it but ``left``.

    Parameters
    ----------
    sequence
        Whose flag.
    attempt
        Counted from 1 for each flag; what expired has the number after its last one.
    at
        When it was known, as microseconds since 1970 in UTC.
    status
        The code of HTTP; None without a reply.
    outcome
        What follows from it.
    reason
        What the other side said, or what went wrong; None if there is nothing to say.
    left
        Seconds that were left until the deadline; below 0 once that has passed.
    """

    sequence: int
    attempt: int
    at: int
    status: int | None
    outcome: Outcome
    reason: str | None
    left: float = 0.0
