"""Every backend against the reference on feature sets that nobody wrote."""

from operator import itemgetter

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.definitions import definitions, set_of
from conformance.logs import UNITS, log_of_rows, schema_in
from conformance.streams import streams
from engine.backends import Backend


@given(data=st.data())
def test_s3_7_definitions_nobody_wrote_have_the_same_bits(
    backend: Backend, reference: Backend, data: DataObject
) -> None:
    schema = schema_in(data.draw(st.sampled_from(UNITS), label="unit"))
    # As nodes, so that what a failure prints can be pasted into a test.
    features = set_of(schema, data.draw(definitions(schema), label="definitions"))
    events = log_of_rows(schema, data.draw(streams(schema), label="rows"))
    expected = reference.compute(features, events)
    assert_same_bits(backend.compute(features, events), expected, features, events)


@given(data=st.data())
def test_s3_7_definitions_nobody_wrote_have_the_same_bits_in_batches(
    backend: Backend, reference: Backend, data: DataObject
) -> None:
    schema = schema_in(data.draw(st.sampled_from(UNITS), label="unit"))
    features = set_of(schema, data.draw(definitions(schema), label="definitions"))
    rows = data.draw(streams(schema, min_size=1), label="rows")
    events = log_of_rows(schema, sorted(rows, key=itemgetter("unix_time")))
    size = data.draw(st.integers(1, len(rows)), label="rows of a batch")
    threads = data.draw(st.integers(1, 2), label="threads")
    batches = (events.slice(start, size) for start in range(0, len(events), size))
    frames = backend.stream(features, batches, passed=("event_id",), threads=threads)
    got = pl.concat(frames)
    assert got["event_id"].to_list() == events["event_id"].to_list()
    expected = reference.compute(features, events)
    assert_same_bits(got.drop("event_id"), expected, features, events)
