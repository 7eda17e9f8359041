"""What a training report is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.model.feature_values import FeatureValues
from engine.model.features_file import FeatureTable
from engine.model.metrics import Scored
from engine.model.run import Run


@dataclass(frozen=True, slots=True)
class Judged:
    """A trained model and the events that it is judged by.

    Parameters
    ----------
    run
        The model; its manifest needs no hashes yet.
    thresholds, metrics
        What ``threshold.json`` and ``metrics.json`` hold.
    test
        The events of the test part, in any order.
    values
        Their features.
    cards
        uint64, their cards.
    event_ids
        String, their ids.
    ablation
        What ``ablation.json`` holds; None if it was not asked what families of features add.
    """

    run: Run
    thresholds: dict[str, Any]
    metrics: dict[str, Any]
    test: Scored
    values: FeatureValues
    cards: NDArray[np.uint64]
    event_ids: pl.Series
    ablation: dict[str, Any] | None = None

    @property
    def seed(self) -> int:
        """Of what is drawn at random."""
        return int(self.run.manifest["seed"])

    @property
    def flagged(self) -> NDArray[np.bool_]:
        """Which events are flagged."""
        return self.run.flags(self.test.scores)

    @property
    def fraud(self) -> NDArray[np.bool_]:
        """Which events are fraud."""
        fraud: NDArray[np.bool_] = self.test.labels == 1
        return fraud

    @property
    def span(self) -> tuple[int, int]:
        """The time of the test part: seconds since 1970 UTC, from the first to before the last."""
        part = self.run.manifest["parts"]["test"]
        return int(part["start"]), int(part["end"])


def judged_by(
    run: Run,
    thresholds: dict[str, Any],
    metrics: dict[str, Any],
    table: FeatureTable,
    rows: NDArray[np.int64],
    test: Scored,
) -> Judged:
    """A model and the rows of a table that it is judged by, which ``test`` holds scored."""
    return Judged(
        run=run,
        thresholds=thresholds,
        metrics=metrics,
        test=test,
        values=table.values[rows],
        cards=table.cards[rows],
        event_ids=table.event_ids[rows],
    )
