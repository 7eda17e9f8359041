"""Figures of two runs side by side, in words."""

from collections.abc import Iterator
from typing import Any, Final

from engine.model.figures_text import FORMS, Unit, figure_text, measured_lines, sample_line
from engine.model.paired import DIFFERENCE

# How a difference is written, by its figure's unit: signed, a digit more of a share.
SIGNED: Final[dict[Unit, str]] = {
    "share": "{:+z.4f}",
    "number": "{:+z,.1f}",
    "count": "{:+z,.0f}",
    "money": "{:+z,.0f}",
    "squares": "{:+z.5f}",
}


def paired_lines(paired: dict[str, Any]) -> Iterator[str]:
    """Each figure of two runs and their difference, all with intervals, as a table.

    Parameters
    ----------
    paired
        What :func:`engine.model.paired.paired` gave.
    """
    rows = list(paired_rows(paired))
    yield f"{paired['events']:,} events, {paired['fraud']:,} fraud, {paired['cards']:,} cards"
    intervals = paired["intervals"]
    if intervals["resamples"]:
        draws = f"{intervals['resamples']:,} draws of as many cards, the same for both"
        share = f"{100 * intervals['confidence']:g} %"
        yield f"in brackets {share} of {draws}; of days for card precision"
    sample = sample_line(paired)
    if sample is not None:
        yield sample
    heads = ["", *paired["rivals"], DIFFERENCE]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def paired_rows(paired: dict[str, Any]) -> Iterator[list[str]]:
    """For each figure its words, both values and their difference, with intervals, as text."""
    one, other = paired["rivals"]
    of_one = {name: each[one] for name, each in paired["figures"].items()}
    for line in measured_lines({**paired, "figures": of_one}):
        found, form = paired["figures"][line.name], FORMS[line.unit]
        yield [
            line.words,
            figure_text(found[one], form),
            figure_text(found[other], form),
            figure_text(found[DIFFERENCE], SIGNED[line.unit]),
        ]
