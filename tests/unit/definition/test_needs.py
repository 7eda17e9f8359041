from dataclasses import replace

from engine.catalog import notebook
from engine.definition import POS, column, feature, feature_set, key
from engine.definition.needs import columns_of, needs_labels

amt = column("amt")


def test_columns_are_those_named_in_the_schemas_order() -> None:
    history = key("merchant").last(days=1).where(column("city").eq("Moravia"))
    features = feature_set("mine", POS, [feature("x", history.mean(amt) + 1, "a mean")])
    assert columns_of(features) == ("unix_time", "amt", "merchant", "city")


def test_the_time_is_always_needed() -> None:
    assert columns_of(feature_set("mine", POS, [feature("x", key().ever().count(), "")])) == (
        "unix_time",
    )


def test_labels_bring_the_time_at_which_they_were_known() -> None:
    risk = key("merchant").last(days=28, delay_days=7).mean("is_fraud")
    features = feature_set("mine", POS, [feature("risk", risk, "fraud rate")])
    assert columns_of(features) == ("unix_time", "merchant", "is_fraud", "label_time")
    assert needs_labels(features)
    timeless = feature_set("mine", replace(POS, label_time=None), features.features)
    assert columns_of(timeless) == ("unix_time", "merchant", "is_fraud")


def test_the_notebook_needs_no_labels() -> None:
    assert not needs_labels(notebook)
