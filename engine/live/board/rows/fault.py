"""What went wrong, by its reason."""

from dataclasses import dataclass


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
