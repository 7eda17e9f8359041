"""Features as a LazyFrame: the same bits as a build, lazily, whatever the order of the log."""

from datetime import date

import polars as pl
import pytest

from engine import features_of
from engine.backends.polars import compute
from engine.catalog import notebook
from engine.definition.needs import columns_of
from engine.errors import InputError
from engine.events.normalise import normalise
from replay.simulate import Settings, simulate


@pytest.fixture(scope="module")
def log() -> pl.DataFrame:
    settings = Settings(rows=3_000, cards=20, seed=5, start=date(2025, 1, 1), days=10)
    return pl.concat(simulate(settings))


def _expected(log: pl.DataFrame) -> pl.DataFrame:
    events = normalise(log, notebook.schema, columns_of(notebook)).events
    return compute(notebook, events)


def test_features_stand_behind_what_identifies_an_event(log: pl.DataFrame) -> None:
    features = features_of(log.lazy(), notebook)
    identity = ["event_id", "cc_num", "unix_time", "is_fraud"]
    assert features.collect_schema().names() == [*identity, *notebook.names]
    result = features.collect()
    assert result.schema == features.collect_schema()
    assert result.select(notebook.names).equals(_expected(log))
    assert result["event_id"].to_list() == log["trans_num"].to_list()


def test_a_log_in_any_order_gets_its_settled_values(log: pl.DataFrame) -> None:
    shuffled = log.sample(fraction=1.0, shuffle=True, seed=1)
    result = features_of(shuffled, notebook).collect()
    assert result.select(notebook.names).equals(_expected(shuffled))
    assert result["event_id"].to_list() == shuffled["trans_num"].to_list()


def test_columns_rows_and_filters_are_pushed_down(log: pl.DataFrame) -> None:
    features = features_of(log.lazy(), notebook)
    whole = features.collect()
    few = features.select("velocity_1h", "age").head(7).collect()
    assert few.equals(whole.select("velocity_1h", "age").head(7))
    busy = features.filter(pl.col("velocity_1h") > 1).select("event_id").collect()
    assert busy.equals(whole.filter(pl.col("velocity_1h") > 1).select("event_id"))


def test_nothing_is_read_before_it_is_collected(log: pl.DataFrame) -> None:
    bad = log.lazy().with_columns(pl.lit("soon").alias("unix_time"))
    features = features_of(bad, notebook)
    with pytest.raises(Exception, match="row 0 of the log: unix_time"):
        features.collect()


def test_a_log_without_a_label_has_none(log: pl.DataFrame) -> None:
    features = features_of(log.drop("is_fraud"), notebook)
    assert "is_fraud" not in features.collect_schema().names()
    assert features.select(notebook.names).collect().equals(_expected(log))


def test_a_missing_required_column_is_named(log: pl.DataFrame) -> None:
    with pytest.raises((InputError, pl.exceptions.ComputeError), match="merchant"):
        features_of(log.drop("merchant"), notebook).collect()


@pytest.mark.parametrize("shuffled", [False, True])
def test_any_of_the_ids_will_do(log: pl.DataFrame, *, shuffled: bool) -> None:
    two = log.with_columns(
        pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.col("trans_num")).alias("trans_num"),
        transaction_id=pl.col("trans_num"),
    )
    if shuffled:
        two = two.sample(fraction=1.0, shuffle=True, seed=2)
    result = features_of(two.lazy(), notebook).collect()
    assert result["event_id"].to_list() == two["transaction_id"].to_list()


@pytest.mark.parametrize("column", ["unix_time", "cc_num", "trans_num"])
def test_what_a_log_lacks_is_said_at_once(log: pl.DataFrame, column: str) -> None:
    others = ["profile", "transaction_id"] if column == "trans_num" else []
    with pytest.raises(InputError, match=column):
        features_of(log.drop(column, *others, strict=False), notebook)
