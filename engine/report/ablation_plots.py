"""The plots of what each family of features adds, and of what it does alone."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import altair as alt
import polars as pl

from engine.report.drawing import FLAGGED, INK, MISSED, MUTED, WIDTH, Chart

_FIT: Final = alt.AutoSizeParams(type="fit", contains="padding")
_ROW: Final = 36
_AROUND: Final = 90  # the axis below and the legend above
_SIGNED: Final = "datum.value == 0 ? '0' : format(datum.value, '+~g')"
_PARTS: Final = {"test": ("adds", FLAGGED), "validation": ("validation", MISSED)}


def added(families: Sequence[Mapping[str, Any]]) -> Chart:
    """How much average precision each family adds, on the test part and on validation.

    Parameters
    ----------
    families
        ``families`` of ``ablation.json``.
    """
    figures = {name: [each[key] for each in families] for name, (key, _) in _PARTS.items()}
    names, colours = list(_PARTS), [colour for _, colour in _PARTS.values()]
    found = alt.Chart(_frame(families, figures)).encode(
        y=_families(families),
        yOffset=alt.YOffset("part:N", scale=alt.Scale(domain=names, paddingOuter=0.6)),
        color=alt.Color("part:N", scale=alt.Scale(domain=names, range=colours)),
    )
    value = alt.X(
        "value:Q",
        title="average precision added",
        axis=alt.Axis(tickCount=5, labelExpr=_SIGNED),
    )
    shapes = alt.Scale(domain=names, range=["circle", "diamond"])
    return _layered(
        families,
        alt.Chart(pl.DataFrame({"value": [0.0]})).mark_rule(color=INK).encode(x=value),
        _bars(found),
        found.mark_point(size=60, opacity=1, filled=True).encode(
            x=value, shape=alt.Shape("part:N", scale=shapes)
        ),
    )


def alone(told: Mapping[str, Any]) -> Chart:
    """The average precision of each family alone, beside that of chance and of the whole.

    Parameters
    ----------
    told
        What ``ablation.json`` holds.
    """
    families = told["families"]
    figures = {"test": [each["alone"] for each in families]}
    found = alt.Chart(_frame(families, figures)).encode(y=_families(families))
    value = alt.X(
        "value:Q",
        title="average precision",
        scale=alt.Scale(domainMin=0),
        axis=alt.Axis(tickCount=5, format="~g"),
    )
    ends = pl.DataFrame(
        {
            "value": [told["chance"], told["whole"]["value"]],
            "words": ["at random", "the whole"],
        }
    )
    lines = alt.Chart(ends)
    return _layered(
        families,
        lines.mark_rule(color=MUTED, strokeDash=[2, 3]).encode(x=value),
        lines.mark_text(color=MUTED, dy=-8).encode(x=value, y=alt.value(0), text="words:N"),
        _bars(found),
        found.mark_point(size=60, opacity=1, filled=True, color=FLAGGED).encode(x=value),
    )


def _frame(
    families: Sequence[Mapping[str, Any]], figures: Mapping[str, Iterable[Mapping[str, Any]]]
) -> pl.DataFrame:
    """Each family's figure on each part; where nothing could be measured there is nothing."""
    rows = [
        {
            "family": family["family"],
            "part": part,
            **{end: figure.get(end) for end in ("value", "low", "high")},
        }
        for part, of_part in figures.items()
        for family, figure in zip(families, of_part, strict=True)
    ]
    numbers = dict.fromkeys(("value", "low", "high"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=numbers).drop_nulls("value")


def _bars(found: alt.Chart) -> alt.Chart:
    """Intervals, of those that have one."""
    bars: alt.Chart = (
        found.transform_filter("isValid(datum.low)")
        .mark_rule(color=FLAGGED, strokeWidth=2.5)
        .encode(x="low:Q", x2="high:Q")
    )
    return bars


def _families(families: Sequence[Mapping[str, Any]]) -> alt.Y:
    """In their order, which layers would not agree on by sorting."""
    return alt.Y(
        "family:N",
        title=None,
        scale=alt.Scale(domain=[family["family"] for family in families]),
        axis=alt.Axis(labelLimit=200, labelColor=INK, grid=True),
    )


def _layered(families: Sequence[Mapping[str, Any]], *layers: alt.Chart) -> Chart:
    height = _ROW * len(families) + _AROUND
    return alt.layer(*layers, width=WIDTH, height=height, autosize=_FIT)
