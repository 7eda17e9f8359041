"""SQL statements as people like to read them: one thing a line, and columns of text aligned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

_INDENT: Final = "    "
# What is longer does not push the others to the right.
_WIDEST: Final = 64


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a list: its cells, which stand below those of its neighbours, and a comment."""

    cells: tuple[str, ...]
    comment: str = ""


def items(lines: Iterable[Item], *, separator: str = ",") -> list[str]:
    """The lines of a list, with aligned cells and a separator between them."""
    lines = list(lines)
    widths = _widths([line.cells for line in lines])
    result = []
    for place, line in enumerate(lines):
        if line.comment:
            result.append(f"-- {' '.join(line.comment.split())}")
        cells = (cell.ljust(width) for cell, width in zip(line.cells, widths, strict=True))
        text = " ".join(cell for cell, width in zip(cells, widths, strict=True) if width).rstrip()
        result.append(text + separator * (place < len(lines) - 1))
    return indented(result)


def indented(lines: Iterable[str]) -> list[str]:
    """The lines one level deeper."""
    return [_INDENT + line if line else line for line in lines]


def cte(name: str, comment: Sequence[str], body: Sequence[str]) -> list[str]:
    """A common table expression behind its comment."""
    return [*(f"-- {line}" for line in comment), f"{name} AS (", *indented(body), ")"]


def _widths(rows: Sequence[tuple[str, ...]]) -> list[int]:
    """How wide each column of cells is; the last one needs no more than it has."""
    columns = list(zip(*rows, strict=True))
    widths = [
        max((len(cell) for cell in column if len(cell) <= _WIDEST), default=0)
        for column in columns
    ]
    return [
        width or int(any(column)) for width, column in zip(widths, columns, strict=True)
    ]
