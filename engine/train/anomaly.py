"""Whether an anomaly score helps: the same training with it and without, on the same events.

Nothing is chosen by the test part. What the score did on validation, where a choice could be made,
is told beside what it did on test.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

import numpy as np

from engine.errors import InputError
from engine.model.anomaly import WithAnomaly, fit_detector
from engine.model.encoding import Encoding
from engine.model.features_file import FeatureTable
from engine.model.kinds import ANOMALY_INPUT, Floats, Trained, TrainingData
from engine.model.metrics import Scored, Terms
from engine.model.paired import DIFFERENCE, Rival, paired
from engine.model.split import Part, Split
from engine.train.options import Options

WITH: Final = "with"
WITHOUT: Final = "without"
JUDGED_BY: Final = "average_precision"
# What needs no threshold: each of the two would have one of its own.
_FIGURES: Final = (JUDGED_BY, "roc_auc", "recall_at_fpr.0.001", "recall_at_fpr.0.01")


class Anomaly:
    """One training's anomaly score.

    Parameters
    ----------
    options, table, parts, encoding
        The training's.

    Raises
    ------
    InputError
        If a feature is called as the score is.
    """

    def __init__(
        self, options: Options, table: FeatureTable, parts: Split, encoding: Encoding
    ) -> None:
        if ANOMALY_INPUT in table.features.names:
            raise InputError(
                f"--anomaly: the set has a feature of that name (was {ANOMALY_INPUT})",
                hint="train without --anomaly, or call the feature something else",
            )
        self._options = options
        self._table = table
        self._parts = parts
        self._encoding = encoding
        self._without: Trained | None = None
        self.facts: dict[str, Any] = {}
        self.usual: dict[str, float] = {}

    def train(self, data: TrainingData, train: Callable[[TrainingData], Trained]) -> Trained:
        """Train without the score, and then with it beside the features: the latter is given."""
        self._without = train(data)
        detector = fit_detector(data.values, seed=self._options.seed, texts=tuple(data.unseen))
        values = detector.beside(data.values)
        self.facts = detector.facts
        self.usual = {ANOMALY_INPUT: float(np.median(values[:, -1]))}
        trained = train(
            replace(
                data,
                names=(*data.names, ANOMALY_INPUT),
                values=values,
                validation_values=detector.beside(data.validation_values),
            )
        )
        return replace(trained, model=WithAnomaly(trained.model, detector))

    def compared(self, trained: Trained) -> dict[str, Any]:
        """Both on the same events, and the same draws of cards.

        Returns
        -------
        dict
            ``with`` and ``without``: figures of the test part by name, each a list of its value
            and the ends of its interval; ``difference`` of the average precision there,
            ``validation``, the same there; ``used``; ``sentence``.
        """
        without = self._without
        if without is None:
            raise AssertionError("nothing was trained yet")
        test, held_out = self._parts.test, self._parts.validation
        rows = self._encoding.encoded(self._table.values[test.rows])
        on_test = self._paired(test, trained.model.scores(rows), without.model.scores(rows))
        on_held_out = self._paired(held_out, trained.held_out_scores, without.held_out_scores)
        judged, chosen = on_test[JUDGED_BY], on_held_out[JUDGED_BY]
        return {
            WITH: {name: _listed(on_test[name][WITH]) for name in _FIGURES},
            WITHOUT: {name: _listed(on_test[name][WITHOUT]) for name in _FIGURES},
            "figure": JUDGED_BY,
            DIFFERENCE: judged[DIFFERENCE],
            "differences": {name: _listed(on_test[name][DIFFERENCE]) for name in _FIGURES},
            "validation": chosen,
            "used": True,
            "sentence": f"On validation the anomaly score {_did(chosen[DIFFERENCE])}; on test it "
            f"{_did(judged[DIFFERENCE])}, from {judged[WITHOUT]['value']:.4f} to "
            f"{judged[WITH]['value']:.4f}. It is used, as --anomaly says.",
        }

    def _paired(self, part: Part, scores: Floats, scores_without: Floats) -> dict[str, Any]:
        table, options = self._table, self._options
        days = part.days * part.coverage
        terms = Terms(0.5, options.alert_cost, options.cards_per_day, days, part.sampled)

        def rival(found: Floats) -> Rival:
            return Rival(
                Scored(
                    scores=found,
                    probabilities=found,
                    labels=table.known_labels[part.rows],
                    card_codes=table.card_codes[part.rows],
                    times=table.times[part.rows],
                    amounts=None,
                ),
                terms,
            )

        rivals = {WITH: rival(scores), WITHOUT: rival(scores_without)}
        found: dict[str, Any] = paired(rivals, resamples=options.resamples, seed=options.seed)[
            "figures"
        ]
        return found


def _listed(figure: dict[str, float | None]) -> list[float | None]:
    return [figure["value"], figure.get("low"), figure.get("high")]


def _did(difference: dict[str, float | None]) -> str:
    """What a score did to the average precision, in words that a sentence can go on with."""
    value, low, high = _listed(difference)
    if value is None:
        return "did nothing that can be measured"
    by = f"{abs(value):.4f}"
    if value == 0:
        return "changed nothing in average precision"
    if low is None or high is None:
        verb = "raised" if value > 0 else "lowered"
        return f"{verb} average precision by {by}, how surely was not measured"
    interval = f"[{low:+.4f}, {high:+.4f}]"
    if low <= 0 <= high:
        return f"changed average precision by {value:+.4f} {interval}, which is no sure difference"
    return f"{'raised' if value > 0 else 'lowered'} average precision by {by} {interval}"
