"""Every backend against the reference on streams that Hypothesis makes up."""

from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.logs import UNITS, log_of_rows
from conformance.sets import SETS
from conformance.streams import streams
from engine.backends import Backend


@pytest.mark.parametrize("name", SETS)
@given(data=st.data())
def test_s3_7_streams_have_the_same_bits(
    backend: Backend, reference: Backend, name: str, data: DataObject
) -> None:
    features = SETS[name](data, data.draw(st.sampled_from(UNITS), label="unit"))
    rows = data.draw(streams(features.schema), label="rows")
    if data.draw(st.booleans(), label="in time order"):
        rows.sort(key=itemgetter("unix_time"))
    events = log_of_rows(features.schema, rows)
    expected = reference.compute(features, events)
    assert_same_bits(backend.compute(features, events), expected, features, events)
