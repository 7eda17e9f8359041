"""§3.10 and §10: at any instant what has state may stop, start, be read or let go of something.

Features of labels are left out where events come late: their label may be too late for windows that
have passed it, which a batch run cannot know.
"""

from dataclasses import replace
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.broad import broad
from conformance.definitions import definitions, set_of
from conformance.logs import LOG, log_of_rows, over
from conformance.running import (
    FOR_EVER,
    LATENESS,
    LAWS,
    SPREAD,
    counters,
    frame_of,
    hot_card,
    observed,
    restarted,
    take,
    unlabelled,
)
from conformance.sets import SETS
from conformance.streams import Row, streams
from engine.backends.online import aside, partials
from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.backends.online.state import state_bytes, state_of_bytes
from engine.backends.reference import compute
from engine.backends.warm import WarmStart
from engine.backends.warm import believed as believing
from engine.catalog import notebook
from engine.definition import FeatureSet, column, feature, feature_set, key

SPLITS = st.integers(0, 20)


@LAWS
@SPREAD
@given(data=st.data(), rows=streams(LOG, min_size=1))
def test_s10_many_events_in_a_window_are_counted_as_few_are(
    name: str, data: DataObject, rows: list[Row]
) -> None:
    features = unlabelled(SETS[name](data, "s"))
    events = log_of_rows(LOG, rows)
    online = OnlineFeatures(features, lateness=FOR_EVER)
    expected = observed(online, events)
    with patch.object(partials, "FEW", 2):
        compile_online.cache_clear()
        counting = OnlineFeatures(features, lateness=FOR_EVER)
        stop = data.draw(st.integers(0, len(events)), label="stop")
        first = observed(counting, events[:stop])
        got = pl.concat([first, observed(restarted(counting), events[stop:])])
    compile_online.cache_clear()
    assert_same_bits(got, expected, features, events)


@LAWS
@SPREAD
@given(data=st.data(), rows=streams(LOG, min_size=1), lateness=LATENESS)
def test_s10_reading_tells_what_observing_would_and_changes_nothing(
    name: str, data: DataObject, rows: list[Row], lateness: int
) -> None:
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows)
    others = list(events.iter_rows(named=True))
    online = OnlineFeatures(features, lateness=lateness)
    alone = OnlineFeatures(features, lateness=lateness)
    read, got, expected = [], [], []
    for event in others:
        for other in others:
            online.read(other)
        read.append(online.read(event))
        got.append(take(online, event))
        expected.append(take(alone, event))
    for told in (read, got):
        assert_same_bits(frame_of(told, features), frame_of(expected, features), features, events)
    states = [state_bytes(features, capture(one)) for one in (online, alone)]
    assert states[0] == states[1]


@LAWS
@SPREAD
@given(
    data=st.data(),
    rows=streams(LOG),
    lateness=LATENESS,
    stops=st.lists(st.integers(0, 20), max_size=3),
)
def test_s10_a_snapshot_in_mid_stream_changes_no_value(
    name: str, data: DataObject, rows: list[Row], lateness: int, stops: list[int]
) -> None:
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows)
    whole = OnlineFeatures(features, lateness=lateness)
    expected = observed(whole, events)
    online = OnlineFeatures(features, lateness=lateness)
    parts, start = [expected.clear()], 0
    for stop in [*sorted(stops), len(events)]:
        parts.append(observed(online, events[start : max(start, stop)]))
        online, start = restarted(online), max(start, stop)
    assert_same_bits(pl.concat(parts), expected, features, events)
    assert counters(online) == counters(whole)


@LAWS
@SPREAD
@given(
    data=st.data(),
    rows=streams(LOG, min_size=1),
    split=SPLITS,
    lateness=LATENESS,
    batch=st.integers(1, 5),
    fold=st.integers(1, 8),
)
def test_s10_a_warm_start_at_any_split_changes_no_value(
    name: str, data: DataObject, rows: list[Row], split: int, lateness: int, batch: int, fold: int
) -> None:
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows).sort("unix_time", maintain_order=True)
    before, after = events.head(split), events.slice(split)
    online = warmed(features, before, lateness=lateness, batch=batch, fold=fold)
    settled = compute(features, events)
    assert_same_bits(observed(online, after), settled.slice(split), features, after)
    assert online.events == len(events)


@LAWS
@SPREAD
@given(
    data=st.data(),
    rows=streams(LOG, min_size=1),
    split=SPLITS,
    lateness=LATENESS,
)
def test_s10_events_that_are_late_for_a_warm_start_change_no_value(
    name: str, data: DataObject, rows: list[Row], split: int, lateness: int
) -> None:
    features = unlabelled(SETS[name](data, "s"))
    events = log_of_rows(LOG, rows)
    times = pl.col("unix_time")
    events = events.filter(times >= times.cum_max() - lateness)  # none too late
    before, after = events.head(split), events.slice(split)
    online = warmed(features, before.sort("unix_time", maintain_order=True), lateness=lateness)
    whole = OnlineFeatures(features, lateness=lateness)
    expected = observed(whole, events).slice(split)
    assert_same_bits(observed(online, after), expected, features, after)
    assert online.watermark == whole.watermark


@LAWS
@SPREAD
@given(
    data=st.data(),
    rows=streams(LOG, min_size=1),
    split=SPLITS,
    leap=LATENESS,
    lateness=LATENESS,
    batch=st.integers(1, 5),
)
def test_s10_a_warm_start_believes_the_clocks_that_a_running_set_does(
    name: str,
    data: DataObject,
    rows: list[Row],
    split: int,
    leap: int,
    lateness: int,
    batch: int,
) -> None:
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows).sort("unix_time", maintain_order=True)
    whole = OnlineFeatures(features, lateness=lateness, leap=leap)
    with patch.object(aside, "WITNESSES", 3), patch.object(believing, "WITNESSES", 3):
        expected = observed(whole, events).slice(split)
        before, after = events.head(split), events.slice(split)
        online = warmed(features, before, lateness=lateness, leap=leap, batch=batch)
        assert_same_bits(observed(online, after), expected, features, after)
    assert counters(online) == counters(whole)


# A schema need not say when labels became known, nor a log.
UNTOLD = replace(
    LOG,
    columns=tuple(column for column in LOG.columns if column.name != LOG.label_time),
    label_time=None,
)


@given(data=st.data(), rows=streams(LOG, min_size=1), split=SPLITS, lateness=LATENESS)
def test_s10_a_warm_start_where_nothing_says_when_labels_were_known(
    data: DataObject, rows: list[Row], split: int, lateness: int
) -> None:
    features = set_of(UNTOLD, data.draw(definitions(UNTOLD), label="definitions"))
    untold = [{name: row[name] for name in row if name != LOG.label_time} for row in rows]
    events = log_of_rows(UNTOLD, untold).sort("unix_time", maintain_order=True)
    online = warmed(features, events.head(split), lateness=lateness)
    after = events.slice(split)
    settled = compute(features, events)
    assert_same_bits(observed(online, after), settled.slice(split), features, after)


def test_s10_events_without_a_key_wait_for_no_label() -> None:
    risk = key("cc_num", "terminal").last(minutes=1, delay_minutes=1).sum("points")
    frauds = key("cc_num").last(minutes=1, delay_minutes=1).where(column("is_fraud").eq(1))
    features = feature_set(
        "risk",
        LOG,
        [
            feature("risk", risk, "without labels"),
            feature("frauds", frauds.count("merchant"), "with labels"),
        ],
    )
    events = log_of_rows(
        LOG,
        [
            {"unix_time": t, "cc_num": card, "merchant": name, "points": 1, "is_fraud": fraud}
            for t, card, name, fraud in [
                (0, None, "m", 1),
                (0, 1, "n", 1),
                (1, 2, "o", 0),
                (2, None, "p", 1),
                (60, 1, "m", 0),
                (61, 2, "m", 1),
            ]
        ],
    )
    online = warmed(features, events.head(4), lateness=0)
    expected = compute(features, events).slice(4)
    assert_same_bits(observed(online, events[4:]), expected, features, events[4:])
    assert expected["frauds"].to_list() == [1, 0]


def warmed(
    features: FeatureSet,
    events: pl.DataFrame,
    *,
    lateness: int,
    leap: int | None = None,
    batch: int = 7,
    fold: int = 1,
) -> OnlineFeatures:
    warm = WarmStart(features, lateness=lateness, leap=leap, fold_rows=fold)
    for start in range(0, len(events), batch):
        warm.append(events.slice(start, batch))
    content = state_bytes(features, warm.state())
    return revive(features, state_of_bytes(features, content, called="state"))


@LAWS
@SPREAD
@given(data=st.data(), rows=streams(LOG), lateness=LATENESS)
def test_s3_10_letting_go_of_quiet_keys_changes_no_value(
    name: str, data: DataObject, rows: list[Row], lateness: int
) -> None:
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows)
    sweeping = OnlineFeatures(features, lateness=lateness)
    keeping = OnlineFeatures(features, lateness=lateness, sweep=False)
    assert_same_bits(observed(sweeping, events), observed(keeping, events), features, events)
    assert counters(sweeping) == counters(keeping)


@pytest.mark.parametrize("name", ["notebook", "broad"])
@pytest.mark.parametrize("seed", range(3))
def test_s3_10_a_hot_card_has_the_same_bits(name: str, seed: int) -> None:
    features = {"notebook": over(LOG, notebook), "broad": broad()}[name]
    events = hot_card(seed).sort("unix_time", maintain_order=True)
    online = OnlineFeatures(features)
    parts = [observed(online, events[:100]), observed(restarted(online), events[100:])]
    assert_same_bits(pl.concat(parts), compute(features, events), features, events)


@pytest.mark.parametrize("busy", [0, 1, 2], ids=["all new", "one busy", "one busy before"])
def test_s3_10_nothing_is_left_of_what_no_window_sees(busy: int) -> None:
    finite = over(LOG, notebook).features[10:15]
    features = feature_set("finite", LOG, finite)
    events = log_of_rows(
        LOG,
        [
            {"cc_num": card, "unix_time": row * 10, "merchant": "m", "is_fraud": 0}
            for row in range(2_000)
            for card in ((row, 9_999) if row < (0, 2_000, 200)[busy] else (row,))
        ],
    )
    online = OnlineFeatures(features, lateness=60)
    for start in range(0, len(events), 100):
        observed(online, events[start : start + 100])
        assert online.keys_held < 450
        if busy == 2 and start == 300:
            online = restarted(online)


CARD = key("cc_num")
WINDOWS = {
    "count": CARD.last(minutes=1).count(),
    "of none": CARD.last(minutes=1).where(column("online")).count(),
    "delayed": CARD.last(minutes=1, delay_minutes=1).count(),
}


def comes(online: OnlineFeatures, second: int, number: int, card: int) -> None:
    online.observe(
        {"event_id": f"{second}-{number}", "unix_time": second, "cc_num": card, "online": False}
    )


@pytest.mark.parametrize("per_second", [33, 100])
def test_s3_10_however_many_keys_come_at_once_they_are_let_go_of(per_second: int) -> None:
    features = feature_set("s", LOG, [feature("n", WINDOWS["count"], "events")])
    online = OnlineFeatures(features, lateness=60)
    for second in range(300):
        for number in range(per_second):
            comes(online, second, number, second * per_second + number)
        assert online.keys_held <= (60 + 60 + 2) * per_second


def test_s3_10_keys_of_late_events_are_let_go_of_though_few_come_in_order() -> None:
    features = feature_set("s", LOG, [feature("n", WINDOWS["count"], "events")])
    online = OnlineFeatures(features, lateness=60)
    for second in range(60, 500):
        comes(online, second, 0, 0)  # the one event in order
        for number in range(1, 100):
            comes(online, second - 59, second * 100 + number, second * 100 + number)
        assert online.keys_held <= (60 + 60 + 2) * 100 + 100
    assert online.late > 0.9 * online.events


@pytest.mark.parametrize("name", WINDOWS)
def test_s3_10_after_a_restart_quiet_keys_are_let_go_of_as_before(name: str) -> None:
    features = feature_set("s", LOG, [feature("n", WINDOWS[name], "events")])
    online = OnlineFeatures(features, lateness=60)
    for second in range(1_000):
        for number in range(3):
            comes(online, second, number, second * 3 + number)
            if second >= 30:  # and once more, so that it is looked at in vain
                comes(online, second, number + 3, (second - 30) * 3 + number)
        if second == 200:
            online = restarted(online)
        assert online.keys_held < 1_300


def test_s3_10_keys_at_rest_do_not_stand_before_those_whose_events_nobody_sees() -> None:
    counts = {"n": WINDOWS["count"], "all": CARD.ever().count()}
    features = feature_set("s", LOG, [feature(*one, "events") for one in counts.items()])
    online = OnlineFeatures(features, lateness=60)
    for second in range(1_500):
        comes(online, second, 0, second)
        for number in range(7 if second >= 30 else 0):
            comes(online, second, number + 1, second - 30)
        assert sum(len(one.log0) for one in online.keys[0].objects()) < 2_200
