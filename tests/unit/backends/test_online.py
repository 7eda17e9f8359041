"""What only an event-by-event backend has to hold: late events, and keys that it lets go of."""

from dataclasses import replace

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from conformance.bits import assert_same_bits
from conformance.broad import broad
from conformance.logs import LOG, log_of_rows, over
from conformance.streams import Row, streams
from engine.backends.online.engine import OnlineFeatures
from engine.backends.reference import compute
from engine.catalog import notebook
from engine.definition import FeatureSet
from engine.definition.needs import columns_in
from engine.events.canonical import feature_schema

FOR_EVER = 2**70
NOTEBOOK = over(LOG, notebook)
# Of a late event the label is too late for windows that have passed it; batch cannot know that.
UNLABELLED = replace(
    broad(),
    features=tuple(
        feature
        for feature in broad().features
        if LOG.label not in set(columns_in(feature.expression))
    ),
)


def observed(online: OnlineFeatures, features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    rows = [online.observe(event) for event in events.iter_rows(named=True)]
    return pl.DataFrame(rows, schema=feature_schema(features), orient="row")


@given(rows=streams(LOG, min_size=1), features=st.sampled_from([NOTEBOOK, UNLABELLED]))
def test_s3_9_a_late_event_is_scored_on_what_has_arrived(
    rows: list[Row], features: FeatureSet
) -> None:
    events = log_of_rows(LOG, rows)
    online = OnlineFeatures(features, lateness=FOR_EVER)
    expected = pl.concat(
        compute(features, events.head(size)).tail(1) for size in range(1, len(events) + 1)
    )
    assert_same_bits(observed(online, features, events), expected, features, events)
    times = events["unix_time"]
    assert online.late == (times < times.cum_max()).sum()


@given(rows=streams(LOG), lateness=st.sampled_from([0, 1, 60, 3_600, 86_400]))
def test_s3_10_letting_go_of_quiet_keys_changes_no_value(rows: list[Row], lateness: int) -> None:
    for features in (NOTEBOOK, UNLABELLED):
        events = log_of_rows(LOG, rows)
        sweeping = OnlineFeatures(features, lateness=lateness)
        keeping = OnlineFeatures(features, lateness=lateness, sweep=False)
        kept = observed(keeping, features, events)
        assert_same_bits(observed(sweeping, features, events), kept, features, events)
        assert sweeping.too_late == keeping.too_late


def test_s3_10_nothing_is_left_of_what_no_window_sees() -> None:
    features = replace(NOTEBOOK, features=NOTEBOOK.features[10:15])  # finite windows alone
    events = log_of_rows(
        LOG, [{"cc_num": row, "unix_time": row * 10, "merchant": "m"} for row in range(2_000)]
    )
    online = OnlineFeatures(features, lateness=60)
    observed(online, features, events)
    assert online.keys_held < 400
