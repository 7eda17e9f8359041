"""Two runs on the same events: what each is worth, and how far the two are surely apart.

Intervals of each alone are mostly about the cards: a draw with hard cards is hard for both. So the
difference is measured of the same draws, and has an interval of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.model.features_file import FeatureTable
from engine.model.intervals import CONFIDENCE, draws, figure_of
from engine.model.metrics import Measurement, Scored, Terms
from engine.model.narrowed import table_for
from engine.model.ranked import Integers
from engine.model.run import Run

DIFFERENCE: Final = "difference"


@dataclass(frozen=True, slots=True)
class Rival:
    """One of two runs, with its scores of the events that both are judged by.

    Parameters
    ----------
    scored
        The events; all but scores and probabilities is the other's too.
    terms
        As the other's, but for the threshold.
    """

    scored: Scored
    terms: Terms


def rival_of(
    run: Run,
    table: FeatureTable,
    rows: Integers,
    *,
    days: float,
    alert_cost: float,
    cards_per_day: int,
    sampled: float = 1.0,
) -> Rival:
    """A run, to be judged by some events.

    Parameters
    ----------
    run
        The run.
    table
        Events, whose labels were required.
    rows
        int64, which of them; all labelled.
    days
        How many days' events these are.
    alert_cost, cards_per_day, sampled
        See :class:`engine.model.metrics.Terms`.

    Raises
    ------
    InputError
        If the events lack features of the run's, or labels.
    """
    table = table_for(table, run.features, f"{run.path} was trained on")
    scores = run.scores(table.values[rows])
    scored = Scored(
        scores=scores,
        probabilities=run.calibration.apply(scores),
        labels=table.known_labels[rows],
        card_codes=table.card_codes[rows],
        times=table.times[rows],
        amounts=None if table.amounts is None else table.amounts[rows],
    )
    return Rival(scored, Terms(run.threshold, alert_cost, cards_per_day, days, sampled))


def paired(
    rivals: Mapping[str, Rival],
    *,
    resamples: int,
    seed: int,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Everything measured of two runs on the same events.

    Parameters
    ----------
    rivals
        Two, by what they are to be called.
    resamples
        How often as many cards as there are, are drawn with replacement, and as many days, for both
        alike; 0 for no intervals.
    seed
        Of these draws.
    progress
        Called after each draw with how many there were.

    Returns
    -------
    dict
        ``figures`` by name, of each the first rival's, the second's and the ``difference``, which
        is the first less the second; each a ``value`` with ``low`` and ``high``, between which 95 %
        of the draws lie, null where :func:`engine.model.intervals.figure_of` says. ``rivals`` are
        their names, in order; ``with_fraud`` is how many of each unit that is drawn, see
        :func:`engine.model.intervals.unit_of`, have fraud.
    """
    (one, first), (other, second) = rivals.items()
    measured = [Measurement(rival.scored, rival.terms) for rival in (first, second)]
    values = [each.figures() for each in measured]
    drawn = list(draws(measured, resamples, seed, progress))
    terms = first.terms
    return {
        "rivals": [one, other],
        "events": len(first.scored.labels),
        "fraud": int(first.scored.labels.sum()),
        "cards": measured[0].cards,
        "with_fraud": {"card": measured[0].fraud_cards, "day": measured[0].fraud_days},
        "days": terms.days,
        "alert_cost": terms.alert_cost,
        "cards_per_day": terms.cards_per_day,
        "cards_looked_at": terms.cards_looked_at,
        "intervals": {"confidence": CONFIDENCE, "resamples": resamples, "of": "cards"},
        "figures": {
            name: {
                each: figure_of(name, value, over_draws, measured[0])
                for each, value, over_draws in zip(
                    (one, other, DIFFERENCE),
                    _with_difference([value[name] for value in values]),
                    _of_draws(name, drawn),
                    strict=True,
                )
            }
            for name in values[0]
        },
    }


def _with_difference(values: list[float]) -> list[float]:
    first, second = values
    return [first, second, first - second]


def _of_draws(name: str, drawn: list[list[dict[str, float]]]) -> list[list[float]]:
    """The figure over the draws: the first rival's, the second's and the difference."""
    of_each = [_with_difference([each[name] for each in pair]) for pair in drawn]
    return [list(column) for column in zip(*of_each, strict=True)] or [[], [], []]
