"""The section of a report that says what each family of features adds."""

from collections.abc import Mapping
from typing import Any, Final

from engine.model.paired_text import SIGNED
from engine.report.ablation_plots import added, alone
from engine.report.frame import (
    Column,
    Html,
    Piece,
    Section,
    beside,
    lines,
    paragraph,
    quiet,
    strong,
    table,
)
from engine.report.judged import Judged
from engine.report.numbers import NONE, number, percent
from engine.report.plates import Plates

PLOTS: Final = 2
_READ: Final = (
    "Where the interval on the test part spans 0, a family is not shown to add anything. Families "
    "overlap, and two that add nothing each may add much together: leave out one and train anew. "
    "What is left out is to be decided by validation; the test part says what came of it, and who "
    "decides by that has to be judged by later days."
)


def families(judged: Judged, plates: Plates) -> Section | None:
    """What each family adds, and what it does alone; None if that was not asked."""
    told = judged.ablation
    if told is None:
        return None
    return Section(
        "ablation",
        "What each family of features adds",
        [
            paragraph(
                "A family looks at the same: at the history of the same key, at nothing but the "
                "transaction, at labels as far as they are known. For each the same kind of model "
                "was trained without it, and with it alone. What it adds is the average precision "
                f"of the whole, {number(told['whole']['value'], 'share')}, less that without it."
            ),
            beside(
                plates.figure(
                    "ablation-added",
                    added(told["families"]),
                    "Added to the average precision",
                    "The difference, with its interval, of the same draws of cards for both "
                    "models. Right of 0 the model is better for having the family.",
                ),
                plates.figure(
                    "ablation-alone",
                    alone(told),
                    "Average precision of each alone",
                    "On the test part, with its interval, of a model that has no other family; "
                    f"scores at random would have {percent(told['chance'], 2)}.",
                ),
            ),
            _table(told, "gain" if judged.run.model.kind == "lightgbm" else "impurity"),
            paragraph(_READ),
        ],
    )


def _table(told: Mapping[str, Any], importance: str) -> Html:
    rows: list[list[Piece]] = [
        [
            lines([strong(family["family"]), quiet(", ".join(family["features"]))]),
            percent(family["gain"]),
            _with_interval(family["alone"], "{:.3f}"),
            _with_interval(family["validation"], SIGNED["share"]),
            _with_interval(family["adds"], SIGNED["share"]),
            family["verdict"],
        ]
        for family in told["families"]
    ]
    columns = [
        Column("family, its features", "wide"),
        Column(f"share of {importance}", "number"),
        Column("alone", "number"),
        Column("adds on validation", "number"),
        Column("adds on test", "number"),
        Column("verdict on test"),
    ]
    caption = f"The {len(rows)} families, what adds most on the test part first."
    return table(columns, rows, caption=caption)


def _with_interval(figure: Mapping[str, float | None], form: str) -> Piece:
    """A value, and the ends of its interval below."""
    value, low, high = figure["value"], figure.get("low"), figure.get("high")
    if value is None:
        return NONE
    if low is None or high is None:
        return form.format(value)
    return lines([form.format(value), quiet(f"[{form.format(low)}, {form.format(high)}]")])
