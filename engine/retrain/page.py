"""A decision as a page to be read."""

from collections.abc import Iterator
from typing import Any

from engine.model.figures_text import paired_rows
from engine.report.frame import Column, Html, Section, Tile, facts, note, page, table, tiles
from engine.retrain.decision import CHALLENGER, CHAMPION, verdict


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
    return Section(
        "decision",
        "Decision",
        [
            facts(
                [
                    ("judged by", f"{judged['days']} days, {judged['from']} to {judged['until']}"),
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
    rows = [[cell.strip() for cell in row] for row in paired_rows(compared)]
    return Section("comparison", "Both on the same events", [table(columns, rows, caption=caption)])


def _drift(moved: dict[str, Any] | None) -> Section:
    return Section("drift", "Drift", list(_drifted(moved)))


def _drifted(moved: dict[str, Any] | None) -> Iterator[Html]:
    if moved is None:
        yield note("Not known: the champion is from before runs kept how features were spread.")
        return
    shifted = [each for each in moved["features"] if each["word"] != "stable"]
    yield tiles(
        [
            Tile("PSI of the score", f"{moved['score']['psi']:.3f}", moved["score"]["word"]),
            Tile("features that moved", f"{len(shifted)}", f"of {len(moved['features'])}"),
        ]
    )
    yield table(
        [Column("feature", "wide"), Column("PSI", "number"), Column("which is")],
        [[each["feature"], f"{each['psi']:.4f}", each["word"]] for each in moved["features"]],
        caption=(
            f"Population stability index of {moved['events']:,} events since the first day judged "
            "by, against the champion's training part; of the score against its validation part. "
            f"Moderate from {moved['moderate_from']:g}, shifted from {moved['shifted_from']:g}."
        ),
    )
