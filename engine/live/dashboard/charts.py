"""The charts of the pages, as Vega-Lite; the page's script puts in what they show.

A chart names its data ``rows``, and what else it needs by other names; the page gives them with
each update. All are as wide as the page has room.
"""

from typing import Any, Final

import altair as alt

from engine.live.dashboard.looks import LOOKS, Look

_ROWS: Final = alt.NamedData("rows")
_WIDTH: Final = "container"
_FIT_WIDTH: Final = alt.AutoSizeParams(type="fit-x", contains="padding", resize=True)
_LOW: Final = 92
_PER_BAR: Final = 22
_LEGEND_TEXT: Final = 12
_HEXAGON: Final = "M0,-1L0.866,-0.5L0.866,0.5L0,1L-0.866,0.5L-0.866,-0.5Z"
_PERCENT: Final = ".1~%"
# Labels of an axis: 0, 500, 20k, 1.5M.
_SHORT: Final = "format(datum.value, '~s')"
# In a map's own units, as the script projects it: see ``map.js``.
_MAP: Final = {"x0": -1.0, "x1": 1.0, "y0": -0.62, "y1": 0.62}


def charts() -> dict[str, Any]:
    """All of them, and their settings, by look and by name."""
    return {
        name: {
            "config": look.config,
            "charts": {
                "events": _minutes(look.calm, look, "transactions"),
                "alerts": _minutes(look.alarm, look, "alerts"),
                "category": _rates(look),
                "state": _rates(look),
                "hour": _hours(look),
                "map": _map(look),
                "timeline": _card(look, "amt", "amount", has_times=True),
                "distance": _card(look, "km", "km", has_times=False),
            },
        }
        for name, look in LOOKS.items()
    }


def _minutes(colour: str, look: Look, noun: str) -> dict[str, Any]:
    """Bars, one a minute; the minute that has not ended yet is paler."""
    return _told(
        alt.Chart(_ROWS, width=_WIDTH, height=_LOW)
        .mark_bar(color=colour, cornerRadiusEnd=1)
        .encode(
            x=alt.X(
                "at:T",
                timeUnit="utcyearmonthdatehoursminutes",
                title=None,
                scale=alt.Scale(type="utc"),
                axis=alt.Axis(format="%H:%M", tickCount=6, grid=False, labelFlush=True),
            ),
            y=alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=3, labelExpr=_SHORT)),
            opacity=alt.condition("datum.open", alt.value(0.45), alt.value(1)),
            tooltip=[
                alt.Tooltip("at:T", title="minute, UTC", format="%H:%M", formatType="utc"),
                alt.Tooltip("count:Q", title=noun, format=","),
            ],
        ),
        look,
    )


def _rates(look: Look) -> dict[str, Any]:
    """Segments below each other, each with its rate and its interval."""
    chart = alt.Chart(_ROWS, width=_WIDTH, height=alt.Step(_PER_BAR))
    place = alt.Y(
        "segment:N",
        sort=None,
        title=None,
        axis=alt.Axis(labelColor=look.ink, labelLimit=150, grid=False),
    )
    rate = alt.X(
        "rate:Q",
        title=None,
        scale=alt.Scale(zero=True, nice=True),
        axis=alt.Axis(format=_PERCENT, tickCount=4, orient="top"),
    )
    told = _of_segment("")
    return _told(
        alt.layer(
            chart.mark_rule(color=look.calm, strokeWidth=4).encode(
                y=place, x=alt.X("low:Q", title=None), x2="high:Q", tooltip=told
            ),
            chart.mark_point(color=look.alarm, filled=True, size=64, opacity=1).encode(
                y=place, x=rate, tooltip=told
            ),
            autosize=_FIT_WIDTH,
        ),
        look,
    )


def _hours(look: Look) -> dict[str, Any]:
    """The hours of the day beside each other, each with its rate and its interval."""
    chart = alt.Chart(_ROWS, width=_WIDTH, height=196)
    hour = alt.X(
        "hour:O",
        title="hour of the day, UTC",
        scale=alt.Scale(domain=list(range(24))),
        axis=alt.Axis(labelAngle=0, values=list(range(0, 24, 3)), grid=False),
    )
    rate = alt.Y("rate:Q", title=None, axis=alt.Axis(format=_PERCENT, tickCount=4))
    told = _of_segment("hour, UTC")
    return _told(
        alt.layer(
            chart.mark_bar(color=look.calm, width=4).encode(
                x=hour, y=alt.Y("low:Q", title=None), y2="high:Q", tooltip=told
            ),
            chart.mark_point(color=look.alarm, filled=True, size=50, opacity=1).encode(
                x=hour, y=rate, tooltip=told
            ),
        ),
        look,
    )


def _of_segment(noun: str) -> list[alt.Tooltip]:
    return [
        alt.Tooltip("segment:N", title=noun or "segment"),
        alt.Tooltip("rate:Q", title="rate", format=".2%"),
        alt.Tooltip("low:Q", title="at least", format=".2%"),
        alt.Tooltip("high:Q", title="at most", format=".2%"),
        alt.Tooltip("hits:Q", title="hits", format=","),
        alt.Tooltip("events:Q", title="transactions", format=","),
        alt.Tooltip("cards:Q", title="cards", format=","),
    ]


def _map(look: Look) -> dict[str, Any]:
    """Alerts in hexagons of equal size on the screen, whatever part of the country is shown.

    Its places are projected by the script, which also says by ``x0`` … ``y1`` what is shown.
    """
    shown = {
        "x": alt.Scale(domain=[{"expr": "x0"}, {"expr": "x1"}], nice=False, zero=False),
        "y": alt.Scale(domain=[{"expr": "y0"}, {"expr": "y1"}], nice=False, zero=False),
    }
    x = alt.X("x:Q", title=None, axis=None, scale=shown["x"])
    y = alt.Y("y:Q", title=None, axis=None, scale=shown["y"])

    def named(name: str) -> alt.Chart:
        return alt.Chart(alt.NamedData(name), width=_WIDTH, height=380)

    land = (
        named("land")
        .mark_line(filled=True, clip=True, color=look.land, stroke=look.line, interpolate="linear")
        .encode(x=x, y=y, order="order:Q", detail="part:N")
    )
    hexagons = (
        named("rows")
        .mark_point(shape=_HEXAGON, filled=True, opacity=0.92, clip=True)
        .encode(
            x=x,
            y=y,
            size=alt.Size("size:Q", scale=None),
            color=alt.Color(
                "alerts:Q",
                scale=alt.Scale(type="sqrt", range=list(look.heat), zero=True),
                # On the page, beside the map: in it there is no corner that is always free.
                legend=None,
            ),
            tooltip=[
                alt.Tooltip("alerts:Q", title="alerts in two hours", format=","),
                alt.Tooltip("near:N", title="near the middle of"),
            ],
        )
    )
    letters = (
        named("states")
        .mark_text(color=look.ink, fontSize=10, clip=True)
        .encode(x=x, y=y, text="state:N")
    )
    # Around each letter, so that it is read on whatever is below.
    around = (
        named("states")
        .mark_text(stroke=look.land, strokeWidth=3, strokeOpacity=0.7, fontSize=10, clip=True)
        .encode(x=x, y=y, text="state:N")
    )
    marked = (
        named("marked")
        .mark_point(shape="circle", filled=False, size=260, strokeWidth=2.5, color=look.mark)
        .encode(x=x, y=y, opacity=alt.value(1))
    )
    chart = alt.layer(land, hexagons, around, letters, marked).add_params(
        *(alt.param(name=name, value=value) for name, value in _MAP.items())
    )
    return _told(chart, look)


def _card(look: Look, name: str, title: str, *, has_times: bool) -> dict[str, Any]:
    """A card's transactions beside each other: by their time those of a burst would be one spot.

    Parameters
    ----------
    look
        Its colours.
    name, title
        What of each is shown, and what it is called.
    has_times
        Whether it says when each was.
    """
    times = alt.Axis(
        labelExpr="split(datum.label, ' ')",
        labelAngle=0,
        labelOverlap=True,
        grid=False,
        ticks=False,
    )
    place = alt.X(
        "when:N",
        sort=alt.EncodingSortField("place", op="min"),
        title=None,
        scale=alt.Scale(paddingInner=0.35),
        axis=times if has_times else None,
    )
    return _told(
        alt.Chart(_ROWS, width=_WIDTH, height=150 if has_times else 64)
        .mark_bar(cornerRadiusEnd=2, minBandSize=2)
        .encode(
            x=place,
            y=alt.Y(
                f"{name}:Q",
                title=title,
                axis=alt.Axis(tickCount=3, labelExpr=_SHORT, minExtent=46, maxExtent=46),
            ),
            color=alt.Color(
                "what:N",
                scale=alt.Scale(
                    domain=["this one", "alert", "not flagged"],
                    range=[look.mark, look.alarm, look.calm],
                ),
                legend=alt.Legend(
                    orient="top",
                    title=None,
                    labelColor=look.ink,
                    labelFontSize=_LEGEND_TEXT,
                    symbolType="square",
                    offset=4,
                )
                if has_times
                else None,
            ),
            tooltip=[
                alt.Tooltip("at:T", title="time, UTC", format="%d %b %H:%M:%S", formatType="utc"),
                alt.Tooltip("amt:Q", title="amount", format=",.2f"),
                alt.Tooltip("merchant:N", title="merchant"),
                alt.Tooltip("km:Q", title="km from the one before", format=",.0f"),
            ],
        ),
        look,
    )


def _told(chart: alt.Chart | alt.LayerChart | alt.FacetChart, look: Look) -> dict[str, Any]:
    """As Vega-Lite has it; what all have in common is told once."""
    found: dict[str, Any] = chart.to_dict()
    found.pop("config", None)
    fit = {"type": "fit", "contains": "padding", "resize": True}
    return {"autosize": fit, "background": look.config["background"]} | found
