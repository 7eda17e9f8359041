"""A backtest as a page: the figures over all, the folds over time, and both side by side."""

from collections.abc import Iterator
from typing import Any, Final

from engine.model.figures_text import FORMS, figure_text, listed_row, measured_lines
from engine.report.frame import (
    Column,
    Html,
    Section,
    Tile,
    beside,
    facts,
    figure,
    note,
    page,
    table,
    tiles,
)
from engine.words import counted
from replay.backtest.plots import over_time
from replay.backtest.words import (
    beyond_text,
    comparison_rows,
    contender_text,
    plain,
    policy_text,
    said_outcomes,
    unlabelled_text,
)

_PLOTS: Final = (
    (("metrics", "figures", "average_precision"), "average precision"),
    (("outcomes", "recall"), "share of fraud stopped"),
    (("outcomes", "alerts_per_day"), "alerts a day"),
    (("outcomes", "precision"), "share of fraud among alerts"),
    (("outcomes", "money_saved_share"), "share of money of fraud saved"),
    (("outcomes", "caught_cards_share"), "share of defrauded cards caught"),
)


def backtest_page(content: dict[str, Any]) -> str:
    """The page.

    Parameters
    ----------
    content
        What ``results.json`` holds.

    Returns
    -------
    str
        HTML that loads nothing.
    """
    windows, folds = content["windows"], content["folds"]
    lead = (
        f"{counted(len(folds), 'fold')} of {windows['test_days']} days, {folds[0]['from']} to "
        f"{folds[-1]['until']}, each tested on events that nothing was learnt or chosen on."
    )
    sections = [
        Section("overall", "Over all folds", list(_overall(content))),
        Section("folds", "Folds over time", list(_folds(content))),
    ]
    if content["comparison"] is not None:
        sections.append(Section("comparison", "Side by side", [_comparison(content)]))
    sections.append(Section("how", "How it was tested", list(_how(content))))
    title = (
        " against ".join(content["contenders"]) if len(content["contenders"]) > 1 else "Backtest"
    )
    return page(title[0].upper() + title[1:], "Backtest", [lead], sections)


def _overall(content: dict[str, Any]) -> Iterator[Html]:
    for name, contender in content["contenders"].items():
        overall = content["overall"][name]
        figures, outcomes = overall["metrics"]["figures"], overall["outcomes"]
        if len(content["contenders"]) > 1:
            yield note(f"{name}: {contender_text(contender)}")
        yield tiles(
            [
                _tile("average precision", figures["average_precision"], "share"),
                _tile("alerts a day", outcomes["alerts_per_day"], "number"),
                _tile("fraud stopped", outcomes["recall"], "share"),
                *(
                    [_tile("money saved", outcomes["money_saved"], "money")]
                    if "money_saved" in outcomes
                    else []
                ),
                _tile("cards caught", outcomes["caught_cards_share"], "share"),
                _tile("hours to first flag", outcomes["hours_to_first_flag"], "number"),
            ]
        )
        if len(content["contenders"]) > 1:
            continue  # each figure stands beside the other's, further down
        told = _caption(content, overall["metrics"])
        for found, lines, caption in (
            (outcomes, said_outcomes(content["policy"], outcomes), "What came of it"),
            (figures, measured_lines(overall["metrics"]), "Scores, before any policy"),
        ):
            rows = [
                listed_row([line.words, figure_text(found[line.name], FORMS[line.unit])])
                for line in lines
            ]
            columns = [Column("figure", "wide"), Column(name, "number")]
            yield table(columns, rows, caption=f"{caption}: {told}")


def _caption(content: dict[str, Any], metrics: dict[str, Any]) -> str:
    which = "events with a label" if content["log"]["unlabelled"] else "events"
    events = (
        f"{metrics['events']:,} {which}, {metrics['fraud']:,} fraud, {metrics['cards']:,} cards"
    )
    if not content["resamples"]:
        return events
    return f"{events}; in brackets 95 % of {content['resamples']:,} draws of as many cards"


def _tile(label: str, found: dict[str, float | None], unit: Any) -> Tile:  # noqa: ANN401 - a Unit
    low, high = found.get("low"), found.get("high")
    form = FORMS[unit]
    detail = "" if low is None or high is None else f"{form.format(low)} to {form.format(high)}"
    return Tile(label, plain(found, unit), detail)


def _folds(content: dict[str, Any]) -> Iterator[Html]:
    first = next(iter(content["contenders"]))
    there = content["folds"][0]["contenders"][first]["outcomes"]
    drawings = [
        figure(
            over_time(content, path, title, f"fold-{number}").svg,
            f"{title[0].upper()}{title[1:]}",
        )
        for number, (path, title) in enumerate(_PLOTS)
        if path[0] == "metrics" or path[1] in there
    ]
    for start in range(0, len(drawings), 2):
        yield beside(*drawings[start : start + 2])
    for name in content["contenders"]:
        yield table(_COLUMNS, [_row(fold, name) for fold in content["folds"]], caption=name)
    beyond = beyond_text(content)
    if beyond is not None:
        yield note(f"{beyond}.")
    unlabelled = unlabelled_text(content)
    if unlabelled is not None:
        of_each = ", ".join(
            f"{fold['from']}: {fold['unlabelled']:,}"
            for fold in content["folds"]
            if fold["unlabelled"]
        )
        yield note(f"{unlabelled}." + (f" By fold, {of_each}." if of_each else ""))


_COLUMNS: Final = [
    Column("test from"),
    *(
        Column(title, "number")
        for title in (
            "learnt from",
            "events",
            "fraud",
            "threshold",
            "average precision",
            "alerts a day",
            "precision",
            "stopped",
            "money saved",
            "cards caught",
            "hours",
        )
    ),
]


def _row(fold: dict[str, Any], name: str) -> list[str]:
    of = fold["contenders"][name]
    figures, outcomes = of["metrics"]["figures"], of["outcomes"]
    caught, hit = (outcomes[each]["value"] for each in ("caught_cards", "defrauded_cards"))
    return [
        fold["from"],
        f"{of['trained']['train']['events']:,}",
        f"{fold['events']:,}",
        f"{fold['fraud']:,}",
        f"{of['threshold']:.4f}",
        plain(figures["average_precision"], "share"),
        plain(outcomes["alerts_per_day"], "number"),
        plain(outcomes["precision"], "share"),
        plain(outcomes["recall"], "share"),
        plain(outcomes.get("money_saved"), "money"),
        f"{caught:,.0f} of {hit:,.0f}",
        plain(outcomes["hours_to_first_flag"], "number"),
    ]


def _comparison(content: dict[str, Any]) -> Html:
    names = list(content["contenders"])
    columns = [
        Column("figure", "wide"),
        *(Column(name, "number") for name in (*names, "difference")),
    ]
    rows = [listed_row(row) for row in comparison_rows(content)]
    caption = (
        f"{_caption(content, content['comparison']['metrics'])}, the same for both; the difference "
        f"is {names[0]} less {names[1]}"
    )
    return table(columns, rows, caption=caption)


def _how(content: dict[str, Any]) -> Iterator[Html]:
    windows, log = content["windows"], content["log"]
    ways = {
        "vectorised": "vectorised: all events of a fold at once",
        "event-driven": "event-driven: one by one, through the code that runs live",
        "check": "both ways, vectorised and event by event",
    }
    yield facts(
        [
            (
                "log",
                f"{counted(log['events'], 'event')}, {log['from']} to {log['to']}"
                + (f"; {log['unlabelled']:,} without a label" if log["unlabelled"] else ""),
            ),
            ("features", f"{content['feature_set']}, {content['fingerprint'][:12]}"),
            (
                "windows",
                "train {train_days} days, delay {delay_days}, test {test_days}".format(**windows),
            ),
            ("policy", policy_text(content["policy"])),
            ("a false alert", f"costs {content['alert_cost']:g}"),
            ("way", ways[content["mode"]]),
            *(
                (name, f"{contender_text(contender)}; decisions {contender['digest'][:16]}")
                for name, contender in content["contenders"].items()
            ),
        ]
    )
    for name, contender in content["contenders"].items():
        checked = contender["check"]
        if checked is not None and checked["differing"]:
            yield note(
                f"{name}: {checked['differing']:,} of {checked['decisions']:,} decisions differ "
                "between the two ways."
            )
