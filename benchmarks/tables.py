"""Tables and spreads as the suites print them."""

from collections.abc import Iterator, Mapping, Sequence


def shown(spread: Mapping[str, float], form: str, unit: float = 1) -> str:
    """A median with the least and the most, in a unit."""
    median, least, most = (spread[name] / unit for name in ("median", "least", "most"))
    return f"{median:{form}} ({least:{form}} to {most:{form}})"


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table, its first column to the left and the others to the right."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table in Markdown."""
    for row in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(row)} |"
