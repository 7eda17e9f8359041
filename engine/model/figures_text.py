"""Figures in words, a line each."""

from collections.abc import Iterator
from typing import Any, Final

# By what a value is: how it is written.
_SHARE: Final = "{:.3f}"
_NUMBER: Final = "{:,.1f}"
_MONEY: Final = "{:,.0f}"
_TINY: Final = "{:.5f}"
# How the difference of two such values is.
_SIGNED: Final = {_SHARE: "{:+.4f}", _NUMBER: "{:+,.1f}", _MONEY: "{:+,.0f}", _TINY: "{:+.5f}"}

_LINES: Final[tuple[tuple[str, str, str], ...]] = (
    ("average_precision", "average precision", _SHARE),
    ("roc_auc", "ROC-AUC", _SHARE),
    ("at_threshold.precision", "precision at the threshold", _SHARE),
    ("at_threshold.recall", "recall at the threshold", _SHARE),
    ("at_threshold.f1", "F1 at the threshold", _SHARE),
    ("at_threshold.alerts_per_day", "alerts a day at the threshold", _NUMBER),
    ("at_half.precision", "precision at 0.50", _SHARE),
    ("at_half.recall", "recall at 0.50", _SHARE),
    ("at_half.f1", "F1 at 0.50", _SHARE),
    ("recall_at_fpr.0.001", "recall at 0.1 % false positives", _SHARE),
    ("recall_at_fpr.0.01", "recall at 1 % false positives", _SHARE),
    ("cards.precision", "card precision@{cards} a day", _SHARE),
    ("cards.best_precision", "  the best there could be", _SHARE),
    ("money.caught", "money of fraud flagged", _MONEY),
    ("money.caught_share", "  as a share of it all", _SHARE),
    ("money.saved", "  less {alert_cost:g} a false alert", _MONEY),
    ("bursts.caught_share", "bursts with a flag, of {bursts:,.0f}", _SHARE),
    ("bursts.caught_at_once_share", "  on their first transaction", _SHARE),
    ("bursts.transactions_before_flag", "  frauds passed before the flag", _NUMBER),
    ("bursts.money_before_flag", "  money passed before the flag", _NUMBER),
    ("bursts.money_passed_share", "money of fraud not stopped by it", _SHARE),
    ("brier_score", "Brier score of the probability", _TINY),
)


def figure_lines(metrics: dict[str, Any]) -> Iterator[str]:
    """Each figure with its interval, then the confusion matrices.

    Parameters
    ----------
    metrics
        What ``metrics.json`` holds.
    """
    figures = metrics["figures"]
    yield f"{metrics['events']:,} events, {metrics['fraud']:,} fraud, {metrics['cards']:,} cards"
    if metrics["intervals"]["resamples"]:
        yield f"{_brackets(metrics)}; of days for card precision"
    for name, words, form in _lines_of(metrics, figures["bursts.count"]):
        yield f"{words:<34} {_figure(figures[name], form)}"
    for name, words in (("at_threshold", "at the threshold"), ("at_half", "at 0.50")):
        matrix = metrics["confusion"][name]
        yield (
            f"{words}: of fraud {matrix['true_positives']:,} flagged, "
            f"{matrix['false_negatives']:,} missed; of the rest "
            f"{matrix['false_positives']:,} flagged, {matrix['true_negatives']:,} let pass"
        )


def paired_lines(paired: dict[str, Any]) -> Iterator[str]:
    """Each figure of two runs and their difference, all with intervals.

    Parameters
    ----------
    paired
        What :func:`engine.model.paired.paired` gave.
    """
    rows = list(paired_rows(paired))
    yield f"{paired['events']:,} events, {paired['fraud']:,} fraud, {paired['cards']:,} cards"
    if paired["intervals"]["resamples"]:
        yield f"{_brackets(paired)}, the same for both; of days for card precision"
    heads = ["", *paired["rivals"], "difference"]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        yield "  ".join(map(str.ljust, row, widths)).rstrip()


def paired_rows(paired: dict[str, Any]) -> Iterator[list[str]]:
    """For each figure its words, both values and their difference, with intervals, as text."""
    one, other = paired["rivals"]
    bursts = paired["figures"]["bursts.count"][one]
    for name, words, form in _lines_of(paired, bursts):
        found = paired["figures"][name]
        yield [
            words,
            _figure(found[one], form),
            _figure(found[other], form),
            _figure(found["difference"], _SIGNED[form]),
        ]


def _brackets(metrics: dict[str, Any]) -> str:
    intervals = metrics["intervals"]
    share = f"{100 * intervals['confidence']:g} %"
    return f"in brackets {share} of {intervals['resamples']:,} draws of as many cards"


def _lines_of(
    metrics: dict[str, Any], bursts: dict[str, float | None]
) -> Iterator[tuple[str, str, str]]:
    """Of each figure that was measured: its name, its words, and how its value is written."""
    said = {
        "cards": metrics["cards_per_day"],
        "alert_cost": metrics["alert_cost"],
        "bursts": bursts["value"] or 0.0,
    }
    for name, words, form in _LINES:
        if name in metrics["figures"]:
            yield name, words.format(**said), form


def _figure(figure: dict[str, float | None], form: str) -> str:
    value, low, high = figure["value"], figure.get("low"), figure.get("high")
    if value is None:
        return f"{'-':>9}"
    text = f"{form.format(value):>9}"
    if low is None or high is None:
        return text
    return f"{text}  [{form.format(low)}, {form.format(high)}]"
