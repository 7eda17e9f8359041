"""A backtest in words: a line for each fold, the figures over all, and both side by side."""

from collections.abc import Iterator
from typing import Any, Final

from engine.model.figures_text import FORMS, Line, figure_text
from engine.model.paired import DIFFERENCE
from engine.words import counted
from replay.backtest.job import Backtest
from replay.backtest.tested import Tested
from replay.backtest.words import (
    beyond_text,
    comparison_rows,
    contender_text,
    plain,
    policy_text,
    said_outcomes,
    unlabelled_text,
)

# What is printed of metrics; the rest is in results.json and the report.
_METRICS: Final = (
    Line("average_precision", "average precision", "share"),
    Line("roc_auc", "ROC-AUC", "share"),
    Line("at_threshold.precision", "precision at the threshold", "share"),
    Line("at_threshold.recall", "recall at the threshold", "share"),
    Line("at_threshold.f1", "F1 at the threshold", "share"),
)


def backtest_text(done: Backtest) -> str:
    """The summary of a backtest, for people."""
    content = done.content
    windows, log = content["windows"], content["log"]
    lines = [
        f"{content['feature_set']} of {log['events']:,} events, {log['from']} to {log['to']}",
        *(each for each in (unlabelled_text(content), beyond_text(content)) if each is not None),
        "train {train_days} days, delay {delay_days}, test {test_days}".format(**windows),
        policy_text(content["policy"]),
    ]
    for tested in done.tested:
        lines += ["", *_contender(content, tested)]
    if content["comparison"] is not None:
        lines += ["", *_side_by_side(content)]
    return "\n".join([*lines, f"{done.seconds:.1f} s"]) + "\n"


def _contender(content: dict[str, Any], tested: Tested) -> Iterator[str]:
    name = tested.contender.name
    contender = content["contenders"][name]
    yield f"{name}: {contender_text(contender)}"
    rows = [_HEADS, *(_fold_row(fold, name) for fold in content["folds"])]
    if not content["log"]["unlabelled"]:
        rows = [[cell for place, cell in enumerate(row) if place != _UNLABELLED] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  " + "  ".join(map(str.rjust, row, widths))
    overall = content["overall"][name]
    metrics, outcomes = overall["metrics"], overall["outcomes"]
    yield (
        f"  over all: {counted(metrics['events'], 'event')}"
        f"{' with a label' if content['log']['unlabelled'] else ''}, {metrics['fraud']:,} fraud, "
        f"{counted(metrics['cards'], 'card')}"
    )
    if content["resamples"]:
        yield f"  in brackets 95 % of {counted(content['resamples'], 'draw')} of as many cards"
    for line in _METRICS:
        yield f"  {line.words:<34} {figure_text(metrics['figures'][line.name], FORMS[line.unit])}"
    for line in said_outcomes(content["policy"], outcomes):
        yield f"  {line.words:<34} {figure_text(outcomes[line.name], FORMS[line.unit])}"
    yield from _played(tested)
    yield f"  digest {contender['digest']}"


_HEADS: Final = [
    "test from",
    "events",
    "unlabelled",
    "fraud",
    "threshold",
    "avg precision",
    "precision",
    "recall",
    "alerts/day",
    "money saved",
    "cards caught",
    "hours to flag",
]
_UNLABELLED: Final = _HEADS.index("unlabelled")


def _fold_row(fold: dict[str, Any], name: str) -> list[str]:
    of = fold["contenders"][name]
    metrics, outcomes = of["metrics"]["figures"], of["outcomes"]
    caught, hit = (outcomes[each]["value"] for each in ("caught_cards", "defrauded_cards"))
    return [
        fold["from"],
        f"{fold['events']:,}",
        f"{fold['unlabelled']:,}",
        f"{fold['fraud']:,}",
        f"{of['threshold']:.4f}",
        plain(metrics["average_precision"], "share"),
        plain(outcomes["precision"], "share"),
        plain(outcomes["recall"], "share"),
        plain(outcomes["alerts_per_day"], "number"),
        plain(outcomes.get("money_saved_share"), "share"),
        f"{caught:,.0f} of {hit:,.0f}",
        plain(outcomes["hours_to_first_flag"], "number"),
    ]


def _played(tested: Tested) -> Iterator[str]:
    if tested.resumed:
        yield f"  {tested.resumed:,} decided on before, and the same again"
    if tested.events_per_second is not None:
        yield f"  event by event, {tested.events_per_second:,.0f} events/s"
    if tested.checked is not None:
        checked = tested.checked
        differing = f"{checked.differing:,}" if checked.differing else "no"
        yield f"  {checked.decisions:,} decisions both ways: {differing} differing"
        for example in checked.examples:
            yield f"    {example}"


def _side_by_side(content: dict[str, Any]) -> Iterator[str]:
    """Each figure of both and their difference, all with intervals, as a table."""
    names = list(content["contenders"])
    rows = [["", *names, DIFFERENCE], *comparison_rows(content)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield "both on the same events:"
    for row in rows:
        yield "  " + "  ".join(map(str.ljust, row, widths)).rstrip()
