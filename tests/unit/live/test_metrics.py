"""Numbers, and how Prometheus reads them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from engine.live.api.exposition import Exposition
from engine.live.flag import Outcome
from engine.live.histogram import BOUNDS, Histogram
from engine.live.metrics import Metrics
from engine.live.service import Health
from unit.live.api.cases import WELL, Scorer

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(metrics: Metrics, scorer: Scorer | None = None) -> Samples:
    text = Exposition(scorer or Scorer(), metrics).text().decode()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@given(st.lists(st.tuples(st.floats(0.0, 100.0), st.integers(1, 512)), max_size=30))
def test_buckets_hold_what_is_no_longer_than_they(spans: list[tuple[float, int]]) -> None:
    histogram = Histogram()
    for seconds, count in spans:
        histogram.add(seconds, count)
    assert histogram.count == sum(count for _, count in spans)
    assert histogram.total == pytest.approx(sum(seconds * count for seconds, count in spans))
    assert histogram.cumulative() == [
        sum(count for seconds, count in spans if seconds <= bound) for bound in (*BOUNDS, math.inf)
    ]


def test_a_bound_belongs_to_its_bucket_and_nothing_is_below_zero() -> None:
    histogram = Histogram((1.0, 2.0))
    histogram.add_all([1.0, 1.5, 2.0, 2.5, -3.0])
    assert histogram.cumulative() == [2, 4, 5]
    assert histogram.total == 7.0


def test_what_happened_is_told() -> None:
    metrics = Metrics()
    metrics.received(512)
    metrics.received(2, "api")
    metrics.duplicate(3)
    metrics.quarantined(4)
    metrics.came_late(5)
    metrics.decided(500, 0.003, flagged=20, fallback=1)
    metrics.decided(10, 40.0)
    metrics.posted(Outcome.RECORDED, 480)
    metrics.posted(Outcome.RETRY, 7)
    metrics.posted(Outcome.EXPIRED)
    metrics.acknowledged([0.004, 0.02])
    metrics.reconnected()
    metrics.ledger_failed()
    metrics.model_taken_up()
    metrics.answered("/predict", 200, 0.002)
    metrics.answered("/api/stream", 200, None)
    found = samples(metrics)
    expected: Samples = {
        ("sentinelpos_events_total", (("source", "stream"),)): 512,
        ("sentinelpos_events_total", (("source", "api"),)): 2,
        ("sentinelpos_duplicates_total", (("source", "stream"),)): 3,
        ("sentinelpos_unreadable_total", (("source", "stream"),)): 4,
        ("sentinelpos_late_total", (("source", "stream"),)): 5,
        ("sentinelpos_decisions_total", (("flagged", "1"),)): 20,
        ("sentinelpos_decisions_total", (("flagged", "0"),)): 490,
        ("sentinelpos_fallbacks_total", ()): 1,
        ("sentinelpos_flags_total", (("outcome", "recorded"),)): 480,
        ("sentinelpos_flags_total", (("outcome", "refused"),)): 0,
        ("sentinelpos_flags_total", (("outcome", "expired"),)): 1,
        ("sentinelpos_flag_retries_total", ()): 7,
        ("sentinelpos_reconnects_total", ()): 1,
        ("sentinelpos_ledger_failures_total", ()): 1,
        ("sentinelpos_model_changes_total", ()): 1,
        ("sentinelpos_decided_seconds_bucket", (("le", "0.002"),)): 0,
        ("sentinelpos_decided_seconds_bucket", (("le", "0.005"),)): 500,
        ("sentinelpos_decided_seconds_bucket", (("le", "30.0"),)): 500,
        ("sentinelpos_decided_seconds_bucket", (("le", "+Inf"),)): 510,
        ("sentinelpos_decided_seconds_count", ()): 510,
        ("sentinelpos_decided_seconds_sum", ()): 401.5,
        ("sentinelpos_acknowledged_seconds_count", ()): 2,
        ("sentinelpos_api_request_seconds_count", ()): 1,
        (
            "sentinelpos_api_requests_total",
            (("path", "/api/stream"), ("status", "200")),
        ): 1,
        ("sentinelpos_ready", ()): 1,
        ("sentinelpos_stream_open", ()): 1,
        ("sentinelpos_lag_seconds", ()): 0.25,
        ("sentinelpos_queue", ()): 3,
        ("sentinelpos_pending_flags", ()): 4,
        ("sentinelpos_last_event_seconds", ()): 1.5,
        ("sentinelpos_snapshot_seconds", ()): 60.0,
        (
            "sentinelpos_model_info",
            (("feature_set", "notebook"), ("kind", "lightgbm"), ("run_id", "run-1")),
        ): 1,
        ("sentinelpos_model_threshold", ()): 0.5,
    }
    assert {name: found.get(name) for name in expected} == expected
    assert ("process_resident_memory_bytes", ()) in found


def test_what_there_is_none_of_is_left_out() -> None:
    started = {"last_event_seconds": None, "snapshot_seconds": None, "stream": "waiting"}
    now = Health(**{name: getattr(WELL, name) for name in Health.__slots__} | started)
    found = samples(Metrics(), Scorer(now=now))
    assert ("sentinelpos_last_event_seconds", ()) not in found
    assert ("sentinelpos_snapshot_seconds", ()) not in found
    assert found["sentinelpos_stream_open", ()] == 0


def test_a_source_that_is_none() -> None:
    with pytest.raises(KeyError):
        Metrics().received(1, "elsewhere")
