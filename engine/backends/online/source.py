"""Pieces of generated source."""

from collections.abc import Iterable


def function(name: str, parameters: str, body: Iterable[str]) -> list[str]:
    """A function; a body of nothing does nothing."""
    return [f"def {name}({parameters}):", *indented(body or ["pass"]), ""]


def indented(lines: Iterable[str]) -> list[str]:
    """The lines one level deeper."""
    return ["    " + line for line in lines]


def when(condition: str, lines: list[str]) -> list[str]:
    """The lines under a condition; without one as they are."""
    if not condition or not lines:
        return lines
    return [f"if {condition}:", *indented(lines)]
