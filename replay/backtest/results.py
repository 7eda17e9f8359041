"""How good a backtest was: per fold and over all, each contender, and one against the other.

Two things are measured. *Metrics* are those of a training: of the scores, at the threshold, before
any policy. *Outcomes* are what the policy made of them. Intervals come of drawing cards anew; what
a policy did to a card is taken as it was.

Metrics are of the events that have a label. Their days are counted by the share that these are of
all, as of a sample.

Over all folds, scores of several models are compared as the probabilities that each model's own
calibration makes of them, and flags are those of each fold's threshold.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import polars as pl

from engine.model.evaluate import evaluate
from engine.model.features_file import FeatureTable
from engine.model.intervals import draws, figure_of
from engine.model.metrics import Scored
from engine.model.metrics import Terms as ScoreTerms
from engine.model.paired import DIFFERENCE, Rival, paired
from engine.model.run import Run
from replay.backtest.folds import Fold
from replay.backtest.labels import is_labelled
from replay.backtest.options import Options
from replay.backtest.outcomes import Outcomes, Terms

Progress = Callable[[int], None]


class Judge:
    """Measures decisions of one contender.

    Parameters
    ----------
    options
        What is counted with.
    table
        The whole log.
    folds, runs
        The folds and the run of each.
    decisions
        On all events of their test windows.
    progress
        Called after each draw.
    """

    def __init__(
        self,
        options: Options,
        table: FeatureTable,
        folds: Sequence[Fold],
        runs: Sequence[Run],
        decisions: pl.DataFrame,
        progress: Progress,
    ) -> None:
        self._options = options
        self._table = table
        self._folds = folds
        self._runs = runs
        self._decisions = decisions
        self._labelled = decisions.filter(is_labelled(table)[decisions["sequence"].to_numpy()])
        self._progress = progress
        self._has_one_model = len({id(run.model) for run in runs}) == 1

    def fold(self, place: int) -> dict[str, Any]:
        """Metrics and outcomes of a fold, by its place."""
        fold, run = self._folds[place], self._runs[place]
        decisions = self._decisions.filter(fold=fold.number)
        labelled = self._labelled.filter(fold=fold.number)
        scores = labelled["score"].to_numpy()
        scored = self._scored(labelled, scores, run.calibration.apply(scores))
        days = fold.days * (len(labelled) / len(decisions))
        return {
            "threshold": run.threshold,
            "metrics": self._evaluated(scored, run.threshold, days),
            "outcomes": self._counted(decisions, fold.days),
        }

    def overall(self) -> dict[str, Any]:
        """Metrics and outcomes over all folds."""
        rival = self.rival()
        metrics = self._evaluated(rival.scored, rival.terms.threshold, rival.terms.days)
        thresholds = {run.threshold for run in self._runs}
        if len(thresholds) > 1:
            metrics["threshold"] = None
        return {
            "threshold": thresholds.pop() if len(thresholds) == 1 else None,
            "metrics": metrics,
            "outcomes": self._counted(self._decisions, self._days),
        }

    def rival(self) -> Rival:
        """All labelled events, to be held against another's."""
        scores = self._labelled["score"].to_numpy()
        chances = np.concatenate(
            [
                run.calibration.apply(self._labelled.filter(fold=fold.number)["score"].to_numpy())
                for fold, run in zip(self._folds, self._runs, strict=True)
            ]
        )
        compared = scores if self._has_one_model else chances
        scored = self._scored(self._labelled, compared, chances)
        days = self._days * (len(self._labelled) / len(self._decisions))
        return Rival(scored, self._terms(self._runs[0].threshold, days))

    def outcomes(self) -> Outcomes:
        """What became of all events, to be held against another's."""
        return self._outcomes(self._decisions, self._days)

    @property
    def _days(self) -> int:
        return sum(fold.days for fold in self._folds)

    def _scored(self, decisions: pl.DataFrame, scores: np.ndarray, chances: np.ndarray) -> Scored:
        table, rows = self._table, decisions["sequence"].to_numpy()
        return Scored(
            scores=scores,
            probabilities=chances,
            labels=table.known_labels[rows],
            card_codes=table.card_codes[rows],
            times=table.times[rows],
            amounts=None if table.amounts is None else table.amounts[rows],
            flagged=decisions["flagged"].to_numpy() == 1,
        )

    def _terms(self, threshold: float, days: float) -> ScoreTerms:
        return ScoreTerms(
            threshold=threshold,
            alert_cost=self._options.alert_cost,
            cards_per_day=self._options.cards_per_day,
            days=days,
        )

    def _evaluated(self, scored: Scored, threshold: float, days: float) -> dict[str, Any]:
        return evaluate(
            scored,
            self._terms(threshold, days),
            resamples=self._options.resamples,
            seed=self._options.seed,
            progress=self._progress,
        )

    def _outcomes(self, decisions: pl.DataFrame, days: float) -> Outcomes:
        terms = Terms(self._options.policy, self._options.alert_cost, days)
        return Outcomes(self._table, decisions, terms)

    def _counted(self, decisions: pl.DataFrame, days: float) -> dict[str, Any]:
        counted = self._outcomes(decisions, days)
        drawn = list(draws([counted], self._options.resamples, self._options.seed, self._progress))
        return {
            name: figure_of(name, value, [each[name] for (each,) in drawn], counted)
            for name, value in counted.figures().items()
        }


def side_by_side(
    options: Options, names: Sequence[str], judges: Sequence[Judge], progress: Progress
) -> dict[str, Any]:
    """Both contenders on the same events, and how far they are apart.

    Returns
    -------
    dict
        ``metrics``, as of :func:`engine.model.paired.paired`, and ``outcomes`` in the same form:
        by name each contender's figure and the ``difference``, the first less the second.
    """
    compared = paired(
        dict(zip(names, (judge.rival() for judge in judges), strict=True)),
        resamples=options.resamples,
        seed=options.seed,
        progress=progress,
    )
    counted = [judge.outcomes() for judge in judges]
    values = [each.figures() for each in counted]
    drawn = list(draws(counted, options.resamples, options.seed, progress))
    outcomes = {}
    for name in values[0]:
        of_each = [*(value[name] for value in values), values[0][name] - values[1][name]]
        of_draws = [[*(each[name] for each in pair)] for pair in drawn]
        columns = [[*pair, pair[0] - pair[1]] for pair in of_draws]
        outcomes[name] = {
            called: figure_of(name, value, [row[place] for row in columns], counted[0])
            for place, (called, value) in enumerate(zip((*names, DIFFERENCE), of_each, strict=True))
        }
    return {"metrics": compared, "outcomes": outcomes}
