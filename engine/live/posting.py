"""What a poster is asked to do, and what it has done."""

from dataclasses import dataclass
from typing import Final

from engine.live.backoff import Backoff

_BACKOFF: Final = Backoff(0.2, 5.0)
_CUT_OFF: Final = Backoff(0.1, 2.0)


@dataclass(frozen=True, slots=True)
class PosterOptions:
    """How much patience there is with the endpoint.

    Parameters
    ----------
    attempt
        Seconds that a post may take, if there is as much time.
    last
        Seconds before the deadline at which the last attempt may begin, however long the endpoint
        wants to be left alone.
    backoff
        Between the posts of one flag.
    cut_off
        Between attempts to connect while no connection can be made, for whichever flag.
    most
        How many flags may wait in memory.
    """

    attempt: float = 10.0
    last: float = 1.0
    backoff: Backoff = _BACKOFF
    cut_off: Backoff = _CUT_OFF
    most: int = 100_000


@dataclass(slots=True)
class PosterFigures:
    """What was posted so far, by how it was replied to."""

    posts: int = 0
    recorded: int = 0
    refused: int = 0
    retried: int = 0
    expired: int = 0
    under_way: int = 0
    last_error: str | None = None
