"""Features over labels see none before a backtest takes it for known."""

import pytest

from engine.catalog import notebook
from engine.definition import POS, FeatureSet, feature, feature_set, key
from engine.errors import InputError
from engine.model.split import DAY
from replay.backtest.labels import refuse_early_labels


def risk(delay_days: int) -> FeatureSet:
    merchant = key("merchant").last(days=28, delay_days=delay_days)
    mean = merchant.mean("is_fraud").fill(0.0)
    return feature_set("risky", POS, [feature("risk", mean, "share of fraud at the merchant")])


def test_a_window_over_labels_waits_as_long_as_a_label_takes() -> None:
    refuse_early_labels(notebook, 7 * DAY)
    refuse_early_labels(risk(7), 7 * DAY)
    with pytest.raises(InputError, match="risk sees labels before they are known"):
        refuse_early_labels(risk(6), 7 * DAY)
