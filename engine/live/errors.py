"""Errors that end the live scorer."""

from engine.errors import SentinelError


class KeyRejectedError(SentinelError):
    """Whoever is on the other side does not take our key; trying again would not help."""
