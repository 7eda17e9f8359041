"""Families of features, derived from what they look at."""

from dataclasses import replace

import pytest

from engine.catalog import SETS, notebook
from engine.definition import (
    CARD,
    POS,
    TEXT,
    ColumnSpec,
    FeatureSet,
    age,
    column,
    feature,
    feature_set,
    hour,
    if_else,
    key,
    log1p,
)
from engine.definition.aggregates import AGGREGATES
from engine.definition.families import families_of, family_of
from engine.definition.nodes import Aggregate, Expression, Window
from engine.definition.schema import Schema

amt, time, fraud = column("amt"), column("unix_time"), column("is_fraud")
card, merchant, category = key("cc_num"), key("merchant"), key("category")
own = key("cc_num", "category")


@pytest.mark.parametrize(
    ("expression", "family"),
    [
        (log1p(amt), "the transaction itself"),
        (hour(time), "the transaction itself"),
        (column("category"), "the transaction itself"),
        (column("lat") - column("merch_lat"), "the transaction itself"),
        (age(column("dob"), time), "the card holder"),
        (column("gender").one_of("M"), "the card holder"),
        (card.last(days=1).count(), "card"),
        # What it is computed with besides changes nothing, nor does what is aggregated.
        (amt / card.last(days=1).mean(amt), "card"),
        (card.last(hours=1).n_unique("merchant"), "card"),
        (card.last(days=1).where(amt > 200).sum(amt), "card"),
        (card.last(days=1).n_unique("city"), "card"),
        (merchant.last(days=1).count(), "merchant"),
        (category.last(days=1).count(), "category"),
        (key().last(days=1).count(), "everyone"),
        (key("cc_num", "merchant").ever().exists(), "card × merchant"),
        # One entity, however its columns are ordered.
        (key("merchant", "cc_num").ever().exists(), "card × merchant"),
        # The most exact key: each other one is part of it.
        (own.last(days=1).count() / card.last(days=1).count(), "card × category"),
        (category.last(days=1).count() / key().last(days=1).count(), "category"),
        (
            (own.last(days=1).count() / card.last(days=1).count())
            / (category.last(days=1).count() / key().last(days=1).count()),
            "card × category",
        ),
        # Where none is part of another, all of them, in the order of the schema.
        (merchant.last(days=1).count() / card.last(days=1).count(), "card and merchant"),
        (own.last(days=1).count() / merchant.last(days=1).count(), "card × category and merchant"),
        (merchant.last(days=28, delay_days=7).mean(fraud), "known labels"),
        (card.last(days=28, delay_days=7).where(fraud > 0).count(), "known labels"),
        (
            if_else(merchant.last(days=28, delay_days=7).sum(fraud) > 0, 1, card.ever().count()),
            "known labels",
        ),
        (merchant.last(days=28, delay_days=7).count(), "merchant"),
    ],
    ids=str,
)
def test_what_a_feature_looks_at(expression: Expression, family: str) -> None:
    made = feature_set("mine", POS, [feature("one", expression, "of the test")])
    assert family_of(made.features[0].expression, POS) == family


@pytest.mark.parametrize("name", sorted(AGGREGATES))
def test_every_aggregate_is_of_its_key(name: str) -> None:
    """Of whichever kind, and however deep in an expression."""
    for argument in (None, amt):
        looked = Aggregate(name, argument, ("cc_num", "merchant"), Window(1_000_000))
        assert family_of(looked, POS) == "card × merchant"
        assert family_of(log1p(looked + 1).fill(0.0) + amt, POS) == "card × merchant"
    assert family_of(Aggregate(name, fraud, ("cc_num",), Window(1, 1)), POS) == "known labels"


@pytest.mark.parametrize("features", SETS.values(), ids=SETS.keys())
def test_each_feature_is_in_one_family(features: FeatureSet) -> None:
    found = families_of(features)
    names = [name for family in found for name in family.features]
    assert sorted(names) == sorted(features.names)
    assert len({family.name for family in found}) == len(found)
    firsts = [features.names.index(family.features[0]) for family in found]
    assert firsts == sorted(firsts)
    for family in found:
        places = [features.names.index(name) for name in family.features]
        assert places == sorted(places)


def test_the_notebooks() -> None:
    assert [(family.name, len(family.features)) for family in families_of(notebook)] == [
        ("the card holder", 6),
        ("the transaction itself", 6),
        ("card", 12),
        ("card × merchant", 2),
    ]


def schema_with(*columns: ColumnSpec) -> Schema:
    return replace(POS, columns=(*POS.columns, *columns))


def test_columns_of_somebody_else_are_called_as_they_are() -> None:
    others = tuple(
        replace(column, name="CUSTOMER_ID" if column.name == "cc_num" else column.name)
        for column in POS.columns
        if column.name != "merchant"
    )
    schema = replace(POS, columns=(*others, ColumnSpec("TERMINAL_ID", TEXT)))
    assert family_of(key("TERMINAL_ID").ever().count(), schema) == "TERMINAL_ID"
    assert family_of(key("TERMINAL_ID", "CUSTOMER_ID").ever().count(), schema) == (
        "card × TERMINAL_ID"
    )


@pytest.mark.parametrize("other", [ColumnSpec("card", TEXT), ColumnSpec("account", CARD)])
def test_a_card_that_is_not_the_only_one_is_called_by_its_column(other: ColumnSpec) -> None:
    schema = schema_with(other)
    families = {family_of(key(name).ever().count(), schema) for name in ("cc_num", other.name)}
    assert families == {"cc_num", other.name}


def test_without_labels_none_is_known() -> None:
    plain = replace(
        POS, columns=tuple(replace(column, label=False) for column in POS.columns), label_time=None
    )
    assert family_of(card.ever().mean(fraud), plain) == "card"
