"""The forest's scores and its training, whatever the number of threads."""

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from engine.model import forest
from engine.model.forest import Forest, train_forest
from engine.model.kinds import Trained, TrainingData

EVENTS, FEATURES = 200, 3


def data() -> TrainingData:
    random = np.random.default_rng(3)
    values = random.normal(size=(EVENTS, FEATURES))
    values[::9, 1] = np.nan
    labels = (values[:, 0] + random.normal(size=EVENTS) > 1).astype(np.int8)
    return TrainingData(("a", "b", "c"), values, labels, values[:50], labels[:50])


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train_forest(data(), seed=1, threads=1)


def test_scores_are_scikit_learns_whatever_the_threads(
    trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = data().values
    expected = trained.model.classifier().predict_proba(values)[:, 1]
    assert len(np.unique(expected)) > EVENTS // 4
    for rows in (7, 10 * EVENTS):
        monkeypatch.setattr(forest, "_ROWS", rows)
        for threads in (1, 5):
            found = Forest(trained.model.classifier(), threads).scores(values)
            assert np.array_equal(found, expected), (rows, threads)
    assert trained.model.scores(values[:0]).shape == (0,)


def test_training_does_not_depend_on_threads_and_warns_of_nothing(trained: Trained) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        filters = list(warnings.filters)
        again = train_forest(data(), seed=1, threads=4)
        assert warnings.filters == filters
    assert again.model.files() == trained.model.files()
    assert np.array_equal(again.held_out_scores, trained.held_out_scores)


def test_of_warnings_only_those_are_dropped_that_scikit_learns_threads_give_themselves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fit = RandomForestClassifier.fit

    def racing(self: Any, *args: Any) -> Any:  # noqa: ANN401 - as scikit-learn's, without types
        warnings.resetwarnings()  # what one thread does to the filters of all
        warnings.warn(forest._LOST_FILTERS + " what they are not", UserWarning, stacklevel=1)
        warnings.warn("of something else", UserWarning, stacklevel=1)
        return fit(self, *args)

    monkeypatch.setattr(RandomForestClassifier, "fit", racing)
    filters = list(warnings.filters)
    with pytest.warns(UserWarning, match="of something else") as caught:
        train_forest(data(), seed=1, threads=1)
    assert [str(warning.message) for warning in caught] == ["of something else"]
    assert warnings.filters == filters
