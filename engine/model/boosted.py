"""Gradient-boosted trees by LightGBM, stopped early on the validation part."""

import math
import re
from dataclasses import dataclass
from typing import Any, Final

import lightgbm as lgb
import numpy as np
from sklearn.preprocessing import LabelEncoder

from engine.model.kinds import MODEL_FILES, PICKLE, Floats, Kind, Progress, Trained, TrainingData
from engine.model.pickles import pickled
from engine.model.tree_texts import check_trees
from engine.model.trees import Trees, trees_of

MOST_TREES: Final = 2_000
_PATIENCE: Final = 100  # trees without a better average precision on validation
_LEARNING_RATE: Final = 0.05
_LEAVES: Final = 63
_LEAST_IN_LEAF: Final = 50
# The number of threads changes no tree, so the file does not tell it.
_THREADS_LINE: Final = re.compile(r"^\[num_threads: [0-9]+\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Boosted:
    """A trained booster.

    Parameters
    ----------
    booster
        The booster.
    threads
        How many threads score.
    trees
        The booster's trees, by which it scores. Without them LightGBM itself does, which takes
        many times as long.
    """

    booster: lgb.Booster
    threads: int = 1
    trees: Trees | None = None

    @property
    def kind(self) -> Kind:
        """``lightgbm``."""
        return "lightgbm"

    def scores(self, values: Floats) -> Floats:
        """The booster's probability, of classes weighted as in training."""
        if self.trees is not None and values.shape[1:] == (self.trees.width,):
            return self.trees.scores(values, self.threads)
        scores = self.booster.predict(values, num_threads=self.threads)
        return np.asarray(scores, dtype=np.float64)

    def contributions(self, values: Floats) -> Floats:
        """SHAP values in log-odds; with the mean log-odds they add up to those of the score."""
        found = self.booster.predict(values, pred_contrib=True, num_threads=self.threads)
        return np.asarray(found, dtype=np.float64)[:, :-1]

    def importance(self) -> Floats:
        """By the gain of each input's splits: what they took off the loss."""
        gain = np.asarray(self.booster.feature_importance("gain"), dtype=np.float64)
        return gain / (gain.sum() or 1.0)

    @property
    def added(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def inputs(self, values: Floats) -> Floats:
        """The features."""
        return values

    def classifier(self) -> lgb.LGBMClassifier:
        """LightGBM's classifier for scikit-learn, as if it had been fitted there.

        LightGBM has no public way from a booster to its classifier. What is set is what its
        ``fit`` sets, as far as ``predict_proba`` and ``predict`` ask for it.
        """
        booster = lgb.Booster(model_str=self.to_text())
        made = lgb.LGBMClassifier(objective="binary", n_estimators=booster.num_trees())
        state = {
            "fitted_": True,
            "_Booster": booster,
            "_n_features": booster.num_feature(),
            "_n_features_in": booster.num_feature(),
            "_le": LabelEncoder().fit([0, 1]),
            "_class_map": {0: 0, 1: 1},
            "_classes": np.array([0, 1]),
            "_n_classes": 2,
        }
        for name, value in state.items():
            setattr(made, name, value)
        return made

    def to_text(self) -> str:
        """The booster in LightGBM's own words."""
        return _THREADS_LINE.sub("[num_threads: 0]", self.booster.model_to_string())

    def files(self) -> dict[str, bytes]:
        """LightGBM's own text, and a joblib pickle of the classifier."""
        return {
            MODEL_FILES[self.kind]: self.to_text().encode(),
            PICKLE: pickled(self.classifier()),
        }


def read_boosted(content: bytes, threads: int, inputs: int) -> Boosted:
    """The model of a ``model.txt``.

    Parameters
    ----------
    content
        The file.
    threads
        How many threads score.
    inputs
        How many inputs it has to take.

    Raises
    ------
    ValueError
        If it holds no booster, one of other inputs, or trees that are none.
    """
    text = content.decode()
    check_trees(text)
    try:
        booster = lgb.Booster(model_str=text)
    except lgb.basic.LightGBMError as error:
        raise ValueError(str(error)) from error
    if booster.num_feature() != inputs:
        raise ValueError(f"of {booster.num_feature()} inputs, for {inputs}")
    return Boosted(booster, threads, trees_of(booster))


def train_boosted(
    data: TrainingData, *, seed: int, threads: int, progress: Progress | None = None
) -> Trained:
    """Train a booster.

    Fraud is rare: it is weighted by the root of how much rarer it is than the rest. By all of it
    the first trees see little else than the few frauds; without any, trees stop earlier. Equal
    data and seed give equal bytes, whatever the number of threads.

    Parameters
    ----------
    data
        What to learn from, and what to stop by.
    seed
        Of what is drawn at random.
    threads
        How many threads train.
    progress
        Called after each tree.
    """
    fraud = int(data.labels.sum())
    weight = math.sqrt((len(data.labels) - fraud) / fraud)
    parameters: dict[str, Any] = {
        "objective": "binary",
        "metric": "average_precision",
        "scale_pos_weight": weight,
        "learning_rate": _LEARNING_RATE,
        "num_leaves": _LEAVES,
        "min_data_in_leaf": _LEAST_IN_LEAF,
        "feature_fraction": 0.8,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 1.0,
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }
    # What LightGBM does to categories besides is left at its defaults.
    learnt = lgb.Dataset(
        data.values,
        data.labels,
        feature_name=list(data.names),
        categorical_feature=list(data.unseen) or "auto",
    )
    held_out = lgb.Dataset(data.validation_values, data.validation_labels, reference=learnt)

    def count(environment: lgb.callback.CallbackEnv) -> None:
        if progress is not None:
            progress(environment.iteration + 1)

    booster = lgb.train(
        parameters,
        learnt,
        num_boost_round=MOST_TREES,
        valid_sets=[held_out],
        callbacks=[lgb.early_stopping(_PATIENCE, verbose=False), count],
    )
    # As it will be read back, so that what is measured is what is served.
    model = read_boosted(Boosted(booster).to_text().encode(), threads, len(data.names))
    return Trained(
        model,
        model.scores(data.validation_values),
        {"trees": booster.best_iteration, "fraud_weight": round(weight, 3)},
    )
