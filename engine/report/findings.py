"""The sections of a report that show: how it detects, at which threshold, by what, and when."""

from typing import Any, Final

import polars as pl

from engine.report import importance_plots, plots
from engine.report.curves import Curves, Losses
from engine.report.frame import Column, Html, Section, beside, code, paragraph, table
from engine.report.importance import importance
from engine.report.judged import Judged
from engine.report.numbers import number, percent
from engine.report.plates import Plates
from engine.report.time_plots import over_time
from engine.report.timeline import Every, by_period
from engine.words import counted

_MOST_DAYS: Final = 400  # in one plot
_MOST_WEEKS: Final = 60  # in the table
_NO_ALERT: Final = ": no score is as high, as each alert would have cost more than it saved"
_UNITS: Final = {"lightgbm": "log-odds", "random_forest": "share of fraud"}


def detection(judged: Judged, curves: Curves, plates: Plates) -> Section:
    """Precision against recall, and what is right and wrong at the threshold."""
    metrics = judged.metrics
    share = metrics["fraud"] / metrics["events"]
    matrices = metrics["confusion"]
    named = {
        f"at the threshold, {judged.run.threshold:.3f}": matrices["at_threshold"],
        "at 0.50": matrices["at_half"],
    }
    return Section(
        "detection",
        "Detection",
        [
            beside(
                plates.figure(
                    "precision-recall",
                    plots.precision_recall(curves.precision_recall(), metrics["figures"], share),
                    "Precision and recall",
                    "Every threshold is a point of the line, the strictest on the left. The cross "
                    "is the chosen threshold, as long as its intervals; flagging at random would "
                    f"have the precision of the dotted line, {percent(share, 2)}.",
                ),
                plates.figure(
                    "confusion",
                    importance_plots.confusion(named),
                    "Confusion matrices",
                    "Transactions by what they are and what became of them; per cents and shades "
                    "are of a row. 0.50 is shown because it is what many take without choosing.",
                ),
            )
        ],
    )


def threshold(judged: Judged, curves: Curves, plates: Plates) -> Section:
    """How the threshold was chosen, and what others would have done."""
    chosen, there = judged.run.threshold, judged.thresholds["there"]
    cost = float(judged.metrics["alert_cost"])
    lost = curves.losses(cost)
    terms = (
        f"A missed fraud loses its amount, a false alert {cost:g}"
        if lost.is_money
        else "The features do not tell every amount: a miss and a false alert count one each"
    )
    at_chosen = lost.points.filter(pl.col("threshold") == chosen)["total"].item()
    return Section(
        "threshold",
        "Threshold",
        [
            paragraph(
                f"A score of {chosen:.4g} or more is flagged. The rule ",
                code(judged.thresholds["rule"]),
                f" chose this on {judged.thresholds['chosen_on']}, where it had precision "
                f"{there['precision']:.3f}, recall {there['recall']:.3f} and "
                f"{there['alerts_per_day']:,.1f} alerts a day"
                f"{'' if there['alerts_per_day'] else _NO_ALERT}. The plots are of the test part, "
                "which had no say in it.",
            ),
            beside(
                plates.figure(
                    "thresholds",
                    plots.at_thresholds(curves.at_thresholds(), chosen),
                    "Precision, recall and F1 by threshold",
                    "On the test part, at every threshold.",
                ),
                plates.figure(
                    "costs",
                    plots.losses(lost, chosen),
                    "Cost by threshold",
                    f"{terms}: {_loss(lost, at_chosen)} at the chosen threshold, "
                    f"{_loss(lost, lost.nothing_flagged)} if nothing were flagged (dotted, where "
                    f"there is room). {_least(lost)}; nobody could have known it.",
                ),
            ),
        ],
    )


def probability(judged: Judged, plates: Plates) -> Section:
    """How far probabilities can be taken at their word."""
    found = judged.metrics["calibration"]
    method = judged.run.calibration.method
    fitted = {
        "platt": "A logistic curve, fitted on validation, makes probabilities of scores.",
        "isotonic": "A rising step function, fitted on validation, makes probabilities of scores.",
        "none": "Scores are taken as probabilities, as no calibration was asked for.",
    }[method]
    rows = [
        [f"{part['events']:,}", _fine(part["mean_probability"]), _fine(part["fraud_share"])]
        for part in found["bins"]
    ]
    heads = ("transactions", "mean probability", "share of fraud")
    return Section(
        "calibration",
        "Calibration",
        [
            paragraph(
                f"{fitted} On the test part what was said and what came are "
                f"{_fine(found['expected_error'])} apart, the mean over all transactions."
            ),
            beside(
                plates.figure(
                    "calibration",
                    plots.calibration(found["bins"]),
                    "Reliability",
                    "On the dotted line probabilities come true; below it they are too high, "
                    "above it too low. Both scales are logarithmic.",
                ),
                table(
                    [Column(head, "number") for head in heads],
                    rows,
                    caption="The bins, from the highest probability down. Each holds half of what "
                    "is not above it, as what matters is at the top.",
                ),
            ),
        ],
    )


def features(judged: Judged, plates: Plates) -> Section:
    """Which features the model goes by."""
    found = importance(judged)
    kind = judged.run.model.kind
    sample = (
        f"{counted(found.fraud, 'fraud')} and {counted(found.legitimate, 'legitimate event')} of "
        f"the test part, drawn with seed {judged.seed}"
    )
    if kind == "lightgbm":
        in_training = "By gain: what the splits by a feature took off the loss."
        title = "SHAP, in scores"
        in_scores = (
            f"SHAP values tell by how much a feature moved a score, up or down; the mean of their "
            f"sizes over {sample}."
        )
    else:
        in_training = "By impurity: what the splits by a feature took off it, the mean over trees."
        title = "Splits on the way, in scores"
        in_scores = (
            "By how much the splits by a feature moved the share of fraud on an event's way down "
            f"the trees; the mean of their sizes over {sample}. These are no SHAP values, which "
            "take too long of trees as deep as a forest's."
        )
    return Section(
        "features",
        "Feature importance",
        [
            beside(
                plates.figure(
                    "importance-training",
                    importance_plots.in_training(found),
                    "Gain, in training" if kind == "lightgbm" else "Impurity, in training",
                    in_training,
                ),
                plates.figure(
                    "importance-scores",
                    importance_plots.in_scores(found, _UNITS[kind]),
                    title,
                    in_scores,
                ),
            )
        ],
    )


def time(judged: Judged, plates: Plates) -> Section:
    """How it did day by day and week by week."""
    periods = {every: _periods(judged, every) for every in _EVERY}
    shown = [
        plates.figure(f"by-{noun}", over_time(frame), f"Each {noun}", _CAPTIONS[every])
        for every, noun in _EVERY.items()
        if len(frame := periods[every].tail(_MOST_DAYS)) > 1
    ]
    content: list[Html] = []
    if len(periods["1d"]) > _MOST_DAYS:
        content.append(paragraph(f"Of days the last {_MOST_DAYS} are shown."))
    if shown:
        content.append(beside(*shown))
    else:
        content.append(
            paragraph("The test part lies within one day: there is nothing to compare it with.")
        )
    if len(periods["1w"]) <= _MOST_WEEKS:
        content.append(_weeks(periods["1w"]))
    return Section("time", "Over time", content)


_EVERY: Final[dict[Every, str]] = {"1d": "day", "1w": "week"}
_CAPTIONS: Final[dict[Every, str]] = {
    "1d": "UTC days. A day without alerts has no precision and one without fraud no recall: there "
    "the lines have gaps.",
    "1w": "Weeks from Monday to Sunday, UTC; the first and the last hold only what of them is in "
    "the test part.",
}


def _periods(judged: Judged, every: Every) -> pl.DataFrame:
    return by_period(judged.test, judged.flagged, judged.span, every)


def _weeks(weeks: pl.DataFrame) -> Html:
    has_money = weeks["money"].null_count() == 0

    def row(week: dict[str, Any]) -> list[str]:
        cells = [
            f"{week['from']:%Y-%m-%d}",
            *(f"{week[name]:,}" for name in ("events", "fraud", "alerts")),
            number(week["precision"], "share"),
            number(week["recall"], "share"),
        ]
        if has_money:
            cells += [number(week[name], "money") for name in ("money", "money_caught")]
        return cells

    heads = ["transactions", "fraud", "alerts", "precision", "recall"]
    if has_money:
        heads += ["money of fraud", "of it flagged"]
    return table(
        [Column("week from"), *(Column(head, "number") for head in heads)],
        [row(week) for week in weeks.iter_rows(named=True)],
        caption="The weeks in numbers.",
    )


def _least(lost: Losses) -> str:
    """What would have been the best, in hindsight."""
    if lost.lowest is None:
        return "That would have been the least in hindsight: each alert costs more than it saves"
    least = f"{_loss(lost, lost.lowest['total'])} at {lost.lowest['threshold']:.3f}"
    return f"The circle is the least in hindsight, {least}"


def _loss(lost: Losses, value: float) -> str:
    """Money, or without amounts a number of events."""
    return number(value, "money") if lost.is_money else f"{value:,.0f}"


def _fine(share: float) -> str:
    """A share that may be very small."""
    return f"{share:.6f}"
