"""The plots of days and of weeks: flags, how good they were, and the money."""

from typing import Any, Final

import altair as alt
import polars as pl

from engine.report.drawing import FALSE, FLAGGED, MISSED, PANEL, SHORT, Chart

_PANEL_HEIGHT: Final = 104
_BARE: Final = 0.12  # of a period's width, left free beside its bar
_TICKS: Final = 6
_MARKED: Final = 40  # periods, up to which a line has points


def over_time(periods: pl.DataFrame) -> Chart:
    """Three panels over one time: flags, precision and recall, and the money of fraud.

    Parameters
    ----------
    periods
        See :func:`engine.report.timeline.by_period`; two rows or more.
    """
    frame = periods.with_columns(
        pl.col("from").dt.epoch("ms"), pl.col("until").dt.epoch("ms")
    ).with_columns(
        middle=(pl.col("from") + pl.col("until")) // 2,
        until=pl.col("until") - (_BARE * (pl.col("until") - pl.col("from"))).cast(pl.Int64),
    )
    ends = [int(frame["from"][0]), int(periods["until"].dt.epoch("ms")[-1])]
    times = frame["from"].to_list()
    # Of few periods the very first days; of many what the axis finds round.
    ticks = times[:: -(-len(times) // _TICKS)] if len(times) <= _MARKED else None
    has_money = frame["money"].null_count() == 0
    panels = [
        _bars(
            frame.select(
                "from",
                "until",
                pl.col("caught").alias("fraud flagged"),
                (pl.col("alerts") - pl.col("caught")).alias("false alerts"),
            ),
            [("fraud flagged", FLAGGED), ("false alerts", FALSE)],
            "alerts",
            _time("from", ends, ticks, is_last=False),
        ),
        _shares(frame, _time("middle", ends, ticks, is_last=not has_money)),
    ]
    if has_money:
        panels.append(
            _bars(
                frame.select(
                    "from",
                    "until",
                    pl.col("money_caught").alias("money flagged"),
                    (pl.col("money") - pl.col("money_caught")).alias("money missed"),
                ),
                [("money flagged", FLAGGED), ("money missed", MISSED)],
                "money of fraud",
                _time("from", ends, ticks, is_last=True),
            )
        )
    whole: Chart = alt.vconcat(*panels, spacing=16).resolve_scale(
        color="independent", strokeDash="independent"
    )
    return whole


def _bars(frame: pl.DataFrame, kinds: list[tuple[str, str]], title: str, time: alt.X) -> alt.Chart:
    """Stacked bars, put together here: of bars over a span of time Vega-Lite stacks none."""
    (lower, _), (upper, _) = kinds
    low, both = pl.col(lower), pl.col(lower) + pl.col(upper)
    bars = pl.concat(
        [
            frame.select("from", "until", what=pl.lit(lower), low=0 * low, high=low),
            frame.select("from", "until", what=pl.lit(upper), low=low, high=both),
        ]
    )
    names, colours = [name for name, _ in kinds], [colour for _, colour in kinds]
    chart: alt.Chart = (
        alt.Chart(bars)
        .mark_rect()
        .encode(
            x=time,
            x2="until",
            y=alt.Y("low:Q", title=title, axis=alt.Axis(labelExpr=SHORT, tickCount=4)),
            y2="high",
            color=alt.Color("what:N", scale=alt.Scale(domain=names, range=colours)),
        )
        .properties(width=PANEL, height=_PANEL_HEIGHT)
    )
    return chart


def _shares(frame: pl.DataFrame, time: alt.X) -> alt.Chart:
    names = ["precision", "recall"]
    long = frame.unpivot(index="middle", on=names, variable_name="what")
    few = len(frame) <= _MARKED
    point: Any = alt.OverlayMarkDef(size=42 if few else 14, filled=True, opacity=1)
    stroke = alt.Legend(symbolType="stroke")
    scales = {
        "color": alt.Color(
            "what:N", scale=alt.Scale(domain=names, range=[FLAGGED, MISSED]), legend=stroke
        ),
        "strokeDash": alt.StrokeDash(
            "what:N", scale=alt.Scale(domain=names, range=[[1, 0], [6, 3]]), legend=stroke
        ),
    }
    chart: alt.Chart = (
        alt.Chart(long)
        .mark_line(point=point, strokeWidth=2 if few else 1.25, invalid="break-paths-show-domains")
        .encode(
            x=time,
            y=alt.Y(
                "value:Q",
                title="share",
                scale=alt.Scale(domain=[0, 1]),
                axis=alt.Axis(tickCount=4),
            ),
            **scales,
        )
        .properties(width=PANEL, height=_PANEL_HEIGHT)
    )
    return chart


def _time(name: str, ends: list[int], ticks: list[int] | None, *, is_last: bool) -> alt.X:
    return alt.X(
        f"{name}:T",
        title=None,
        scale=alt.Scale(type="utc", domain=ends),
        axis=alt.Axis(
            grid=False,
            labels=is_last,
            ticks=is_last,
            format="%-d %b",
            tickCount=_TICKS,
            values=alt.Undefined if ticks is None else ticks,
            labelOverlap=True,
        ),
    )
