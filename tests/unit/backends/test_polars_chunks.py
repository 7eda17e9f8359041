"""No value depends on how a log is cut into batches and chunks, nor on the number of threads."""

from datetime import date
from unittest.mock import patch

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.bits import assert_same_bits
from conformance.logs import LOG, log, log_of_rows, over
from conformance.sets import SETS
from conformance.streams import Row, streams
from engine.backends import reference
from engine.backends.polars import chunks, compute, lanes
from engine.backends.polars.chunks import stream_features
from engine.backends.polars.plan import compile_features
from engine.catalog import notebook
from engine.catalog.pos import pos
from engine.definition import FeatureSet, column, feature, feature_set, key
from engine.definition.needs import columns_of
from engine.events.normalise import normalise
from replay.simulate import Settings, simulate

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
        feature("highest", key("merchant", "category").ever().max("speed"), ""),
        feature("lowest", key().ever(delay_days=1).min("amt"), ""),
        feature("merchants", key("cc_num").ever().n_unique("merchant"), ""),
        feature("place_a_day_ago", key("cc_num").ever(delay_days=1).last("merch_lat"), ""),
    ],
)
week = key("cc_num").last(days=7)
known = key("merchant").last(days=7, delay_days=1)
dear = column("amt") > 0.1
weeks = feature_set(
    "weeks",
    LOG,
    [
        feature("events", week.count(), ""),
        feature("speeds", week.count("speed"), ""),
        feature("dear", week.where(dear).count(), ""),
        feature("minute", key("cc_num").last(minutes=1).count(), ""),
        feature("refunded", week.where(column("amt") < 0).sum("amt"), ""),
        feature("mean", week.mean("amt"), ""),
        feature("std", week.std("amt"), ""),
        feature("var", key("category", "terminal", "cc_num").last(days=7).var("points"), ""),
        feature("online", week.sum("online"), ""),
        feature("fastest", week.max("speed"), ""),
        feature("slowest", known.min("speed"), ""),
        feature("dearest", week.where(column("online")).max("amt"), ""),
        feature("idle", week.seconds_since_last(), ""),
        feature("speed_then", known.last("speed"), ""),
        feature("seen", key("cc_num", "merchant").last(days=7).exists(), ""),
        feature("merchants", week.n_unique("merchant"), ""),
        feature("speeds_known", known.where(dear).n_unique("speed"), ""),
        feature("cards", key().last(days=7).n_unique("cc_num"), ""),
        feature("merchants_1d", key("cc_num").last(days=1).n_unique("merchant"), ""),
        feature("text_then", week.last("category"), ""),
        feature("first_speed", week.first("speed"), ""),
        feature("frauds", known.sum("is_fraud"), ""),
        feature("frauds_known", known.count("is_fraud"), ""),
        feature(
            "frauds_known_later", key("merchant").last(days=7, delay_days=2).sum("is_fraud"), ""
        ),
        feature("everyone", key().last(days=7).count(), ""),
    ],
)
whole = feature_set("whole", LOG, [feature("first", key("cc_num").ever().first("merchant"), "")])
WRITTEN = {
    "notebook": over(LOG, notebook),
    "carried": carried,
    "for_ever": for_ever,
    "weeks": weeks,
    "whole": whole,
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


@pytest.mark.parametrize("name", [*WRITTEN, "part of broad", "made up"])
@given(data=st.data())
def test_no_value_depends_on_chunks_or_threads(name: str, data: st.DataObject) -> None:
    features = WRITTEN[name] if name in WRITTEN else SETS[name](data, "s")
    rows: list[Row] = data.draw(streams(features.schema), "rows")
    events = log_of_rows(features.schema, rows).sort("unix_time", maintain_order=True)
    if not len(events):
        return
    in_one = compute(features, events)
    most = data.draw(st.integers(1, 8), "most rows of a chunk")
    parts = _in_chunks(
        features,
        events,
        batch=data.draw(st.integers(1, 5), "rows of a batch"),
        least=data.draw(st.integers(1, most), "least rows of a chunk"),
        most=most,
        threads=data.draw(st.integers(1, 3), "threads"),
    )
    assert_same_bits(parts, in_one, features, events)


def test_which_sets_need_the_whole_log_in_memory() -> None:
    assert compile_features(notebook).is_chunkable
    assert compile_features(carried).is_chunkable
    assert compile_features(for_ever).is_chunkable
    assert not compile_features(whole).is_chunkable


def test_what_sees_further_than_a_day_runs_on_from_chunk_to_chunk() -> None:
    assert not compile_features(notebook).running
    assert compile_features(carried).reach == 86_400
    plan = compile_features(weeks)
    assert {node.name for node in plan.halo_aggregates} == {"n_unique", "last", "first"}
    assert [node.argument for node in plan.halo_aggregates if node.name == "last"] == [
        column("category")
    ]
    days = [node.window.length for node in plan.halo_aggregates if node.name == "n_unique"]
    assert days == [86_400_000_000]
    assert not compile_features(for_ever).in_halo


def test_a_log_longer_than_what_is_kept_of_it_at_first() -> None:
    settings = Settings(rows=6_000, cards=30, seed=3, start=date(2025, 1, 1), days=120)
    log = pl.concat(simulate(settings))
    events = normalise(log, pos.schema, columns_of(pos)).events
    parts = _in_chunks(pos, events, batch=70, least=70, most=200, threads=2)
    assert_same_bits(parts, compute(pos, events), pos, events)


@given(data=st.data())
def test_values_that_no_window_shows_are_forgotten_and_come_anew(data: st.DataObject) -> None:
    card, merchant = key("cc_num"), key("merchant").last(days=7, delay_days=1)
    features = feature_set(
        "different",
        LOG,
        [
            feature("points", card.last(days=2).n_unique("points"), ""),
            feature("speeds", merchant.where(column("online")).n_unique("speed"), ""),
            feature("merchants", key().last(days=2).n_unique("merchant"), ""),
            feature("ever", card.ever().n_unique("points"), ""),
        ],
    )
    rows = data.draw(streams(LOG, min_size=1), "rows")
    spread = data.draw(st.sampled_from((1, 3_600, 50_000)), "seconds between events")
    rows = [{**row, "unix_time": at * spread, "label_time": None} for at, row in enumerate(rows)]
    events = log_of_rows(LOG, rows)
    with patch.object(lanes, "LEAST_PAIRS", data.draw(st.integers(0, 3), "least pairs")):
        parts = _in_chunks(features, events, batch=2, least=2, most=3, threads=2)
    assert_same_bits(parts, compute(features, events), features, events)


@pytest.mark.parametrize("delay", [0, 1])
def test_what_is_kept_of_different_values_is_what_the_window_shows(delay: int) -> None:
    n, shown = 40_000, 2_880
    events = log(unix_time=[60 * row for row in range(n)], cc_num=1, points=list(range(n)))
    window = key("cc_num").last(days=2, delay_days=delay)
    features = feature_set("different", LOG, [feature("x", window.n_unique("points"), "")])
    kept: list[lanes.DistinctLane] = []
    forget = lanes.DistinctLane._forget

    def noted(self: lanes.DistinctLane, begin: int, end: int) -> None:
        forget(self, begin, end)
        kept.append(self)
        assert len(self._pairs) <= 2 * (shown + 1)
        assert len(self._values) == len(self._pairs)

    with patch.object(lanes.DistinctLane, "_forget", noted):
        parts = _in_chunks(features, events, batch=500, least=500, most=500, threads=1)
    assert parts["x"].to_list() == [
        max(0, min(row - 1_440 * delay + (delay > 0), shown + 1 if delay else shown))
        for row in range(n)
    ]
    assert len(kept) > 4
    assert len(kept[-1]._values._codes) <= 4 * lanes.LEAST_PAIRS


def test_a_condition_on_labels_knows_none_before_its_time() -> None:
    """Whatever is aggregated of the events that it lets in, which is not the label."""
    n, day = 40, 86_400
    times = [row * day // 2 for row in range(n)]
    events = log(
        unix_time=times,
        cc_num=1,
        points=list(range(n)),
        is_fraud=1,
        label_time=[time + row % 5 * day for row, time in enumerate(times)],
    )
    frauds = key("cc_num").last(days=7, delay_days=2).where(column("is_fraud").eq(1))
    features = feature_set(
        "frauds",
        LOG,
        [
            feature("sum", frauds.sum("points"), ""),
            feature("count", frauds.count("points"), ""),
            feature("max", frauds.max("points"), ""),
            feature("different", frauds.n_unique("points"), ""),
            feature("last", frauds.last("points"), ""),
        ],
    )
    assert compile_features(features).running
    expected = reference.compute(features, events)
    assert expected["count"].max() == 9  # of 15 events in a window
    parts = _in_chunks(features, events, batch=3, least=3, most=6, threads=2)
    assert_same_bits(parts, expected, features, events)


@pytest.mark.parametrize("days", [2, None])
def test_extremes_are_kept_while_the_room_for_them_grows(days: int | None) -> None:
    """Where a window begins far from the log's first row, and where keys are many."""
    rng = np.random.default_rng(0)
    gaps = np.concatenate([np.full(3_000, 250), np.full(9_000, 40)])
    keys = 5 if days else 2_000
    events = log(
        unix_time=np.cumsum(gaps).tolist(),
        cc_num=rng.integers(
            1, 1 + np.arange(1, len(gaps) + 1) * keys // len(gaps), len(gaps), endpoint=True
        ).tolist(),
        speed=rng.normal(size=len(gaps)).tolist(),
    )
    card = key("cc_num")
    window = card.last(days=days) if days else card.ever()
    features = feature_set(
        "extremes",
        LOG,
        [feature("max", window.max("speed"), ""), feature("min", window.min("speed"), "")],
    )
    assert compile_features(features).running
    parts = _in_chunks(features, events, batch=50, least=50, most=60, threads=2)
    assert_same_bits(parts, compute(features, events), features, events)


def test_a_chunk_that_fails_ends_the_stream_with_its_error(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(rows=3_000, cards=30, seed=3, start=date(2025, 1, 1), days=120)
    log = pl.concat(simulate(settings))
    events = normalise(log, pos.schema, columns_of(pos)).events
    calls = iter(range(100))

    def failing(*_: object) -> list[pl.Series]:
        if next(calls) >= 3:
            raise ArithmeticError("planted")
        return right(*_)  # type: ignore[arg-type] # passed on as they are

    right = chunks.over_halo
    monkeypatch.setattr(chunks, "over_halo", failing)
    with pytest.raises(ArithmeticError, match="planted"):
        _in_chunks(pos, events, batch=100, least=100, most=100, threads=3)


def test_a_stream_that_nobody_reads_to_its_end_ends() -> None:
    settings = Settings(rows=3_000, cards=30, seed=3, start=date(2025, 1, 1), days=120)
    log = pl.concat(simulate(settings))
    events = normalise(log, pos.schema, columns_of(pos)).events
    batches = (events.slice(start, 100) for start in range(0, len(events), 100))
    stream = stream_features(
        compile_features(pos), batches, threads=3, chunk_rows=100, most_rows=100
    )
    first = next(iter(stream))
    assert len(first) == 100
    stream.close()  # type: ignore[attr-defined] # a generator
