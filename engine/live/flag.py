"""Flags that are to be posted, and what was replied to them."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple


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
    """

    sequence: int
    event_id: str
    value: int
    deadline: float
    attempts: int = 0


class Outcome(Enum):
    """What a post came to. All are final but ``RETRY``."""

    RECORDED = "recorded"
    REFUSED = "refused"
    RETRY = "retry"
    EXPIRED = "expired"


class Reply(NamedTuple):
    """What was replied to a flag, or that it expired. A tuple: there is one for each post.

    Parameters
    ----------
    flag
        The flag.
    attempt
        Which post it was, counted from 1; of ``EXPIRED``, how many there had been.
    at
        When it came, as microseconds since 1970 in UTC.
    left
        Seconds that were left until the deadline; below 0 once that has passed.
    status
        The code of HTTP; None if nothing was replied.
    outcome
        What follows from it.
    reason
        What the other side said, or what went wrong; None if there is nothing to say.
    """

    flag: Flag
    attempt: int
    at: int
    left: float
    status: int | None
    outcome: Outcome
    reason: str | None
