"""What came of a training, first in words and in large numbers, then all of it."""

from typing import Any, Final

from engine.model.figures_text import Unit, listed, measured_lines, sample_line
from engine.report.frame import (
    Column,
    Piece,
    Section,
    Tile,
    joined,
    note,
    paragraph,
    strong,
    table,
    tiles,
)
from engine.report.judged import Judged
from engine.report.numbers import NONE, interval, number, percent
from engine.words import counted, measured

MODELS: Final = {"lightgbm": "LightGBM", "random_forest": "A random forest"}
_TILES: Final[tuple[tuple[str, str, Unit], ...]] = (
    ("average_precision", "Average precision", "share"),
    ("at_threshold.precision", "Precision at the threshold", "share"),
    ("at_threshold.recall", "Recall at the threshold", "share"),
    ("at_threshold.alerts_per_day", "Alerts a day", "number"),
    ("roc_auc", "ROC-AUC", "share"),
    ("at_threshold.f1", "F1 at the threshold", "share"),
    ("bursts.caught_share", "Bursts of fraud with a flag", "share"),
    ("money.caught_share", "Money of fraud flagged", "share"),
    ("recall_at_fpr.0.001", "Recall at 0.1 % false positives", "share"),
)
_MOST_TILES: Final = 8


def lead(judged: Judged) -> list[Piece]:
    """The whole of it in two sentences."""
    manifest, metrics = judged.run.manifest, judged.metrics
    figures, test = metrics["figures"], manifest["parts"]["test"]
    features = judged.run.features
    trees = counted(manifest["training"]["trees"], "tree")
    first = joined(
        f"{MODELS[manifest['model']]} of {trees} on the {len(features.names)} features of ",
        strong(features.name),
        f", judged by {counted(metrics['events'], 'transaction')} from {test['from']} until "
        f"{test['until']}, {metrics['fraud']:,} of them fraud.",
    )
    at = {name: figures[f"at_threshold.{name}"]["value"] for name in ("precision", "recall")}
    if at["precision"] is None:
        return [first, "At its threshold it flags nothing."]
    per_day = figures["at_threshold.alerts_per_day"]["value"]
    # No share if all fraud is of amount 0.
    money = figures.get("money.caught_share", {"value": None})["value"]
    of_money = "" if money is None else f", with {percent(money)} of its money"
    second = joined(
        "At its threshold it flags ",
        strong(f"{number(per_day, 'number')} transactions a day"),
        "; ",
        strong(percent(at["precision"])),
        " of what it flags is fraud, and ",
        strong(percent(at["recall"])),
        f" of all fraud is flagged{of_money}.",
    )
    return [first, second]


def headline(judged: Judged) -> Section:
    """The numbers that are seen first, with their intervals."""
    metrics = judged.metrics
    figures = metrics["figures"]
    shown = [
        Tile(label, number(figures[name]["value"], unit), interval(figures[name], unit))
        for name, label, unit in _TILES
        if name in figures
    ]
    return Section(
        "headline", "Headline", [tiles(shown[:_MOST_TILES]), paragraph(_of_intervals(metrics))]
    )


def _of_intervals(metrics: dict[str, Any]) -> str:
    intervals = metrics["intervals"]
    if not intervals["resamples"]:
        return "Of the test part; there are no intervals, as none were asked for."
    return (
        f"Of the test part. In brackets, where {100 * intervals['confidence']:g} % of "
        f"{intervals['resamples']:,} draws of as many cards come out: fraud comes in bursts on a "
        "card, so cards are drawn anew and not transactions."
    )


def split(judged: Judged) -> Section:
    """What the model learnt from, what its threshold was chosen on, what it is judged by."""
    manifest = judged.run.manifest
    delay = manifest["options"]["label_delay_days"]
    kind = manifest["options"]["split"]
    if kind == "random":
        said = note(
            strong("Split at random: these numbers flatter. "),
            "A burst of fraud lies in several parts, so that what is tested was half seen before. "
            "Split by time to know what to expect.",
        )
    else:
        cards = " Each part is on cards of its own." if kind == "time+cards" else ""
        gap = (
            f"Between two parts {'lies' if delay == 1 else 'lie'} the {measured(delay, 'day')} "
            "until labels are known, which belong to none."
            if delay
            else "Labels are taken to be known at once: between two parts there is no gap."
        )
        said = paragraph(f"Split by time. {gap}{cards}")
    rows = [
        [
            strong(name),
            _PURPOSE[name],
            part["from"],
            part["until"],
            f"{part['events']:,}",
            f"{part['fraud']:,}",
            percent(part["fraud"] / part["events"], 2),
            f"{part['cards']:,}",
        ]
        for name, part in manifest["parts"].items()
    ]
    columns = [
        Column("part"),
        Column("for", "wide"),
        Column("from", "date"),
        Column("until (without)", "date"),
        *(Column(name, "number") for name in ("transactions", "fraud", "share", "cards")),
    ]
    return Section("split", "Split", [said, table(columns, rows)])


_PURPOSE: Final = {
    "train": "to learn from",
    "validation": "to stop by, to choose the threshold, to calibrate",
    "test": "to be judged by, once",
}


def every_figure(judged: Judged) -> Section:
    """All figures of the test part."""
    figures = judged.metrics["figures"]
    rows = []
    for line in measured_lines(judged.metrics):
        figure = figures[line.name]
        value = number(figure["value"], line.unit)
        rows.append([listed(line.words), value, interval(figure, line.unit) or NONE])
    columns = [Column("figure", "wide"), Column("value", "number"), Column("interval", "number")]
    content = [table(columns, rows)]
    sample = sample_line(judged.metrics)
    if sample is not None:
        content.append(paragraph(f"{sample[0].upper()}{sample[1:]}."))
    return Section("figures", "Every figure", content)


def anomaly(metrics: dict[str, Any]) -> Section | None:
    """Whether an anomaly score as a further input helped; None if that was not asked.

    Parameters
    ----------
    metrics
        What ``metrics.json`` holds. Its ``anomaly``: ``with``, ``without`` and ``differences``, of
        figures of the test part by name a value and the ends of its interval; ``figure``, the one
        that is judged by, and ``validation``, the same three of it there, each with ``value``,
        ``low`` and ``high``; ``used``; and ``sentence``.
    """
    asked = metrics.get("anomaly")
    if asked is None:
        return None
    known = {line.name: line for line in measured_lines(metrics)}
    columns = ("with", "without", "differences")

    def row(name: str, part: str, triples: list[list[float | None]]) -> list[Piece]:
        line = known.get(name)
        unit: Unit = "share" if line is None else line.unit
        words = name if line is None else line.words.strip()
        signs = ("", "", "+")
        values = [_triple(each, unit, sign) for each, sign in zip(triples, signs, strict=True)]
        return [words, part, *values]

    there = [
        [asked["validation"][name].get(end) for end in ("value", "low", "high")]
        for name in ("with", "without", "difference")
    ]
    rows = [row(asked["figure"], "validation", there)]
    rows += [row(name, "test", [asked[side][name] for side in columns]) for name in asked["with"]]
    return Section(
        "anomaly",
        "Does an anomaly score help?",
        [
            paragraph(asked["sentence"]),
            table(
                [
                    Column("figure", "wide"),
                    Column("part"),
                    Column("with it", "number"),
                    Column("without", "number"),
                    Column("difference", "number"),
                ],
                rows,
            ),
            paragraph(
                "Both models have the same settings and were trained on the same events; the "
                "interval of the difference is of the same draws for both. What helps is to be "
                "decided by validation; the test part says what came of it."
            ),
        ],
    )


def _triple(ends: list[float | None], unit: Unit, sign: str) -> str:
    value, low, high = ends
    if value is None:
        return NONE
    form = f"{{:{sign}.4f}}" if sign else None
    text = number(value, unit) if form is None else form.format(value)
    if low is None or high is None:
        return text
    if form is None:
        return f"{text} {interval({'low': low, 'high': high}, unit)}"
    return f"{text} [{form.format(low)}, {form.format(high)}]"
