"""The folds over time, a plot for each figure."""

from typing import Any, Final

import altair as alt
import polars as pl

from engine.report.drawing import FLAGGED, HEIGHT, MISSED, SHORT, WIDTH, Chart, Drawing, drawn

_COLOURS: Final = (FLAGGED, MISSED)
_SHAPES: Final = ("circle", "square")


def over_time(content: dict[str, Any], path: tuple[str, ...], title: str, name: str) -> Drawing:
    """A figure of each fold, with its interval, of one contender or both.

    Parameters
    ----------
    content
        What ``results.json`` holds.
    path
        Where in a fold's contender the figure is.
    title
        What it is, for those who hear the page.
    name
        As of :func:`engine.report.drawing.drawn`.
    """
    names = list(content["contenders"])
    found = [
        {"from": fold["from"], "contender": called, **_figure(fold["contenders"][called], path)}
        for fold in content["folds"]
        for called in names
    ]
    types = {"value": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    frame = pl.DataFrame(found, schema_overrides=types).with_columns(
        pl.col("from").str.to_datetime("%Y-%m-%d")
    )
    legend = alt.Legend() if len(names) > 1 else None
    is_short = bool((frame["value"] > 1).any())  # no share
    axis = alt.Axis(tickCount=5, labelExpr=SHORT) if is_short else alt.Axis(tickCount=5)
    base = alt.Chart(frame).encode(
        x=alt.X("from:T", title=None, axis=alt.Axis(tickCount=6, grid=False)),
        color=alt.Color(
            "contender:N",
            scale=alt.Scale(domain=names, range=list(_COLOURS[: len(names)])),
            legend=legend,
        ),
    )
    value = alt.Y("value:Q", title=None, axis=axis, scale=alt.Scale(zero=is_short))
    band = base.mark_area(opacity=0.15).encode(
        y=alt.Y("low:Q", title=None, axis=axis, scale=alt.Scale(zero=is_short)),
        y2="high:Q",
    )
    points = base.mark_point(filled=True, size=50, opacity=1).encode(
        y=value,
        shape=alt.Shape(
            "contender:N",
            scale=alt.Scale(domain=names, range=list(_SHAPES[: len(names)])),
            legend=legend,
        ),
    )
    chart: Chart = alt.layer(band, base.mark_line().encode(y=value), points).properties(
        width=WIDTH, height=HEIGHT, autosize=alt.AutoSizeParams(type="fit", contains="padding")
    )
    return drawn(chart, name, f"{title}, fold by fold")


def _figure(contender: dict[str, Any], path: tuple[str, ...]) -> dict[str, float | None]:
    found: Any = contender
    for step in path:
        found = found[step]
    return {name: found.get(name) for name in ("value", "low", "high")}
