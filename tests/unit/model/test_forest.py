"""The forest's scores and its training, whatever the number of threads."""

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from engine.model import forest
from engine.model.forest import Forest, read_forest, train_forest
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


def with_texts(training: TrainingData) -> TrainingData:
    """The same, with codes of five texts in the third column, where there is no null."""
    random = np.random.default_rng(4)
    for values in (training.values, training.validation_values):
        values[:, 2] = random.integers(0, 5, len(values))
    labels = ((training.values[:, 2] == 4) | (training.labels == 1)).astype(np.int8)
    return replace(training, labels=labels, unseen={2: 5})


def test_a_text_that_was_not_seen_is_none_of_the_others() -> None:
    training = with_texts(data())
    model = train_forest(training, seed=1, threads=1).model
    asked = training.values.copy()
    asked[:, 2] = 5.0
    nowhere = asked.copy()
    nowhere[:, 2] = np.nan
    scores = model.scores(asked)
    assert np.array_equal(scores, model.scores(nowhere))
    last = asked.copy()
    last[:, 2] = 4.0
    assert model.scores(last).mean() > scores.mean() + 0.2  # it was all fraud
    together = model.contributions(asked).sum(axis=1)
    assert np.ptp(scores - together) < 1e-9
    assert np.array_equal(asked[:, 2], np.full(EVENTS, 5.0))


@pytest.mark.parametrize("unseen", [{2: 5}, {2: 0}, {0: 3, 2: 5}])
def test_texts_are_scikit_learns_too(unseen: dict[int, int]) -> None:
    training = with_texts(data())
    for column, code in unseen.items():
        training.values[:, column] = np.arange(EVENTS) % code if code else np.nan
    model = train_forest(replace(training, unseen=unseen), seed=1, threads=1).model
    asked = training.values.copy()
    for column, code in unseen.items():
        asked[::2, column] = code
        asked[::7, column] = np.nan
    expected = model.classifier().predict_proba(asked)[:, 1]
    assert np.array_equal(model.scores(asked), expected)
    read = read_forest(model.files()["model.pkl"], 1, FEATURES, unseen)
    assert np.array_equal(read.scores(asked), expected)


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
