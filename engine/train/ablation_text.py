"""What each family of features adds, in words."""

from collections.abc import Iterator
from typing import Any

from engine.model.figures_text import FORMS, figure_text
from engine.model.paired_text import SIGNED


def ablation_lines(told: dict[str, Any]) -> Iterator[str]:
    """A table: of each family what it adds to the average precision, and what it does alone.

    Parameters
    ----------
    told
        What ``ablation.json`` holds.
    """
    whole = figure_text(told["whole"], FORMS["share"]).strip()
    yield f"what each family of features adds to the average precision on test, {whole}:"
    heads = ["family", "features", "adds", "alone", ""]
    rows = [
        [
            family["family"],
            f"{len(family['features']):>{len('features')}}",
            figure_text(family["adds"], SIGNED["share"]),
            figure_text(family["alone"], FORMS["share"]),
            family["verdict"],
        ]
        for family in told["families"]
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        yield f"  {'  '.join(map(str.ljust, row, widths)).rstrip()}"
