"""Figures in words, a line each."""

from collections.abc import Iterator
from typing import Any, Final

# By what a value is: how it is written.
_SHARE: Final = "{:.3f}"
_NUMBER: Final = "{:,.1f}"
_MONEY: Final = "{:,.0f}"

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
    ("brier_score", "Brier score of the probability", "{:.5f}"),
)


def figure_lines(metrics: dict[str, Any]) -> Iterator[str]:
    """Each figure with its interval, then the confusion matrices.

    Parameters
    ----------
    metrics
        What ``metrics.json`` holds.
    """
    figures, intervals = metrics["figures"], metrics["intervals"]
    said = {
        "cards": metrics["cards_per_day"],
        "alert_cost": metrics["alert_cost"],
        "bursts": figures["bursts.count"]["value"] or 0.0,
    }
    yield f"{metrics['events']:,} events, {metrics['fraud']:,} fraud, {metrics['cards']:,} cards"
    if intervals["resamples"]:
        share = f"{100 * intervals['confidence']:g} %"
        draws = f"{intervals['resamples']:,} draws of as many cards"
        yield f"in brackets {share} of {draws}; of days for card precision"
    for name, words, form in _LINES:
        if name in figures:
            yield f"{words.format(**said):<34} {_figure(figures[name], form)}"
    for name, words in (("at_threshold", "at the threshold"), ("at_half", "at 0.50")):
        matrix = metrics["confusion"][name]
        yield (
            f"{words}: of fraud {matrix['true_positives']:,} flagged, "
            f"{matrix['false_negatives']:,} missed; of the rest "
            f"{matrix['false_positives']:,} flagged, {matrix['true_negatives']:,} let pass"
        )


def _figure(figure: dict[str, float | None], form: str) -> str:
    value, low, high = figure["value"], figure.get("low"), figure.get("high")
    if value is None:
        return f"{'-':>9}"
    text = f"{form.format(value):>9}"
    if low is None or high is None:
        return text
    return f"{text}  [{form.format(low)}, {form.format(high)}]"
