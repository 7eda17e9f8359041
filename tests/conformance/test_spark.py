"""That Spark itself has the reference's bits, on frames that are cut up in every way there is."""

from pathlib import Path

import polars as pl
import pytest

from backends import backend_or_skip
from conformance.bits import assert_same_bits
from conformance.broad import broad
from conformance.logs import LOG, MEMORY, over
from conformance.running import hot_card
from engine.backends import Backend
from engine.catalog import notebook

SETS = {"notebook": over(LOG, notebook), "broad": broad()}


@pytest.fixture(scope="module")
def spark() -> Backend:
    backend = backend_or_skip("spark")
    from engine.backends.spark.session import shared_session

    shared_session()
    return backend


@pytest.mark.parametrize("name", SETS)
def test_a_frame_through_spark_has_the_same_bits(
    spark: Backend, reference: Backend, name: str
) -> None:
    features, events = SETS[name], hot_card(7)
    expected = reference.compute(features, events)
    assert_same_bits(spark.compute(features, events), expected, features, events)


@pytest.mark.parametrize("name", SETS)
def test_a_log_through_spark_has_the_same_bits(
    spark: Backend, reference: Backend, tmp_path: Path, name: str
) -> None:
    features = SETS[name]
    events = hot_card(8).sort("unix_time", maintain_order=True)
    frames = spark.stream(
        features,
        [events[:90], events[90:]],
        passed=("event_id",),
        threads=2,
        memory=MEMORY,
        scratch=tmp_path,
    )
    got = pl.concat(frames)
    assert got["event_id"].to_list() == events["event_id"].to_list()
    expected = reference.compute(features, events)
    assert_same_bits(got.drop("event_id"), expected, features, events)
