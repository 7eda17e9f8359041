"""Figures in words, a line each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine.words import counted

Unit = Literal["share", "number", "count", "money", "squares"]
FORMS: Final[dict[Unit, str]] = {
    "share": "{:.3f}",
    "number": "{:,.1f}",
    "count": "{:,.0f}",
    "money": "{:,.0f}",
    "squares": "{:.5f}",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A figure and how it is said.

    Parameters
    ----------
    name
        What the file of the results calls it.
    words
        What people call it; indented where it belongs to the one before.
    unit
        What it is in.
    """

    name: str
    words: str
    unit: Unit


def listed(words: str) -> str:
    """Words that are indented, after a dash instead; others as they are."""
    inner = words.strip()
    return inner if words.startswith(inner) else f"– {inner}"


def listed_row(row: Sequence[str]) -> list[str]:
    """A row of text, its words first, for a table of a page, which aligns by itself."""
    words, *cells = row
    return [listed(words), *(cell.strip() for cell in cells)]


_LINES: Final = (
    Line("average_precision", "average precision", "share"),
    Line("roc_auc", "ROC-AUC", "share"),
    Line("at_threshold.precision", "precision at the threshold", "share"),
    Line("at_threshold.recall", "recall at the threshold", "share"),
    Line("at_threshold.f1", "F1 at the threshold", "share"),
    Line("at_threshold.alerts_per_day", "alerts a day at the threshold", "number"),
    Line("at_half.precision", "precision at 0.50", "share"),
    Line("at_half.recall", "recall at 0.50", "share"),
    Line("at_half.f1", "F1 at 0.50", "share"),
    Line("at_half.alerts_per_day", "alerts a day at 0.50", "number"),
    Line("recall_at_fpr.0.001", "recall at 0.1 % false positives", "share"),
    Line("recall_at_fpr.0.01", "recall at 1 % false positives", "share"),
    Line("cards.precision", "card precision@{cards} a day", "share"),
    Line("cards.best_precision", "  the best there could be", "share"),
    Line("money.fraud", "money of fraud", "money"),
    Line("money.caught", "money of fraud flagged", "money"),
    Line("money.caught_share", "  as a share of it all", "share"),
    Line("money.saved", "  less {alert_cost:g} a false alert", "money"),
    Line("bursts.caught_share", "bursts with a flag, of {bursts:,.0f}", "share"),
    Line("bursts.caught_at_once_share", "  on their first transaction", "share"),
    Line("bursts.transactions_before_flag", "  frauds passed before the flag", "number"),
    Line("bursts.money_before_flag", "  money passed before the flag", "money"),
    Line("bursts.money_passed_share", "share of fraud's money not stopped", "share"),
    Line("brier_score", "Brier score of the probability", "squares"),
)


def measured_lines(metrics: dict[str, Any]) -> list[Line]:
    """The figures that were measured, with what their words leave open filled in."""
    figures = metrics["figures"]
    said = {
        "cards": metrics["cards_looked_at"],
        "alert_cost": metrics["alert_cost"],
        "bursts": figures["bursts.count"]["value"] or 0.0,
    }
    return [
        Line(line.name, line.words.format(**said), line.unit)
        for line in _LINES
        if line.name in figures
    ]


def sample_line(metrics: dict[str, Any]) -> str | None:
    """Why fewer cards are looked at than people can, where these events are a sample."""
    looked, every = metrics["cards_looked_at"], metrics["cards_per_day"]
    if looked == every:
        return None
    cards = f"{counted(looked, 'card')} a day {'is' if looked == 1 else 'are'} looked at"
    return f"these events are a sample: {cards}, as of all events {every:,} would be"


def figure_lines(metrics: dict[str, Any]) -> Iterator[str]:
    """Each figure with its interval, then the confusion matrices.

    Parameters
    ----------
    metrics
        What ``metrics.json`` holds.
    """
    figures, intervals = metrics["figures"], metrics["intervals"]
    yield f"{metrics['events']:,} events, {metrics['fraud']:,} fraud, {metrics['cards']:,} cards"
    if intervals["resamples"]:
        share = f"{100 * intervals['confidence']:g} %"
        draws = f"{intervals['resamples']:,} draws of as many cards"
        yield f"in brackets {share} of {draws}; of days for card precision"
    sample = sample_line(metrics)
    if sample is not None:
        yield sample
    for line in measured_lines(metrics):
        yield f"{line.words:<34} {figure_text(figures[line.name], FORMS[line.unit])}"
    for name, words in (("at_threshold", "at the threshold"), ("at_half", "at 0.50")):
        matrix = metrics["confusion"][name]
        yield (
            f"{words}: of fraud {matrix['true_positives']:,} flagged, "
            f"{matrix['false_negatives']:,} missed; of the rest "
            f"{matrix['false_positives']:,} flagged, {matrix['true_negatives']:,} let pass"
        )


def figure_text(figure: dict[str, float | None], form: str) -> str:
    """A figure's value and, in brackets, its interval; ``form`` is how a value is written."""
    value, low, high = figure["value"], figure.get("low"), figure.get("high")
    if value is None:
        return f"{'-':>9}"
    text = f"{form.format(value):>9}"
    if low is None or high is None:
        return text
    return f"{text}  [{form.format(low)}, {form.format(high)}]"
