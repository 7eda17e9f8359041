"""The handbook's inputs against the book's own words, and both sets on every engine."""

from datetime import UTC, datetime

import polars as pl
import pytest

from backends import backend_or_skip
from benchmarks.compare import DifferenceError, first_difference
from benchmarks.entities import told_alone
from benchmarks.handbook.book import book
from benchmarks.handbook.check import check_features
from benchmarks.handbook.columns import DAY, HANDBOOK
from benchmarks.handbook.own import own
from benchmarks.handbook.tables import as_array
from engine.backends import BACKENDS, load_backend
from engine.definition import FeatureSet
from engine.events.normalise import normalise
from unit.benchmarks.handbook_logs import WEEK, raw_log


def events_of(raw: pl.DataFrame) -> pl.DataFrame:
    normal = normalise(raw, HANDBOOK, tuple(HANDBOOK.by_name))
    assert normal.bad.is_empty()
    return normal.events


def naive(events: pl.DataFrame) -> dict[str, list[float]]:
    """The 15 inputs, row by row, by looking at every row."""
    rows = events.rows(named=True)
    found: dict[str, list[float]] = {}
    for place, row in enumerate(rows):
        now = row["TX_DATETIME"]
        when = datetime.fromtimestamp(now, UTC)
        values: dict[str, float] = {
            "TX_AMOUNT": row["TX_AMOUNT"] / 100,
            "TX_DURING_WEEKEND": when.weekday() >= 5,
            "TX_DURING_NIGHT": when.hour <= 6,
        }
        for days in (1, 7, 30):
            # (t − w, t], in the order of the file, with the row itself as the last of it
            mine = [
                past["TX_AMOUNT"]
                for past in rows[:place]
                if past["CUSTOMER_ID"] == row["CUSTOMER_ID"]
                and now - days * DAY < past["TX_DATETIME"] <= now
            ]
            count = len(mine) + 1
            values[f"CUSTOMER_ID_NB_TX_{days}DAY_WINDOW"] = count
            total = sum(mine) / 100 + row["TX_AMOUNT"] / 100
            values[f"CUSTOMER_ID_AVG_AMOUNT_{days}DAY_WINDOW"] = total / count
        for days in (1, 7, 30):
            # (t − 7 d − w, t − 7 d]
            there = [
                past["TX_FRAUD"]
                for past in rows
                if past["TERMINAL_ID"] == row["TERMINAL_ID"]
                and now - WEEK - days * DAY < past["TX_DATETIME"] <= now - WEEK
            ]
            values[f"TERMINAL_ID_NB_TX_{days}DAY_WINDOW"] = len(there)
            risk = sum(there) / len(there) if there else 0.0
            values[f"TERMINAL_ID_RISK_{days}DAY_WINDOW"] = risk
        for name, value in values.items():
            found.setdefault(name, []).append(float(value))
    return found


def test_the_inputs_are_the_books_to_the_bit() -> None:
    events = events_of(raw_log(1_500, days=50))
    tied = events.group_by("CUSTOMER_ID", "TX_DATETIME").len()["len"].max()
    assert tied is not None
    assert int(str(tied)) >= 3
    built = load_backend("polars").compute(book, events)
    expected = naive(events)
    assert built.columns == list(expected)
    assert len(built.columns) == 15
    for name, values in expected.items():
        got = built[name].cast(pl.Float64)
        assert first_difference(got, pl.Series(name, values)) is None, name


@pytest.mark.parametrize("features", [book, own], ids=lambda features: features.name)
@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "reference"])
def test_every_engine_has_the_same_features(backend: str, features: FeatureSet) -> None:
    events = events_of(raw_log(900, days=120))
    right = load_backend("reference").compute(features, events)
    got = backend_or_skip(backend).compute(features, events)
    assert got.schema == right.schema
    for ours, theirs in zip(got, right, strict=True):
        assert first_difference(ours, theirs) is None, ours.name
        # What is null or alike throughout would be the same in any engine.
        assert theirs.drop_nulls().n_unique() > 1, ours.name


@pytest.mark.parametrize("features", [book, own], ids=lambda features: features.name)
def test_no_feature_sees_a_label_before_its_week_is_over(features: FeatureSet) -> None:
    events = events_of(raw_log(600, days=60))
    last = events["TX_DATETIME"].max()
    assert isinstance(last, int)
    from_then = pl.col("TX_DATETIME") > last - WEEK
    other = events.with_columns(
        pl.when(from_then).then(1 - pl.col("TX_FRAUD")).otherwise("TX_FRAUD").alias("TX_FRAUD")
    )
    compute = load_backend("polars").compute
    assert compute(features, other).equals(compute(features, events))


@pytest.mark.parametrize("features", [book, own], ids=lambda features: features.name)
def test_every_feature_is_told_by_a_customer_or_a_terminal(features: FeatureSet) -> None:
    told = dict(told_alone(features))
    assert set(told) == {"CUSTOMER_ID", "TERMINAL_ID"}
    assert {name for of in told.values() for name in of.names} == set(features.names)


@pytest.mark.parametrize("wrong", ["recent_max_7d", "fraud_rate_28d", "amount"])
def test_a_wrong_feature_is_found_before_it_is_used(wrong: str) -> None:
    events = events_of(raw_log(800, days=90, customers=10, terminals=10))
    built = load_backend("polars").compute(own, events)
    assert check_features(own, events, built) > 800
    changed = built.with_columns(pl.col(wrong) + 1e-9)
    with pytest.raises(DifferenceError, match=f"feature '{wrong}' differs in event"):
        check_features(own, events, changed)


def test_null_is_nan_in_arrays() -> None:
    array = as_array(pl.DataFrame({"a": [1, None], "b": [0.5, 0.25]}))
    assert array.tolist()[0] == [1.0, 0.5]
    assert array[1, 0] != array[1, 0]
