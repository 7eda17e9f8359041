"""Counts and amounts in words."""


def counted(count: int, noun: str) -> str:
    """A number and what it counts: ``1 row``, ``2 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def measured(amount: float, noun: str) -> str:
    """An amount and what it is of, in up to six digits: ``1 day``, ``2.5 days``."""
    return f"{amount:g} {noun}" if amount == 1 else f"{amount:g} {noun}s"
