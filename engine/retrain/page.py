"""A decision as a page to be read."""

from collections.abc import Iterator
from typing import Any, Final

import altair as alt
import polars as pl

from engine.model.drift import MOVED, Word
from engine.model.figures_text import listed_row
from engine.model.paired_text import paired_rows
from engine.report.drawing import FAINT, FALSE, FLAGGED, INK, MISSED, MUTED, Chart, drawn
from engine.report.frame import (
    Column,
    Html,
    Section,
    Tile,
    facts,
    figure,
    note,
    page,
    table,
    tiles,
)
from engine.retrain.decision import CHALLENGER, CHAMPION, verdict, without

_MOST: Final = 15  # features in the plot
_WIDTH: Final = 800
_BAR: Final = 26
_COLOURS: Final[dict[Word, str]] = {
    "stable": FLAGGED,
    "moderate": FALSE,
    "shifted": MISSED,
    "too few events or cards": MUTED,
    "not whole weeks": FAINT,
}


def decision_page(content: dict[str, Any]) -> str:
    """The page.

    Parameters
    ----------
    content
        What ``decision.json`` holds.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    said = verdict(content)
    return page(
        content[CHALLENGER]["id"],
        "Retraining",
        [f"{said[0].upper()}{said[1:]}.", " ".join(content["reasons"])],
        [_decision(content), _comparison(content), _drift(content["drift"])],
    )


def _decision(content: dict[str, Any]) -> Section:
    judged = content["judged_by"]
    days = f"{judged['days']} days, {judged['from']} to {judged['until']}{without(judged)}"
    return Section(
        "decision",
        "Decision",
        [
            facts(
                [
                    ("judged by", days),
                    ("figure", f"{content['metric']}, to be higher by {content['margin']:g}"),
                    *((name, _learnt(content[name])) for name in (CHAMPION, CHALLENGER)),
                ]
            )
        ],
    )


def _learnt(run: dict[str, Any]) -> str:
    train, validation = run["train"], run["validation"]
    return (
        f"{run['id']}, {run['model']}: {train['events']:,} events from {train['from']} to "
        f"{train['until']}; threshold {run['threshold']:.4g}, of days to {validation['until']}"
    )


def _comparison(content: dict[str, Any]) -> Section:
    compared = content["comparison"]
    draws = compared["intervals"]
    columns = [
        Column("figure", "wide"),
        *(Column(name, "number") for name in (*compared["rivals"], "difference")),
    ]
    caption = (
        f"{compared['events']:,} events, {compared['fraud']:,} fraud, {compared['cards']:,} cards; "
        f"in brackets {draws['confidence']:.0%} of {draws['resamples']:,} draws of as many cards, "
        "the same for both"
    )
    rows = [listed_row(row) for row in paired_rows(compared)]
    return Section("comparison", "Both on the same events", [table(columns, rows, caption=caption)])


def _drift(moved: dict[str, Any] | None) -> Section:
    return Section("drift", "Drift", list(_drifted(moved)))


def _drifted(moved: dict[str, Any] | None) -> Iterator[Html]:
    if moved is None:
        yield note("Not known: the champion is from before runs kept how features were spread.")
        return
    shifted = [each for each in moved["features"] if each["word"] in MOVED]
    yield tiles(
        [
            Tile("PSI of the score", f"{moved['score']['psi']:.3f}", moved["score"]["word"]),
            Tile("features that moved", f"{len(shifted)}", f"of {len(moved['features'])}"),
        ]
    )
    shown = f"The {min(_MOST, len(moved['features']))} features that moved most"
    yield figure(
        drawn(
            _psi(moved["features"][:_MOST]), "psi", f"{shown}, by population stability index"
        ).svg,
        shown,
        f"Of enough events, moved is what is at {moved['moderate_from']:g} or above: moderately; "
        f"from {moved['shifted_from']:g} on, much.",
    )
    yield table(
        [
            Column("feature", "wide"),
            *(Column(head, "number") for head in ("PSI", "by chance", "worth events")),
            Column("which is"),
        ],
        [
            [
                each["feature"],
                f"{each['psi']:.4f}",
                f"{each['by_chance']:.4f}",
                f"{each['worth']:,.0f}",
                each["word"],
            ]
            for each in moved["features"]
        ],
        caption=(
            f"Population stability index of {moved['events']:,} events of {moved['cards']:,} cards "
            "since the first day judged by, against the champion's training part; of the score "
            "against its validation part. By chance it stays below what is told in all but one of "
            "a thousand samples; events of a card are worth fewer that are independent. Moderate "
            f"from {moved['moderate_from']:g}, shifted from {moved['shifted_from']:g}, if chance "
            "cannot do that; too few events or cards where it could. What tells the hour or the "
            "weekday is compared of whole weeks."
        ),
    )


def _psi(features: list[dict[str, Any]]) -> Chart:
    chart: alt.Chart = (
        alt.Chart(pl.DataFrame(features))
        .mark_bar()
        .encode(
            x=alt.X("psi:Q", title="population stability index", axis=alt.Axis(tickCount=5)),
            y=alt.Y(
                "feature:N",
                title=None,
                sort=[each["feature"] for each in features],
                axis=alt.Axis(labelLimit=220, labelColor=INK, grid=False),
            ),
            color=alt.Color(
                "word:N",
                scale=alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values())),
            ),
        )
        .properties(width=_WIDTH, height=_BAR * len(features) + 80)
        .properties(autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    )
    return chart
