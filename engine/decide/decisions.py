"""What was decided on some events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.model.feature_values import FeatureValues
from engine.model.reasons import Reason


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions on events of one micro-batch.

    Parameters
    ----------
    places
        int64, which of the batch's events: those that had not come before.
    values
        Of each of them its features.
    scores
        float64, from 0 to 1.
    flagged
        bool, whether the score reaches the run's threshold.
    reasons
        Why, the strongest first; none for what is not flagged.
    """

    places: NDArray[np.int64]
    values: FeatureValues
    scores: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    reasons: list[list[Reason]]

    def __len__(self) -> int:
        return len(self.places)

    @classmethod
    def joined(cls, parts: Sequence[Self], size: int) -> Self:
        """The decisions on one batch that was cut into parts of ``size`` events."""
        return cls(
            places=np.concatenate([part.places + size * at for at, part in enumerate(parts)]),
            values=FeatureValues.joined([part.values for part in parts]),
            scores=np.concatenate([part.scores for part in parts]),
            flagged=np.concatenate([part.flagged for part in parts]),
            reasons=[why for part in parts for why in part.reasons],
        )
