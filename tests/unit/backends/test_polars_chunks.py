"""No value depends on how a log is cut into batches and chunks, nor on the number of threads."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.bits import assert_same_bits
from conformance.logs import LOG, log_of_rows, over
from conformance.streams import Row, streams
from engine.backends.polars import compute
from engine.backends.polars.chunks import stream_features
from engine.backends.polars.plan import compile_features
from engine.catalog import notebook
from engine.definition import FeatureSet, column, feature, feature_set, key

carried = feature_set(
    "carried",
    LOG,
    [
        feature("gap", key("cc_num").seconds_since_last(), ""),
        feature("speed_before", key("cc_num").previous("speed"), ""),
        feature("place_before", key("cc_num", "merchant").previous("merch_lat"), ""),
        feature("seen", key("cc_num", "merchant", "category").ever().exists(), ""),
        feature(
            "since_high", key("cc_num").ever().where(column("amt") > 0.1).seconds_since_last(), ""
        ),
        feature("last_text", key("merchant").previous("category"), ""),
        feature("anyone", key().seconds_since_last(), ""),
        feature("rate", key("merchant").last(days=7, delay_days=1).mean("is_fraud"), ""),
        feature("everyone", key().last(minutes=15).n_unique("cc_num"), ""),
        feature("highest", key("category").last(hours=24).max("amt"), ""),
    ],
)
for_ever = feature_set(
    "for_ever",
    LOG,
    [
        feature("all", key("cc_num").ever().sum("amt"), ""),
        feature("delayed", key("merchant").ever(delay_days=1).std("amt"), ""),
    ],
)
SETS = {
    "notebook": over(LOG, notebook),
    "carried": carried,
    "for_ever": for_ever,
}


def _in_chunks(
    features: FeatureSet, events: pl.DataFrame, *, batch: int, least: int, most: int, threads: int
) -> pl.DataFrame:
    batches = (events.slice(start, batch) for start in range(0, len(events), batch))
    return pl.concat(
        stream_features(
            compile_features(features), batches, threads=threads, chunk_rows=least, most_rows=most
        )
    )


@pytest.mark.parametrize("name", SETS)
@given(data=st.data())
def test_no_value_depends_on_chunks_or_threads(name: str, data: st.DataObject) -> None:
    features = SETS[name]
    rows: list[Row] = data.draw(streams(features.schema), "rows")
    events = log_of_rows(features.schema, rows).sort("unix_time", maintain_order=True)
    if not len(events):
        return
    whole = compute(features, events)
    most = data.draw(st.integers(1, 8), "most rows of a chunk")
    parts = _in_chunks(
        features,
        events,
        batch=data.draw(st.integers(1, 5), "rows of a batch"),
        least=data.draw(st.integers(1, most), "least rows of a chunk"),
        most=most,
        threads=data.draw(st.integers(1, 3), "threads"),
    )
    assert_same_bits(parts, whole, features, events)


def test_which_sets_need_the_whole_log_in_memory() -> None:
    assert compile_features(notebook).is_chunkable
    assert compile_features(carried).is_chunkable
    assert not compile_features(for_ever).is_chunkable
