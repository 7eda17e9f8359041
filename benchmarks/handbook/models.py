"""The book's models as it fits them, and boosted trees."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import lightgbm as lgb
import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from benchmarks.handbook.protocol import Floats, Ints
from engine.process import processors

# Fitted on the first two, it scores the last.
Scorer: TypeAlias = Callable[[Floats, Ints, Floats], Floats]

# scikit-learn's own tolerance is of the gradient of a mean since its version 1.4 (its pull request
# 26721); when the book was made it was of the sum.
_TOLERANCE: Final = 1e-4
_DEPTH: Final = 2


def logistic_regression(train: Floats, labels: Ints, test: Floats) -> Floats:
    """Logistic regression, until it has converged as far as the book's had."""
    return _fitted(
        LogisticRegression(random_state=0, tol=_TOLERANCE / len(train)), train, labels, test
    )


def decision_tree(train: Floats, labels: Ints, test: Floats) -> Floats:
    """A tree of four leaves."""
    return _fitted(DecisionTreeClassifier(max_depth=_DEPTH, random_state=0), train, labels, test)


def random_forest(train: Floats, labels: Ints, test: Floats) -> Floats:
    """A forest of 100 trees."""
    return _fitted(RandomForestClassifier(random_state=0, n_jobs=processors()), train, labels, test)


BOOKS: Final[dict[str, Scorer]] = {
    "logistic regression": logistic_regression,
    "decision tree of depth 2": decision_tree,
    "random forest": random_forest,
}


def _fitted(model: Any, train: Floats, labels: Ints, test: Floats) -> Floats:  # noqa: ANN401 - scikit-learn is untyped
    scaler = StandardScaler().fit(train)
    model.fit(scaler.transform(train), labels)
    scores: Floats = model.predict_proba(scaler.transform(test))[:, 1]
    return scores


@dataclass(frozen=True, slots=True)
class Boosting:
    """Boosted trees by LightGBM, several boosters of which the log-odds are averaged.

    Each booster sees every fraud and a part of the rest, drawn anew: bagging, with the classes less
    out of balance.

    Parameters
    ----------
    leaves
        How many leaves a tree has.
    share
        The part of the honest transactions that a booster sees.
    trees, boosters
        How many trees a booster has, and how many of these there are.
    """

    leaves: int
    share: float
    trees: int
    boosters: int = 20

    def __call__(self, train: Floats, labels: Ints, test: Floats) -> Floats:
        """Fit on the first two, and score the last."""

        def scores(seed: int) -> Floats:
            drawn = np.random.default_rng(seed).random(len(labels)) < self.share
            seen = drawn | (labels == 1)
            data = lgb.Dataset(train[seen], labels[seen], params=_DATA)
            fixed = _FIXED | {"num_leaves": self.leaves, "seed": seed}
            booster = lgb.train(fixed, data, self.trees)
            found = booster.predict(test, raw_score=True, num_threads=1)
            return np.asarray(found, dtype=np.float64)

        # As many at a time as there are processors: trees of one thread are the same in any case.
        with ThreadPoolExecutor(processors()) as workers:
            found = list(workers.map(scores, range(self.boosters)))
        return np.asarray(np.mean(found, axis=0), dtype=np.float64)


_DATA: Final[dict[str, Any]] = {"verbose": -1, "max_bin": 255}
_FIXED: Final[dict[str, Any]] = _DATA | {
    "objective": "binary",
    "learning_rate": 0.05,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.3,
    # From the rate of frauds on, the first trees' steps on leaves of frauds would be far too long.
    "boost_from_average": False,
    "deterministic": True,
    "force_col_wise": True,
    "num_threads": 1,
}
