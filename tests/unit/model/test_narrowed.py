"""Fewer features of a table: those that were asked for, with the values that they had."""

from dataclasses import replace

import numpy as np
import pytest

from engine.catalog import notebook
from engine.definition import FeatureSet, column, feature, feature_set, fingerprint, identity
from engine.errors import InputError
from engine.model.feature_values import FeatureValues
from engine.model.features_file import FeatureTable
from engine.model.narrowed import set_without, table_for, without
from unit.model.cases import table_of

NAMES = notebook.names


@pytest.fixture
def table() -> FeatureTable:
    """Values that tell their column and row."""
    found = table_of([1, 2, 3], [0, 1, 0])
    values = np.arange(3)[:, None] * 100.0 + np.arange(len(NAMES))
    return replace(found, values=FeatureValues(np.asfortranarray(values)))


def test_what_is_named_is_left_out(table: FeatureTable) -> None:
    found = without(table, ["hour", "velocity_*", "gender_?"])
    gone = {"hour", "gender_M", "gender_F", *(n for n in NAMES if n.startswith("velocity_"))}
    assert len(gone) == 7
    kept = tuple(name for name in NAMES if name not in gone)
    assert found.features.names == kept
    assert found.features.name == "notebook"
    assert fingerprint(found.features) != fingerprint(notebook)
    assert found.values.numbers[1].tolist() == [100.0 + NAMES.index(name) for name in kept]
    assert found.event_ids.equals(table.event_ids)


def test_without_nothing_it_is_the_table_itself(table: FeatureTable) -> None:
    assert without(table, []) is table
    assert table_for(table, notebook, "were asked for") is table


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (["hour", "velo"], "has no such feature (was 'velo')"),
        (["HOUR"], "has no such feature (was 'HOUR')"),
        ([""], "has no such feature (was '')"),
        (["*"], "leaves nothing to learn from (was '*')"),
    ],
)
def test_patterns_that_cannot_be_meant(
    table: FeatureTable, patterns: list[str], words: str
) -> None:
    with pytest.raises(InputError) as refused:
        without(table, patterns)
    assert words in refused.value.what
    assert refused.value.hint


def test_a_wider_table_serves_a_smaller_set(table: FeatureTable) -> None:
    """In the order of the set, whatever it is called and however its features are explained."""
    chosen = [replace(notebook.features[place], doc="other words") for place in (7, 2, 20)]
    mine = feature_set("mine", notebook.schema, chosen)
    found = table_for(table, mine, "were asked for")
    assert found.features is mine
    assert found.values.numbers[2].tolist() == [207.0, 202.0, 220.0]


def other(name: str) -> FeatureSet:
    return feature_set("mine", notebook.schema, [feature(name, column("amt") + 1, "of the test")])


@pytest.mark.parametrize(
    ("features", "words"),
    [
        (other("raised"), "without raised of mine"),
        (other("hour"), f"with other definitions than those of {identity(other('hour'))}"),
    ],
)
def test_a_table_without_them_is_refused(
    table: FeatureTable, features: FeatureSet, words: str
) -> None:
    with pytest.raises(InputError) as refused:
        table_for(table, features, "were asked for")
    assert f"features.parquet: not the features that were asked for (was notebook, {words})" == (
        refused.value.what
    )


def test_how_many_are_lacking_is_said(table: FeatureTable) -> None:
    fewer = without(table, ["velocity_*"])
    with pytest.raises(InputError, match="without velocity_60s and 3 more of notebook"):
        table_for(fewer, notebook, "were asked for")
    assert set_without(notebook, {"hour"}).names == tuple(n for n in NAMES if n != "hour")
