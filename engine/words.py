"""Counts in words."""


def counted(count: int, noun: str) -> str:
    """A number and what it counts: ``1 row``, ``2 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
