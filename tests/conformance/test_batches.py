"""Every backend reads a log batch by batch: no value depends on where it is cut, or on threads."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.logs import LOG, MEMORY, UNITS, log_of_rows, over
from conformance.sets import SETS
from conformance.streams import streams
from engine.backends import Backend
from engine.catalog import notebook


@pytest.mark.parametrize("name", SETS)
@given(data=st.data())
def test_s3_7_batches_and_threads_change_no_bit(
    backend: Backend, reference: Backend, scratch: Path, name: str, data: DataObject
) -> None:
    features = SETS[name](data, data.draw(st.sampled_from(UNITS), label="unit"))
    rows = data.draw(streams(features.schema, min_size=1), label="rows")
    events = log_of_rows(features.schema, rows).sort("unix_time", maintain_order=True)
    size = data.draw(st.integers(1, len(events)), label="rows of a batch")
    threads = data.draw(st.integers(1, 3), label="threads")
    batches = (events.slice(start, size) for start in range(0, len(events), size))
    frames = backend.stream(
        features,
        batches,
        passed=("event_id",),
        threads=threads,
        memory=MEMORY,
        scratch=scratch,
    )
    got = pl.concat(frames)
    assert got["event_id"].to_list() == events["event_id"].to_list()
    expected = reference.compute(features, events)
    assert_same_bits(got.drop("event_id"), expected, features, events)


@pytest.mark.parametrize("batches", [0, 1, 2])
def test_a_log_without_rows_has_no_frame(backend: Backend, scratch: Path, batches: int) -> None:
    features = over(LOG, notebook)
    frames = backend.stream(
        features,
        iter([log_of_rows(features.schema, [])] * batches),
        passed=("event_id",),
        threads=1,
        memory=MEMORY,
        scratch=scratch,
    )
    assert not list(frames)
