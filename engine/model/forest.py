"""The original notebook's random forest, by scikit-learn."""

import re
import warnings
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder

from engine.model.kinds import PICKLE, Floats, Kind, Trained, TrainingData
from engine.model.pickles import pickled, unpickled
from engine.workers import workers

TREES: Final = 160
_LOST_FILTERS: Final = "`sklearn.utils.parallel.delayed` should be used with"
_FRAUD_WEIGHT: Final = 5
_ROWS: Final = 10_000  # scored at a time


@dataclass(frozen=True, slots=True)
class Forest:
    """A trained forest.

    Parameters
    ----------
    forest
        The classifier of scikit-learn.
    threads
        How many threads score.
    unseen
        As of :class:`engine.model.kinds.TrainingData`.
    """

    forest: Any
    threads: int = 1
    unseen: Mapping[int, int] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """``random_forest``."""
        return "random_forest"

    def scores(self, values: Floats) -> Floats:
        """The mean over trees of the weighted share of fraud in the leaf that the row falls in.

        To the bit what scikit-learn's ``predict_proba`` gives in one thread. In more it adds up
        trees in the order in which its threads end; here threads share out the rows instead.
        """
        slices = [values[start : start + _ROWS] for start in range(0, len(values), _ROWS)]
        if self.threads == 1 or len(slices) == 1:
            parts = [self._scores_of(rows) for rows in slices]
        else:
            with workers(self.threads, "forest") as side_by_side:
                waiting = [side_by_side.ask(self._scores_of, rows) for rows in slices]
                parts = [asked.result() for asked in waiting]
        return np.concatenate(parts) if parts else np.empty(0)

    def _scores_of(self, values: Floats) -> Floats:
        rows = _as_trees_read(values, self.unseen)
        found = np.zeros(len(rows))
        for estimator in self.forest.estimators_:
            tree = estimator.tree_
            found += tree.value[:, 0, 1][tree.apply(rows)]
        return found / len(self.forest.estimators_)

    def contributions(self, values: Floats) -> Floats:
        """By how much each split on the row's way down the trees moved the share of fraud.

        They add up, with the share at the roots, to the score. They are not SHAP values: a
        feature is credited for what its split did at its place on the way, so that of two that say
        the same the one that was asked first has it all.
        """
        rows = _as_trees_read(values, self.unseen)
        found = np.zeros(values.shape)
        for estimator in self.forest.estimators_:
            _follow(estimator.tree_, rows, found)
        return found / len(self.forest.estimators_)

    def importance(self) -> Floats:
        """By the Gini impurity that each input's splits took away, the mean over trees."""
        importance: Floats = self.forest.feature_importances_
        return importance

    @property
    def added(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def inputs(self, values: Floats) -> Floats:
        """The features."""
        return values

    def classifier(self) -> Any:  # noqa: ANN401 - scikit-learn has no types
        """The forest, with as many threads as scikit-learn uses if nothing is said.

        Where there are texts, behind what makes NaN of the codes of those that were not seen.
        """
        forest = copy(self.forest).set_params(n_jobs=None)
        if not self.unseen:
            return forest
        return Pipeline(
            [("texts", _without_unseen(forest.n_features_in_, self.unseen)), ("forest", forest)]
        )

    def files(self) -> dict[str, bytes]:
        """A joblib pickle, compressed."""
        return {PICKLE: pickled(self.classifier())}


def _as_trees_read(values: Floats, unseen: Mapping[int, int]) -> NDArray[np.float32]:
    """The same in the type that trees split by; what is too large for it is infinite there.

    Codes of texts are numbers here, of which neighbours have nothing in common. One that training
    did not hold would go with the last of them; as NaN it goes where nulls went or, where training
    had none, with the most of what was split.
    """
    with np.errstate(over="ignore"):
        rows = np.array(values, dtype=np.float32, order="C", copy=bool(unseen) or None)
    for column, code in unseen.items():
        rows[rows[:, column] == code, column] = np.nan
    return rows


def _without_unseen(inputs: int, unseen: Mapping[int, int]) -> ColumnTransformer:
    """The same for scikit-learn, of library classes alone, and the columns where they were."""
    steps: list[tuple[str, Any, list[int]]] = []
    for column in range(inputs):
        codes = np.arange(float(unseen.get(column, 0)))
        known = OrdinalEncoder(
            # It takes no empty list: of no texts it is one that no code is.
            categories=[codes if len(codes) else np.array([-1.0])],
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
        )
        steps.append((f"{column}", known if column in unseen else "passthrough", [column]))
    made = ColumnTransformer(steps)
    # Nothing is learnt of it: the categories are told.
    return made.fit(np.zeros((1, inputs)))


def _follow(tree: Any, rows: NDArray[np.float32], found: Floats) -> None:  # noqa: ANN401 - scikit-learn has no types
    """Walk all rows down a tree at once, a level a turn, adding to ``found`` what splits did."""
    share = tree.value[:, 0, 1] / tree.value[:, 0, :].sum(axis=1)
    at = np.zeros(len(rows), dtype=np.intp)
    walking = np.arange(len(rows))
    while True:
        walking = walking[tree.children_left[at[walking]] >= 0]
        if not len(walking):
            return
        node = at[walking]
        feature = tree.feature[node]
        value = rows[walking, feature]
        left = value <= tree.threshold[node]
        left = np.where(np.isnan(value), tree.missing_go_to_left[node] == 1, left)
        child = np.where(left, tree.children_left[node], tree.children_right[node])
        found[walking, feature] += share[child] - share[node]
        at[walking] = child


def read_forest(
    content: bytes, threads: int, inputs: int, unseen: Mapping[int, int] | None = None
) -> Forest:
    """The model of a ``model.pkl``, which runs code: check where it comes from first.

    Parameters
    ----------
    content
        The file.
    threads
        How many threads score.
    inputs
        How many inputs it has to take.
    unseen
        As of :class:`engine.model.kinds.TrainingData`; None of none.

    Raises
    ------
    ValueError
        If it holds no forest, or one of other inputs.
    """
    forest = unpickled(content)
    while isinstance(forest, Pipeline):  # behind the anomaly score, behind texts
        forest = forest[-1]
    if not isinstance(forest, RandomForestClassifier):
        raise ValueError(f"a {type(forest).__name__}")  # noqa: TRY004 - it is a file's content
    taken = getattr(forest, "n_features_in_", 0)
    if taken != inputs:
        raise ValueError(f"of {taken} inputs, for {inputs}")
    classes = forest.classes_.tolist()
    if classes != [0, 1]:
        raise ValueError(f"of the classes {classes}")
    return Forest(forest, threads, unseen or {})


def train_forest(data: TrainingData, *, seed: int, threads: int) -> Trained:
    """Train the forest: 160 trees without a depth limit, fraud weighted by five.

    Parameters
    ----------
    data
        What to learn from, and what to choose a threshold on. Where it says in which order, once
        the validation part has been scored, both parts are learnt anew: the model then is one of
        all that is not test, and its threshold was chosen by one of less. Trees have no other way
        to tell of what they have learnt: drawn by weight, a fraud is in nearly every tree, so that
        hardly any is left to score it unseen.
    seed
        Of what is drawn at random; no tree depends on the number of threads.
    threads
        How many threads train.
    """
    unseen = data.unseen
    forest = _fitted(_as_trees_read(data.values, unseen), data.labels, seed, threads)
    held_out = Forest(forest, threads, unseen).scores(data.validation_values)
    refit = data.refit_order is not None
    if refit:
        values = np.concatenate([data.values, data.validation_values])[data.refit_order]
        labels = np.concatenate([data.labels, data.validation_labels])[data.refit_order]
        forest = _fitted(_as_trees_read(values, unseen), labels, seed, threads)
    forest.set_params(n_jobs=None)  # of this machine
    facts = {"trees": TREES, "fraud_weight": _FRAUD_WEIGHT, "refitted_with_validation": refit}
    return Trained(Forest(forest, threads, unseen), held_out, facts)


def _fitted(values: NDArray[np.float32], labels: NDArray[np.int8], seed: int, threads: int) -> Any:  # noqa: ANN401 - scikit-learn has no types
    made = RandomForestClassifier(
        n_estimators=TREES,
        max_depth=None,
        min_samples_leaf=1,
        class_weight={0: 1, 1: _FRAUD_WEIGHT},
        random_state=seed,
        n_jobs=threads,
    )
    # scikit-learn's threads each change the process's filters of warnings, and one may clear those
    # that another has just put back: then it warns of each tree that they are lacking, and the
    # filters stay cleared. Here they clear a copy, whose first filter has the warning pass where
    # another would make an error of it: it is the first that a thread puts back, too.
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("ignore", message=re.escape(_LOST_FILTERS))
        made.fit(values, labels)
    for warning in caught:
        if _LOST_FILTERS not in str(warning.message):
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
    return made
