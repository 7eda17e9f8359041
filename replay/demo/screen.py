"""What the demo's things look like on a screen."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

WIDTH: Final = 100


def new_table() -> Table:
    """A table without lines."""
    return Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")


def listed(rows: Iterable[Sequence[str]]) -> RenderableType:
    """Things, and in a fainter colour what they are."""
    table = Table.grid(padding=(0, 3, 0, 0))
    for first, *rest in rows:
        table.add_row(first, *(Text(text, style="dim") for text in rest))
    return table


def indented(shown: RenderableType) -> RenderableType:
    """What is below a title."""
    return Padding(shown, (0, 0, 0, 3), expand=False)


def number(value: float | None) -> str:
    """A figure in a table; ``-`` if there is none."""
    return "-" if value is None else f"{value:z,.2f}"


def python() -> str:
    """How to call this interpreter from here: the one of a folder below by its path."""
    executable = Path(sys.executable)
    here = Path.cwd()
    return str(executable.relative_to(here)) if executable.is_relative_to(here) else "python"


def size(file: Path) -> str:
    """How large a file is."""
    taken = file.stat().st_size
    mega = 1_000_000
    return f"{taken / mega:,.1f} MB" if taken >= mega else f"{taken / 1_000:,.1f} kB"
