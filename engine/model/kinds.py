"""The kinds of model: what each owes, and how each is trained and read back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Kind = Literal["lightgbm", "random_forest"]
KINDS: Final[tuple[Kind, ...]] = ("lightgbm", "random_forest")
# From which file of a run each is read.
MODEL_FILES: Final[dict[Kind, str]] = {"lightgbm": "model.txt", "random_forest": "model.pkl"}

PICKLE: Final = "model.pkl"  # of each run: for whoever reads it with scikit-learn alone
ANOMALY: Final = "anomaly.pkl"  # of a run with an anomaly score: where that comes from
# What the anomaly score is called among the inputs of a model.
ANOMALY_INPUT: Final = "anomaly_score"

Floats = NDArray[np.float64]


class Model(Protocol):
    """What a trained model can do."""

    @property
    def kind(self) -> Kind:
        """Which kind it is."""
        ...

    def scores(self, values: Floats) -> Floats:
        """A score from 0 to 1 for each row of features, higher for what looks more like fraud."""
        ...

    @property
    def added(self) -> tuple[str, ...]:
        """What it looks at besides the features, after them: the anomaly score, if it takes one."""
        ...

    def inputs(self, values: Floats) -> Floats:
        """What it looks at: the features, and the anomaly score after them if it takes one."""
        ...

    def contributions(self, values: Floats) -> Floats:
        """By how much each input raised or lowered each row's score.

        float64, a row for each row, a column for each input; in which unit, and how they add up,
        the kind says.
        """
        ...

    def importance(self) -> Floats:
        """How much each input did in training, of all they did together.

        float64, a share for each input; they add up to 1, or are all 0 if no tree was split.
        """
        ...

    def classifier(self) -> Any:  # noqa: ANN401 - scikit-learn has no types
        """The same for scikit-learn: ``predict_proba`` of features gives the scores, to the bit."""
        ...

    def files(self) -> dict[str, bytes]:
        """The files of a run by name, ``model.pkl`` among them; equal for equal trainings."""
        ...


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What a model is trained with.

    Parameters
    ----------
    names
        The model's inputs, in order.
    values, labels
        Of the training part.
    validation_values, validation_labels
        Of the validation part.
    refit_order
        As of :class:`engine.model.split.Split`.
    unseen
        By the column of each input that is a code of texts the one of a text that training did not
        hold: how many others there are.
    """

    names: tuple[str, ...]
    values: Floats
    labels: NDArray[np.int8]
    validation_values: Floats
    validation_labels: NDArray[np.int8]
    refit_order: NDArray[np.int64] | None = None
    unseen: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and what came of its training.

    Parameters
    ----------
    model
        The model.
    held_out_scores
        float64: how the validation part was scored by a model that had not learnt from it.
    facts
        What is to be said of it: trees, weights.
    """

    model: Model
    held_out_scores: Floats
    facts: dict[str, Any] = field(default_factory=dict)


# Called after each tree with how many there are so far.
Progress = Callable[[int], None]
