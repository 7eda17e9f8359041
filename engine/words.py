"""Counts and amounts in words, and words of others in a line."""

from typing import Final

_MOST: Final = 200  # characters of what somebody else says


def counted(count: int, noun: str) -> str:
    """A number and what it counts: ``1 row``, ``2 rows``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def one_line(text: str) -> str:
    """A text without control characters and other spaces than single ones."""
    printable = (character if character.isprintable() else " " for character in text)
    return " ".join("".join(printable).split())


def said(error: BaseException) -> str:
    """What an error says, in a line and in bounds; nothing if it cannot even say that."""
    try:
        words = str(error)
    except Exception:  # noqa: BLE001 - whatever somebody's own error does
        return ""
    return one_line(words if len(words) <= _MOST else f"{words[:_MOST]}…")


def measured(amount: float, noun: str) -> str:
    """An amount and what it is of, in up to six digits: ``1 day``, ``2.5 days``."""
    return f"{amount:g} {noun}" if amount == 1 else f"{amount:g} {noun}s"
