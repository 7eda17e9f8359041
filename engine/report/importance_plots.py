"""The plots of what a model goes by, and of what it gets right and wrong."""

from typing import Final

import altair as alt
import polars as pl

from engine.report.drawing import FALSE, FLAGGED, INK, WIDTH, Chart
from engine.report.importance import Importance

_MOST: Final = 15
_FIT: Final = alt.AutoSizeParams(type="fit", contains="padding")
_IMPORTANCE_HEIGHT: Final = 420
_CELL: Final = 82
_DARK: Final = 0.5  # of a cell's share, from where on its words are white


def in_training(found: Importance) -> Chart:
    """What the first features did in training."""
    shown = found.training.head(_MOST)
    chart: alt.Chart = (
        alt.Chart(shown)
        .mark_bar(color=FLAGGED)
        .encode(
            x=alt.X("share:Q", title="share of all", axis=alt.Axis(format="~%", tickCount=5)),
            y=_features(shown),
        )
        .properties(width=WIDTH, height=_IMPORTANCE_HEIGHT, autosize=_FIT)
    )
    return chart


def in_scores(found: Importance, unit: str) -> Chart:
    """How far the first features move the scores of fraud and of the rest."""
    shown = found.scores.head(_MOST)
    kinds = ["fraud", "legitimate"]
    long = shown.unpivot(on=kinds, index="feature", variable_name="what")
    chart: alt.Chart = (
        alt.Chart(long)
        .mark_bar()
        .encode(
            x=alt.X("value:Q", title=f"mean size of its part, {unit}", axis=alt.Axis(tickCount=5)),
            y=_features(shown),
            yOffset=alt.YOffset("what:N", scale=alt.Scale(domain=kinds, paddingOuter=0.1)),
            color=alt.Color("what:N", scale=alt.Scale(domain=kinds, range=[FLAGGED, FALSE])),
        )
        .properties(width=WIDTH, height=_IMPORTANCE_HEIGHT, autosize=_FIT)
    )
    return chart


def _features(shown: pl.DataFrame) -> alt.Y:
    return alt.Y(
        "feature:N",
        title=None,
        sort=shown["feature"].to_list(),
        axis=alt.Axis(labelLimit=200, labelColor=INK, grid=False),
    )


def confusion(matrices: dict[str, dict[str, int]]) -> Chart:
    """Matrices of what was flagged and what was fraud, side by side.

    Parameters
    ----------
    matrices
        By what stands above them: one of ``confusion`` of ``metrics.json``.
    """
    return alt.hconcat(
        *(
            _matrix(title, matrix, place == 0)
            for place, (title, matrix) in enumerate(matrices.items())
        ),
        spacing=26,
    )


def _matrix(title: str, matrix: dict[str, int], is_first: bool) -> alt.LayerChart | alt.FacetChart:  # noqa: FBT001 - private
    frame = pl.DataFrame(
        {
            "is": ["fraud", "fraud", "legitimate", "legitimate"],
            "was": ["flagged", "let pass"] * 2,
            "events": [
                matrix["true_positives"],
                matrix["false_negatives"],
                matrix["false_positives"],
                matrix["true_negatives"],
            ],
        }
    ).with_columns(
        (pl.col("events") / pl.col("events").sum().over("is")).fill_nan(0.0).alias("share")
    )
    base = alt.Chart(frame).encode(
        x=alt.X(
            "was:N",
            title=None,
            axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False),
        ),
        y=alt.Y("is:N", title=None, axis=alt.Axis(labels=is_first)),
    )
    ink = alt.condition(f"datum.share > {_DARK}", alt.value("white"), alt.value(INK))
    return alt.layer(
        base.mark_rect(stroke="white", strokeWidth=3).encode(
            color=alt.Color(
                "share:Q", scale=alt.Scale(domain=[0, 1], range=["#eef3f8", FLAGGED]), legend=None
            )
        ),
        base.mark_text(fontSize=15, fontWeight="bold", dy=-7).encode(
            text=alt.Text("events:Q", format=","), color=ink
        ),
        base.mark_text(dy=13).encode(text=alt.Text("share:Q", format=".2%"), color=ink),
        title=alt.TitleParams(title, anchor="middle", offset=10),
    ).properties(width=2 * _CELL + 20, height=2 * _CELL + 76)
