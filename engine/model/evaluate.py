"""Figures with the intervals that they may be off by: cards drawn anew, and measured again."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from engine.model.intervals import CONFIDENCE, draws, figure_of
from engine.model.metrics import HALF, Measurement, Scored, Terms
from engine.model.ranked import Floats, divided

_BINS: Final = 10


def evaluate(
    scored: Scored,
    terms: Terms,
    *,
    resamples: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Everything measured of scored events, as ``metrics.json`` holds it.

    Parameters
    ----------
    scored
        Labelled events that nothing was chosen on.
    terms
        What figures depend on besides.
    resamples
        How often as many cards as there are, are drawn with replacement, and as many days; 0 for
        no intervals.
    seed
        Of these draws.
    progress
        Called after each draw with how many there were.

    Returns
    -------
    dict
        ``figures`` by name, each a ``value`` with ``low`` and ``high``, between which 95 % of the
        draws lie, null where :func:`engine.model.intervals.figure_of` says; confusion matrices, and
        the reliability of probabilities.
    """
    measured = Measurement(scored, terms)
    figures = measured.figures()
    drawn = [each for (each,) in draws([measured], resamples, seed, progress)]
    report: dict[str, Any] = {
        "events": len(scored.labels),
        "fraud": int(scored.labels.sum()),
        "cards": measured.cards,
        "fraud_cards": measured.fraud_cards,
        "days": terms.days,
        "threshold": terms.threshold,
        "alert_cost": terms.alert_cost,
        "cards_per_day": terms.cards_per_day,
        "cards_looked_at": terms.cards_looked_at,
        "intervals": {"confidence": CONFIDENCE, "resamples": resamples, "of": "cards"},
        "figures": {},
        "confusion": {
            "at_threshold": measured.confusion(),
            "at_half": measured.confusion(HALF),
        },
        "calibration": reliability(scored),
    }
    for name, value in figures.items():
        report["figures"][name] = figure_of(name, value, [each[name] for each in drawn], measured)
    return report


def reliability(scored: Scored) -> dict[str, Any]:
    """How probabilities compare with what came, in bins of events by falling probability.

    Bins end at a 512th of the events, a 256th and so on to all, as fraud is rare and what matters
    is at the top, or a little later where probabilities are equal.

    Returns
    -------
    dict
        ``bins``: events, mean probability and share of fraud of each; ``expected_error``: the mean
        over events of how far the two are apart in their bin, None of no events.
    """
    order = np.argsort(-scored.probabilities, kind="stable")
    # Equal ones are in one bin: which of them come first says nothing.
    falling = -scored.probabilities[order]
    ends = [
        int(np.searchsorted(falling, falling[end - 1], side="right"))
        for end in (len(order) // 2**power for power in range(_BINS - 1, -1, -1))
        if end
    ]
    bins: list[dict[str, float]] = []
    error, start = 0.0, 0
    for end in ends:
        rows = order[start:end]
        start = max(start, end)
        if not len(rows):
            continue
        said: Floats = scored.probabilities[rows]
        came = scored.labels[rows]
        mean, share = float(said.mean()), float(came.mean())
        bins.append({"events": len(rows), "mean_probability": mean, "fraud_share": share})
        error += len(rows) * abs(mean - share)
    expected = float(divided(error, len(order))) if len(order) else None
    return {"bins": bins, "expected_error": expected}
