"""SQL as people like to read it: one thing a line, columns of text aligned, long lines broken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.backends.duckdb.breaking import broken, indented
from engine.words import one_line

_WIDTH: Final = 100
# What is longer does not push its neighbours to the right.
_WIDEST: Final = 64
_SHORT: Final = 40  # not worth breaking, whatever follows
_DEEPEST: Final = 8  # how deep a list may stand before its lines have no room


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list: its cells, which stand below those of its neighbours, and a comment."""

    cells: tuple[str, ...]
    comment: str = ""


def items(lines: Sequence[Item]) -> list[str]:
    """A list with commas, its cells aligned, indented; what is too long is broken."""
    widths = _widths([line.cells for line in lines])
    result = []
    for place, line in enumerate(lines):
        if line.comment:
            result.append(comment(line.comment))
        comma = "," if place < len(lines) - 1 else ""
        result += _line(line.cells, widths, comma)
    return indented(result)


def listed(words: Sequence[str], *, end: str = ",") -> list[str]:
    """Words with commas between them and an end behind, in as many lines as they take."""
    lines: list[str] = []
    for place, word in enumerate(words):
        text = word + ("," if place < len(words) - 1 else end)
        if lines and len(lines[-1]) + 1 + len(text) <= _WIDTH - _DEEPEST:
            lines[-1] += f" {text}"
        else:
            lines.append(text)
    return lines


def comment(text: str) -> str:
    """A text as a comment of one line, whatever it holds: what follows a line's end is SQL."""
    return f"-- {one_line(text)}"


def cte(name: str, why: Sequence[str], body: Sequence[str]) -> list[str]:
    """A common table expression behind its comment."""
    return [*map(comment, why), f"{name} AS (", *indented(body), ")"]


def _line(cells: tuple[str, ...], widths: Sequence[int], comma: str) -> list[str]:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True) if width)
    text = " ".join(padded).rstrip() + comma
    if len(text) <= _WIDTH - _DEEPEST or len(cells[0]) <= _SHORT:
        return [text]
    rest = " ".join(filter(None, cells[1:]))
    *most, last = broken(cells[0], _WIDTH - _DEEPEST - len(rest) - len(" ,"))
    return [*most, f"{last} {rest}{comma}"]


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """How wide each column of cells is; 0 where it is empty."""
    columns = list(zip(*rows, strict=True))
    widths = [
        max((len(cell) for cell in column if len(cell) <= _WIDEST), default=0) for column in columns
    ]
    return [width or int(any(column)) for width, column in zip(widths, columns, strict=True)]
