from dataclasses import replace

import pytest

from conformance.logs import LOG
from engine.catalog import notebook
from engine.definition import (
    POS,
    TEXT,
    Feature,
    FeatureSet,
    Schema,
    column,
    feature,
    fingerprint,
    key,
    money_type,
)

# Models are tied to it: it may change only together with LANGUAGE_VERSION or with the set itself.
NOTEBOOK = "d9ec5254df617d1648c020c99160b71b6678fa6d66a0252ed4613a7c08222005"

amt = column("amt")
BASE = (
    feature("n", key("cc_num").last(minutes=1).count(), "events"),
    feature("amt", amt, "amount"),
)


def of(*features: Feature, schema: Schema = LOG) -> str:
    return fingerprint(FeatureSet("mine", schema, features))


def retyped(name: str, **changes: object) -> Schema:
    columns = (replace(spec, **changes) if spec.name == name else spec for spec in LOG.columns)
    return replace(LOG, columns=tuple(columns))


def test_the_notebooks_is_what_it_was() -> None:
    assert fingerprint(notebook) == NOTEBOOK


def test_it_is_64_hexadecimal_digits() -> None:
    assert len(of(*BASE)) == 64
    assert int(of(*BASE), 16) >= 0


@pytest.mark.parametrize(
    "changed",
    [
        of(*reversed(BASE)),
        of(BASE[0]),
        of(BASE[0], replace(BASE[1], name="amount")),
        of(BASE[0], feature("amt", amt.fill(0.0), "amount")),
        of(BASE[0], feature("amt", amt.fill(0), "amount")),
        of(BASE[0], feature("amt", amt.fill(-0.0), "amount")),
        of(feature("n", key("cc_num").last(minutes=2).count(), "events"), BASE[1]),
        of(feature("n", key("cc_num").last(minutes=1, delay_seconds=1).count(), ""), BASE[1]),
        of(feature("n", key("cc_num").ever().count(), "events"), BASE[1]),
        of(feature("n", key("merchant").last(minutes=1).count(), "events"), BASE[1]),
        of(feature("n", key().last(minutes=1).count(), "events"), BASE[1]),
        of(feature("n", key("cc_num").last(minutes=1).count(amt), "events"), BASE[1]),
        of(feature("n", key("cc_num").last(minutes=1).where(amt > 0).count(), ""), BASE[1]),
        of(*BASE, schema=replace(LOG, time_unit="ms")),
        of(*BASE, schema=retyped("amt", type=money_type(3))),
        of(*BASE, schema=retyped("cc_num", type=TEXT)),
    ],
)
def test_what_can_change_a_value_changes_it(changed: str) -> None:
    assert changed != of(*BASE)


def test_no_two_changes_are_alike() -> None:
    fills = [of(feature("amt", amt.fill(value), "")) for value in (0, 0.0, -0.0, False)]
    assert len(set(fills)) == 4


def test_words_and_unused_columns_do_not_change_it() -> None:
    assert of(BASE[0], replace(BASE[1], doc="what was paid")) == of(*BASE)
    assert of(*BASE, schema=retyped("tip", type=money_type(2))) == of(*BASE)
    assert of(*BASE, schema=replace(LOG, name="other")) == of(*BASE)
    renamed = FeatureSet("yours", LOG, BASE)
    assert fingerprint(renamed) == of(*BASE)


def test_when_labels_were_known_counts_for_sets_that_read_them() -> None:
    without = replace(POS, label_time=None)
    risk = feature("risk", key("merchant").ever(delay_seconds=1).mean("is_fraud"), "fraud rate")
    assert of(risk, schema=POS) != of(risk, schema=without)
    assert of(*BASE, schema=POS) == of(*BASE, schema=without)
