"""The plots of scores: precision and recall, thresholds and what they cost, probabilities."""

import math
from typing import Any, Final

import altair as alt
import polars as pl

from engine.report.curves import Losses
from engine.report.drawing import (
    FAINT,
    FALSE,
    FLAGGED,
    HEIGHT,
    INK,
    MISSED,
    MUTED,
    SHORT,
    WIDTH,
    Chart,
)

_FIT: Final = alt.AutoSizeParams(type="fit", contains="padding")
_SHARES: Final = alt.Scale(domain=[0, 1])
_FIFTHS: Final = alt.Axis(tickCount=5)
# Up to where losses are shown: times the lowest, at the threshold, and with nothing flagged. Near
# the ends they are a hundred times as much, and would flatten all that there is to choose from.
_OF_LOWEST: Final = 4.0
_OF_CHOSEN: Final = 1.5
_OF_NOTHING: Final = 1.25
# Beyond is cut off: where a line leaves the frame is all that is seen of it there. Points millions
# of frames away make what draws it leave out the whole line.
_BEYOND: Final = 2.0  # times the height of the frame
_LEAST: Final = 1e-6  # of a logarithmic scale


def precision_recall(points: pl.DataFrame, figures: dict[str, Any], fraud_share: float) -> Chart:
    """Precision against recall, with the threshold and the intervals of both there.

    Parameters
    ----------
    points
        See :meth:`engine.report.curves.Curves.precision_recall`.
    figures
        ``figures`` of ``metrics.json``.
    fraud_share
        What flagging at random would have as precision.
    """
    recall = alt.X(
        "recall:Q", title="recall: share of fraud that is flagged", scale=_SHARES, axis=_FIFTHS
    )
    precision = alt.Y(
        "precision:Q", title="precision: share of fraud in flags", scale=_SHARES, axis=_FIFTHS
    )
    layers: list[alt.Chart] = [
        alt.Chart(pl.DataFrame({"precision": [fraud_share]}))
        .mark_rule(color=MUTED, strokeDash=[2, 3])
        .encode(y=precision),
        alt.Chart(points)
        .mark_line(color=FLAGGED, strokeJoin="round")
        .encode(x=recall, y=precision, order=alt.Order("place:Q"))
        .transform_window(place="row_number()"),
    ]
    at = {name: figures[f"at_threshold.{name}"] for name in ("precision", "recall")}
    if all(figure["value"] is not None for figure in at.values()):
        layers += _at_threshold(at)
    return _layered(*layers)


def _at_threshold(at: dict[str, dict[str, float | None]]) -> list[alt.Chart]:
    row = {
        f"{name}{end}": figure.get(end or "value")
        for name, figure in at.items()
        for end in ("", "low", "high")
    }
    one = alt.Chart(pl.DataFrame([row], schema=dict.fromkeys(row, pl.Float64)))
    # In the corner that only a perfect curve reaches.
    words = one.mark_text(align="right", dx=-6, dy=10, fontWeight="bold", color=MISSED).encode(
        x=alt.value("width"), y=alt.value(0), text=alt.value("✚ at the threshold")
    )
    rule = one.mark_rule(color=MISSED, strokeWidth=2.5)
    bars = {
        "recall": rule.encode(x="recalllow:Q", x2="recallhigh:Q", y="precision:Q"),
        "precision": rule.encode(x="recall:Q", y="precisionlow:Q", y2="precisionhigh:Q"),
    }
    known = [bar for name, bar in bars.items() if row[f"{name}low"] is not None]
    point = one.mark_point(filled=True, color=MISSED, size=55, opacity=1).encode(
        x="recall:Q", y="precision:Q"
    )
    return [*known, point, words]


def at_thresholds(points: pl.DataFrame, threshold: float) -> Chart:
    """Precision, recall and F1 at every threshold.

    Parameters
    ----------
    points
        See :meth:`engine.report.curves.Curves.at_thresholds`.
    threshold
        The one that was chosen.
    """
    names = {"precision": "precision", "recall": "recall", "f1": "F1"}
    long = points.rename(names).unpivot(index="threshold", variable_name="what")
    lines = (
        alt.Chart(long)
        .mark_line()
        .encode(
            x=_threshold_axis(),
            y=alt.Y("value:Q", title="share", scale=_SHARES, axis=_FIFTHS),
            **_lines(("precision", FLAGGED), ("recall", MISSED), ("F1", MUTED)),
        )
    )
    return _layered(*_marked(threshold), lines)


def losses(found: Losses, threshold: float) -> Chart:
    """What each threshold loses, by missed fraud and by false alerts.

    Parameters
    ----------
    found
        See :meth:`engine.report.curves.Curves.losses`.
    threshold
        The one that was chosen.
    """
    missed, alerts = (
        ("missed fraud", "false alerts") if found.is_money else ("missed frauds", "false alerts")
    )
    names = {"missed": missed, "false_alerts": alerts, "total": "both"}
    chosen = found.points.filter(pl.col("threshold") == threshold)["total"].item()
    least = found.nothing_flagged if found.lowest is None else found.lowest["total"]
    most = min(
        max(_OF_LOWEST * least, _OF_CHOSEN * chosen),
        _OF_NOTHING * max(found.nothing_flagged, chosen),
    )
    most = most or 1.0
    long = (
        found.points.rename(names)
        .unpivot(index="threshold", variable_name="what")
        .with_columns(pl.col("value").clip(upper_bound=_BEYOND * most))
    )
    loss = alt.Y(
        "value:Q",
        title="lost on the test part" if found.is_money else "events of the test part",
        scale=alt.Scale(domain=[0, most], nice=False),
        axis=alt.Axis(labelExpr=SHORT, tickCount=5),
    )
    lines = (
        alt.Chart(long)
        .mark_line(clip=True)
        .encode(
            x=_threshold_axis(),
            y=loss,
            **_lines(("both", INK), (missed, MISSED), (alerts, FALSE)),
        )
    )
    best = [
        alt.Chart(pl.DataFrame([found.lowest]))
        .mark_point(size=90, color=INK, fill="white", strokeWidth=2, opacity=1)
        .encode(x="threshold:Q", y="total:Q")
    ]
    nothing = (
        alt.Chart(pl.DataFrame({"value": [min(found.nothing_flagged, _BEYOND * most)]}))
        .mark_rule(color=MUTED, strokeDash=[2, 3], clip=True)
        .encode(y="value:Q")
    )
    return _layered(nothing, *_marked(threshold), lines, *(best if found.lowest else []))


def _lines(*kinds: tuple[str, str]) -> dict[str, Any]:
    """Encodings of lines that differ in colour and in their dashes."""
    names, colours = [name for name, _ in kinds], [colour for _, colour in kinds]
    dashes = [[1, 0], [7, 3], [2, 3]]
    return {
        "color": alt.Color("what:N", scale=alt.Scale(domain=names, range=colours)),
        "strokeDash": alt.StrokeDash("what:N", scale=alt.Scale(domain=names, range=dashes)),
    }


def _threshold_axis() -> alt.X:
    return alt.X(
        "threshold:Q",
        title="threshold: the lowest score that is flagged",
        scale=_SHARES,
        axis=_FIFTHS,
    )


def _marked(threshold: float) -> list[alt.Chart]:
    one = alt.Chart(pl.DataFrame({"threshold": [min(threshold, 1.0)]}))
    right = threshold > 0.5  # noqa: PLR2004 - where there is room for words
    return [
        one.mark_rule(color=INK, strokeWidth=1.5).encode(x=_threshold_axis()),
        one.mark_text(
            align="right" if right else "left", dx=-6 if right else 6, dy=9, fontWeight="bold"
        ).encode(x="threshold:Q", y=alt.value(0), text=alt.value(f"chosen: {threshold:.3f}")),
    ]


def calibration(bins: list[dict[str, float]]) -> Chart:
    """The share of fraud that came of events against the probability that was said of them.

    Parameters
    ----------
    bins
        ``calibration.bins`` of ``metrics.json``.
    """
    frame = pl.DataFrame(bins)
    shares = frame.select("mean_probability", "fraud_share")
    seen = [value for column in shares for value in column.to_list() if value > 0]
    lowest = max(10.0 ** math.floor(math.log10(min(seen, default=1.0))), _LEAST)
    lowest = min(lowest, 0.1)
    clipped = frame.with_columns(
        pl.col("mean_probability", "fraud_share").clip(lower_bound=lowest),
        pl.when(pl.col("fraud_share") > 0)
        .then(pl.lit("some were fraud"))
        .otherwise(pl.lit("none was fraud"))
        .alias("came"),
    )
    scale = alt.Scale(type="log", domain=[lowest, 1])
    powers = [10.0**power for power in range(round(math.log10(lowest)), 1)]
    axis = alt.Axis(values=powers, format="~g")
    said = alt.X(
        "mean_probability:Q", title="probability said, mean of a bin", scale=scale, axis=axis
    )
    came = alt.Y("fraud_share:Q", title="share of fraud that came", scale=scale, axis=axis)
    ends = pl.DataFrame({"mean_probability": [lowest, 1.0], "fraud_share": [lowest, 1.0]})
    points = alt.Chart(clipped)
    return _layered(
        alt.Chart(ends).mark_line(color=MUTED, strokeDash=[2, 3]).encode(x=said, y=came),
        points.mark_line(color=FAINT, strokeWidth=1.5).encode(x=said, y=came),
        points.mark_point(filled=True, size=80, opacity=1, strokeWidth=2).encode(
            x=said,
            y=came,
            shape=alt.Shape(
                "came:N",
                scale=alt.Scale(
                    domain=["some were fraud", "none was fraud"],
                    range=["circle", "triangle-down"],
                ),
            ),
            color=alt.Color(
                "came:N",
                scale=alt.Scale(
                    domain=["some were fraud", "none was fraud"], range=[FLAGGED, MISSED]
                ),
            ),
        ),
    )


def _layered(*layers: alt.Chart) -> Chart:
    return alt.layer(*layers, width=WIDTH, height=HEIGHT, autosize=_FIT)
