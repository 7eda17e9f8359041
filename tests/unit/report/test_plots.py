"""Plots that show every line that there is, whatever the numbers are."""

import re

import numpy as np
import polars as pl
import pytest

from engine.report import plots
from engine.report.curves import Curves
from engine.report.drawing import HEIGHT, drawn
from unit.report.judgements import judged

PATH = re.compile(r'<path[^>]* d="(M[^"]+)"')
NUMBER = re.compile(r"-?[0-9]+(?:[.][0-9]+)?(?:e[-+]?[0-9]+)?")


@pytest.mark.parametrize("cost", [5.0, 1e5, 1e12])
def test_no_line_goes_far_beyond_the_frame(cost: float) -> None:
    """Far beyond it, PNGs lack the whole line and not what is outside alone."""
    random = np.random.default_rng(3)
    labels = (random.random(2_000) < 0.05).astype(int)
    scores = np.clip(random.normal(0.3 + 0.3 * labels, 0.15), 0.0, 1.0)
    amounts = random.exponential(50.0, 2_000)
    one = judged(scores.tolist(), labels.tolist(), amounts=amounts.tolist())
    found = Curves(one.test, 0.6).losses(cost)
    svg = drawn(plots.losses(found, 0.6), "costs", "Costs").svg.markup
    far = [abs(float(number)) for path in PATH.findall(svg) for number in NUMBER.findall(path)]
    assert len(far) > 2_000  # three lines of 400 points
    assert max(far) < 10 * HEIGHT
    highest = found.points.select(pl.col("total").max()).item()
    assert (highest > 1e3 * found.nothing_flagged) == (cost > 5.0)  # what has to be cut off


def test_a_cross_has_the_arms_that_are_known() -> None:
    points = pl.DataFrame({"recall": [0.5, 1.0], "precision": [1.0, 0.5]})
    known = {"value": 0.5, "low": 0.4, "high": 0.6}
    alike = {"value": 0.5, "low": None, "high": None}

    def rules(recall: dict[str, float | None], precision: dict[str, float | None]) -> int:
        figures = {"at_threshold.recall": recall, "at_threshold.precision": precision}
        chart = plots.precision_recall(points, figures, 0.1).to_dict()
        return sum(layer["mark"]["type"] == "rule" for layer in chart["layer"])

    assert rules(known, known) == 3  # with the line of flagging at random
    assert rules(known, alike) == rules(alike, known) == 2
    assert rules(alike, alike) == 1
