"""Errors of the live scorer's own."""

from http import HTTPStatus
from typing import Final

from engine.errors import SentinelError

KEY_REJECTED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class KeyRejectedError(SentinelError):
    """Whoever is on the other side does not take our key; trying again would not help.

    Parameters
    ----------
    what
        Who, and what it answered.
    """

    def __init__(self, what: str) -> None:
        super().__init__(what, hint="set SENTINELPOS_API_KEY to the key that you were given")


class RefusedError(SentinelError):
    """What is asked is understood, and not done; asking again would not help."""


class UnknownError(RefusedError):
    """What is asked about is not there."""
