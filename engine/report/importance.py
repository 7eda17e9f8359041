"""Which features a model goes by: in training, and in the scores of a sample of the test part."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.report.judged import Judged

# Of each class; contributions take milliseconds a row.
_SAMPLED: Final = 500
_ROWS: Final = 250  # at a time, to be interrupted in between


@dataclass(frozen=True, slots=True)
class Importance:
    """How much features matter.

    Parameters
    ----------
    training
        ``feature`` and ``share``, of all that features did in training, the most first.
    scores
        ``feature``, ``fraud`` and ``legitimate``: by how much, up or down, a feature moves the
        score of such an event, the mean over those of the sample; the most first, of the two
        together.
    fraud, legitimate
        How many events of each kind the sample holds.
    """

    training: pl.DataFrame
    scores: pl.DataFrame
    fraud: int
    legitimate: int


def importance(judged: Judged) -> Importance:
    """Measure the importance of every input, the features and what is added to them.

    The sample is drawn of fraud and of legitimate events apart, as among all alike there would be
    a handful of frauds; the run's seed draws it.
    """
    names = list(judged.run.input_names)
    random = np.random.default_rng(judged.seed)
    means, sizes = [], []
    for kind in (judged.fraud, ~judged.fraud):
        rows = np.flatnonzero(kind)
        if len(rows) > _SAMPLED:
            rows = np.sort(random.choice(rows, _SAMPLED, replace=False))
        means.append(_mean(judged, rows))
        sizes.append(len(rows))
    training = pl.DataFrame({"feature": names, "share": judged.run.model.importance()})
    scores = pl.DataFrame({"feature": names, "fraud": means[0], "legitimate": means[1]})
    # Of equal ones in the order of the features.
    return Importance(
        training.sort("share", descending=True, maintain_order=True),
        scores.sort(pl.col("fraud") + pl.col("legitimate"), descending=True, maintain_order=True),
        *sizes,
    )


def _mean(judged: Judged, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    run = judged.run
    parts = [
        np.abs(run.model.contributions(run.encoding.encoded(judged.values[rows[at : at + _ROWS]])))
        for at in range(0, len(rows), _ROWS)
    ]
    mean: NDArray[np.float64] = np.concatenate(parts).mean(axis=0)
    return mean
