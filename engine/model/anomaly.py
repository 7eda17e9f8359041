"""How unusual an event is, whatever its label would be: an isolation forest's score as an input.

Trees that split at random features and values need the fewer splits to part an event from all
others, the stranger it is (Liu, Ting and Zhou, "Isolation Forest", ICDM 2008). The forest sees the
training part alone, and none of its labels.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.impute import SimpleImputer
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from engine.errors import InputError
from engine.model.kinds import ANOMALY, ANOMALY_INPUT, PICKLE, Floats, Kind, Model
from engine.model.pickles import pickled, unpickled

# As in the paper. On Sparkov's validation part trees of 256 events ranked fraud better than trees
# of 4,096 or 65,536 did: average precision of the score alone 0.142, 0.091, 0.077.
_TREES: Final = 100
_SAMPLE: Final = 256
# Of so many events of training, drawn at random, all trees take theirs: each looks through all.
_DRAWN: Final = 100_000
_ROWS: Final = 50_000  # scored at a time, which bounds the copies, and can be interrupted


@dataclass(frozen=True, slots=True)
class Detector:
    """A fitted isolation forest.

    Parameters
    ----------
    forest
        A pipeline of scikit-learn: codes of texts are left out, as which of them are next to each
        other says nothing, and to split them at random neither; a null becomes the feature's median
        among the events that the forest was fitted on, 0 where none of them has a value; then the
        forest.
    """

    forest: Any

    def scores(self, values: Floats) -> Floats:
        """A score for each row of features, from 0 to 1, higher for what is parted sooner."""
        # In one thread, as scikit-learn adds up trees in the order in which its threads end, and
        # its filters of warnings are those of the whole process: they are not to be used in ours.
        parts = [self.forest.score_samples(rows) for rows in _slices(values)]
        return -np.concatenate(parts) if parts else np.empty(0)

    def beside(self, values: Floats) -> Floats:
        """The features, and the score as one more column."""
        rows, columns = values.shape
        inputs = np.empty((rows, columns + 1), order="F")
        inputs[:, :columns] = values
        inputs[:, columns] = self.scores(values)
        return inputs

    def to_bytes(self) -> bytes:
        """The file of a run; equal for equal trainings."""
        return pickled(self.forest)

    @property
    def facts(self) -> dict[str, Any]:
        """What the manifest tells of it."""
        return {
            "input": ANOMALY_INPUT,
            "trees": _TREES,
            "sample": int(self.forest[-1].max_samples_),
        }


def _slices(values: Floats) -> Iterator[Floats]:
    for start in range(0, len(values), _ROWS):
        yield values[start : start + _ROWS]


def fit_detector(values: Floats, *, seed: int, texts: Sequence[int] = ()) -> Detector:
    """Fit a forest.

    Parameters
    ----------
    values
        Of the training part, NaN for null.
    seed
        Of what is drawn at random; equal values and seed give equal bytes.
    texts
        The columns that are codes of texts.

    Raises
    ------
    InputError
        If there are no others.
    """
    if len(texts) == values.shape[1]:
        raise InputError(
            f"--anomaly: the set has no feature that is a number (was {len(texts)} of texts)",
            hint="train without --anomaly",
        )
    forest = IsolationForest(
        n_estimators=_TREES,
        max_samples=min(_SAMPLE, len(values)),
        random_state=seed,
    )
    drawn = values
    if len(values) > _DRAWN:
        random = np.random.default_rng(seed)
        drawn = values[np.sort(random.choice(len(values), _DRAWN, replace=False))]
    filled = SimpleImputer(strategy="median", keep_empty_features=True)
    steps = [("fill", filled), ("forest", forest)]
    if texts:
        leave = FunctionTransformer(np.delete, kw_args={"obj": list(texts), "axis": 1})
        steps.insert(0, ("numbers", leave))
    return Detector(Pipeline(steps).fit(drawn))


def read_detector(content: bytes, inputs: int) -> Detector:
    """The detector of an ``anomaly.pkl``, which runs code: check where it comes from first.

    Parameters
    ----------
    content
        The file.
    inputs
        How many features it has to take.

    Raises
    ------
    ValueError
        If it holds none, or one of other features.
    """
    made = unpickled(content)
    if not (isinstance(made, Pipeline) and isinstance(made[-1], IsolationForest)):
        raise ValueError(f"a {type(made).__name__}")  # noqa: TRY004 - it is a file's content
    taken = getattr(made, "n_features_in_", 0)
    if taken != inputs:
        raise ValueError(f"of {taken} features, for {inputs}")
    return Detector(made)


@dataclass(frozen=True, slots=True)
class WithAnomaly:
    """A model that is given the anomaly score after the features. It takes the features alone.

    Parameters
    ----------
    inner
        The model, of one input more than there are features.
    detector
        Where that comes from.
    """

    inner: Model
    detector: Detector

    @property
    def kind(self) -> Kind:
        """The model's."""
        return self.inner.kind

    @property
    def added(self) -> tuple[str, ...]:
        """The anomaly score."""
        return (ANOMALY_INPUT,)

    def inputs(self, values: Floats) -> Floats:
        """The features and the anomaly score."""
        return self.detector.beside(values)

    def scores(self, values: Floats) -> Floats:
        """The model's."""
        return self.inner.scores(self.inputs(values))

    def contributions(self, values: Floats) -> Floats:
        """The model's, of the features and then of the anomaly score."""
        return self.inner.contributions(self.inputs(values))

    def importance(self) -> Floats:
        """The model's, of the features and then of the anomaly score."""
        return self.inner.importance()

    def classifier(self) -> Any:  # noqa: ANN401 - scikit-learn has no types
        """A pipeline of scikit-learn, that takes the features alone too."""
        score = Pipeline(
            [
                ("samples", FunctionTransformer(self.detector.forest.score_samples)),
                ("positive", FunctionTransformer(np.negative)),
                ("column", FunctionTransformer(np.reshape, kw_args={"shape": (-1, 1)})),
            ]
        )
        union = FeatureUnion([("features", "passthrough"), (ANOMALY_INPUT, score)])
        # Nothing is learnt of it; it says how many features are expected.
        union.fit(np.zeros((1, self.detector.forest.n_features_in_)))
        return Pipeline([("inputs", union), ("model", self.inner.classifier())])

    def files(self) -> dict[str, bytes]:
        """The model's files, the notebook's with the detector in it, and the detector alone."""
        return self.inner.files() | {
            PICKLE: pickled(self.classifier()),
            ANOMALY: self.detector.to_bytes(),
        }
