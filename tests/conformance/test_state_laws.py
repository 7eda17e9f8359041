"""What only a backend with state has to hold: at any instant it may stop, start or come late.

Features of labels are left out where events come late: their label may be too late for windows that
have passed it, which a batch run cannot know.
"""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.broad import broad
from conformance.definitions import definitions, set_of
from conformance.logs import LOG, log_of_rows, over
from conformance.sets import SETS
from conformance.streams import Row, streams
from engine.backends.online import aside, partials
from engine.backends.online.compile import Features, compile_online
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.backends.online.state import state_bytes, state_of_bytes
from engine.backends.reference import compute
from engine.backends.warm import WarmStart
from engine.backends.warm import believed as believing
from engine.catalog import notebook
from engine.definition import FeatureSet, column, feature, feature_set, key
from engine.definition.needs import columns_in
from engine.events.canonical import EVENT_ID, feature_schema

FOR_EVER = 2**60
LATENESS = st.sampled_from([0, 1, 60, 3_600, 86_400])
SPLITS = st.integers(0, 20)


LAWS = pytest.mark.parametrize("name", SETS)
# A law's examples are spread over the feature sets that it is told over.
SPREAD = settings(max_examples=-(-settings.default.max_examples // len(SETS)))


def unlabelled(features: FeatureSet) -> FeatureSet:
    without = [
        feature
        for feature in features.features
        if LOG.label not in set(columns_in(feature.expression))
    ]
    assume(without)
    return replace(features, features=tuple(without))


def observed(online: OnlineFeatures, events: pl.DataFrame) -> pl.DataFrame:
    """The features of events that come in this order, each followed by its label."""
    rows = []
    for event in events.iter_rows(named=True):
        rows.append(online.observe(event))
        online.observe_label(event[EVENT_ID], event["is_fraud"], event.get("label_time"))
    return _frame(rows, online.features)


def _frame(rows: Sequence[Features | None], features: FeatureSet) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=feature_schema(features), orient="row")


def restarted(online: OnlineFeatures) -> OnlineFeatures:
    content = state_bytes(online.features, capture(online))
    return revive(online.features, state_of_bytes(online.features, content, called="state"))


@LAWS
@SPREAD
@given(data=st.data(), rows=streams(LOG, min_size=1))
def test_s3_9_a_late_event_is_scored_on_what_has_arrived(
    name: str, data: DataObject, rows: list[Row]
) -> None:
    features = unlabelled(SETS[name](data, "s"))
    events = log_of_rows(LOG, rows)
    online = OnlineFeatures(features, lateness=FOR_EVER)
    expected = pl.concat(
        compute(features, events.head(size)).tail(1) for size in range(1, len(events) + 1)
    )
    assert_same_bits(observed(online, events), expected, features, events)
    times = events["unix_time"]
    assert online.late == (times < times.cum_max()).sum()


def shown(length: str) -> FeatureSet:
    """What windows show of points, which are never negative here, and how old it is."""
    windows = {
        "late": key("cc_num").last(hours=1, delay_hours=1),
        "hour": key("cc_num").last(hours=1),
        "ever": key("cc_num").ever(),
        "ever_late": key("cc_num").ever(delay_seconds=3_600),
    }
    points = column("points")
    features = []
    for name, window in windows.items():
        if name.startswith(length):
            features += [
                feature(f"{name}_count", window.count(), "how many"),
                feature(f"{name}_sum", window.sum(points), "how much"),
                feature(f"{name}_unique", window.n_unique("merchant"), "how many different"),
                feature(f"{name}_max", window.max(points).fill(-1), "the largest"),
            ]
            since = (window.seconds_since_last(), window.where(column("online")).last(points))
            features += [
                feature(f"{name}_since", since[0], "how long ago"),
                feature(f"{name}_last_where", since[1], "the latest of some"),
            ]
    return feature_set("shown", LOG, features)


@pytest.mark.parametrize("length", ["hour", "late", "ever"])
@given(rows=streams(LOG, min_size=1), lateness=LATENESS)
def test_s3_9_an_event_that_is_too_late_sees_less_and_never_the_future(
    length: str, rows: list[Row], lateness: int
) -> None:
    features = shown(length)
    rows = [{**row, "points": abs(row["points"] or 0)} for row in rows]  # type: ignore[arg-type]  # points are numbers
    events = log_of_rows(LOG, rows)
    got = observed(OnlineFeatures(features, lateness=lateness), events)
    truth = pl.concat(
        compute(features, events.head(size)).tail(1) for size in range(1, len(events) + 1)
    )
    for name in features.names:
        seen, there = got[name], truth[name]
        if name.endswith("since"):  # the latest that is seen is no later than the latest there is
            assert ((seen >= there) | seen.is_null()).all(), name
            assert (seen >= (3_600 if "late" in name else 0)).all(), name
        elif not name.endswith("where"):
            assert (seen <= there).all(), name


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
@given(
    data=st.data(),
    rows=streams(LOG, min_size=1),
    leap=LATENESS,
    lateness=LATENESS,
    witnesses=st.integers(1, 4),
    stops=st.lists(st.integers(0, 20), max_size=2),
)
def test_s3_9_history_is_what_clocks_that_are_believed_tell(
    name: str,
    data: DataObject,
    rows: list[Row],
    leap: int,
    lateness: int,
    witnesses: int,
    stops: list[int],
) -> None:
    """What leaps is scored as the first of its keys, and is history only once it is borne out."""
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows)
    with patch.object(aside, "WITNESSES", witnesses):
        doubting = OnlineFeatures(features, lateness=lateness, leap=leap)
        got, start = [], 0
        for stop in [*sorted(stops), len(events)]:
            got.append(observed(doubting, events[start : max(start, stop)]))
            doubting, start = restarted(doubting), max(start, stop)
    expected, astray = believed(features, events, lateness, leap, witnesses)
    assert_same_bits(pl.concat(got), expected, features, events)
    assert (doubting.events, doubting.astray) == (len(events), astray)


def believed(
    features: FeatureSet, events: pl.DataFrame, lateness: int, leap: int, witnesses: int
) -> tuple[pl.DataFrame, int]:
    """The same by its definition, every event seen by a store that believes all it is given."""
    store = OnlineFeatures(features, lateness=lateness)
    times: list[int] = []
    run: list[dict[str, object]] = []
    found: list[Features | None] = []
    astray = 0
    for event in events.iter_rows(named=True):
        t = event["unix_time"]
        if not times or abs(t - max(times)) <= leap:
            astray, run = astray + len(run), []
            found.append(take(store, event))
            times.append(t)
            continue
        if run and abs(t - max(each["unix_time"] for each in run)) > leap:  # type: ignore[type-var]  # times
            astray, run = astray + len(run), []
        if len(run) + 1 < witnesses:
            found.append(OnlineFeatures(features).read(event))
            run.append(event)
            continue
        if t < max(times):
            store, times = OnlineFeatures(features, lateness=lateness), []
        for each in run:
            take(store, each)
            times.append(each["unix_time"])  # type: ignore[arg-type]  # a time
        run = []
        found.append(take(store, event))
        times.append(t)
    return _frame(found, features), astray + len(run)


def take(online: OnlineFeatures, event: dict[str, object]) -> Features | None:
    features = online.observe(event)
    online.observe_label(event[EVENT_ID], event["is_fraud"], event.get("label_time"))  # type: ignore[arg-type]  # a row
    return features


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
        assert_same_bits(_frame(told, features), _frame(expected, features), features, events)
    states = [state_bytes(features, capture(one)) for one in (online, alone)]
    assert states[0] == states[1]


@LAWS
@SPREAD
@given(data=st.data(), rows=streams(LOG, min_size=1), lateness=LATENESS)
def test_s3_9_events_that_are_too_late_mislead_none_that_are_not(
    name: str, data: DataObject, rows: list[Row], lateness: int
) -> None:
    features = unlabelled(SETS[name](data, "s"))
    events = log_of_rows(LOG, rows)
    got = observed(OnlineFeatures(features, lateness=lateness), events)
    truth = pl.concat(
        compute(features, events.head(size)).tail(1) for size in range(1, len(events) + 1)
    )
    times = pl.col("unix_time")
    punctual = events.select(times >= times.cum_max() - lateness).to_series()
    kept = events.filter(punctual)
    assert_same_bits(got.filter(punctual), truth.filter(punctual), features, kept)


@LAWS
@SPREAD
@given(
    data=st.data(),
    rows=streams(LOG, min_size=1),
    echoes=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1),
)
def test_s3_9_a_duplicate_is_scored_once(
    name: str, data: DataObject, rows: list[Row], echoes: list[tuple[int, int]]
) -> None:
    features = SETS[name](data, "s")
    events = log_of_rows(LOG, rows)
    last = len(events) - 1
    # Each event, and after it those that come once more: (when, whether again, which).
    sent = [(place, False, place) for place in range(len(events))]
    sent += [(min(max(when, which), last), True, min(which, last)) for when, which in echoes]
    sent.sort()
    online = OnlineFeatures(features, lateness=FOR_EVER)
    got = [online.observe(events.row(which, named=True)) for _, _, which in sent]
    assert [row is None for row in got] == [again for _, again, _ in sent]
    assert online.duplicates == len(echoes)
    scored = [row for row in got if row is not None]
    once = OnlineFeatures(features, lateness=FOR_EVER)
    expected = [once.observe(event) for event in events.iter_rows(named=True)]
    assert_same_bits(_frame(scored, features), _frame(expected, features), features, events)


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


def test_s3_9_an_event_that_is_too_late_sees_what_windows_still_hold() -> None:
    """Whatever else is asked of its card: here all events that there ever were, too."""
    hour = feature("hour", key("cc_num").last(hours=1).sum("points"), "points of an hour")
    ever = feature("ever", key("cc_num").ever().sum("points"), "points of all time")
    found = []
    for features in ([hour], [hour, ever]):
        online = OnlineFeatures(feature_set("points", LOG, features), lateness=3_600)
        for minute in range(600):
            event = {"event_id": str(minute), "unix_time": 60 * minute, "cc_num": 1, "points": 1}
            online.observe(event)
        late = {"event_id": "late", "unix_time": 60 * 599 - 3_661, "cc_num": 1, "points": 1}
        values = online.read(late)
        assert online.observe(late) == values
        found.append(values[0])
    assert found == [59, 59]


def hot_card(seed: int) -> pl.DataFrame:
    """160 events of two cards in forty minutes, with ties, a few merchants and refunds."""
    random = Random(seed)  # noqa: S311 - a test
    rows: list[Row] = [
        {
            "unix_time": random.randrange(2_400) // 5 * 5,
            "cc_num": random.choice([1, 1, 1, 2]),
            "merchant": random.choice("mnop"),
            "category": random.choice(["a", "b", None]),
            "amt": random.randrange(-500, 5_000),
            "tip": random.choice([None, 7, 1_000]),
            "points": random.choice([None, 1, 2, 3]),
            "speed": random.choice([None, 0.0, -0.0, 1.5]),
            "is_fraud": random.randrange(2),
        }
        for _ in range(160)
    ]
    return log_of_rows(LOG, rows)


@pytest.mark.parametrize("name", ["notebook", "broad"])
@pytest.mark.parametrize("seed", range(3))
def test_s3_10_a_hot_card_has_the_same_bits(name: str, seed: int) -> None:
    features = {"notebook": over(LOG, notebook), "broad": broad()}[name]
    events = hot_card(seed).sort("unix_time", maintain_order=True)
    online = OnlineFeatures(features)
    parts = [observed(online, events[:100]), observed(restarted(online), events[100:])]
    assert_same_bits(pl.concat(parts), compute(features, events), features, events)


@pytest.mark.parametrize("seed", range(3))
def test_s3_9_late_events_of_a_hot_card_are_scored_on_what_has_arrived(seed: int) -> None:
    features = over(LOG, notebook)
    events = hot_card(seed)
    times = events["unix_time"].to_list()
    # In order but for every seventh, which comes up to twenty minutes late.
    arrival = sorted(range(len(events)), key=lambda row: times[row] + 1_200 * (row % 7 == 0))
    events = events[arrival].with_columns(event_id=pl.Series([f"e{row}" for row in arrival]))
    expected = pl.concat(
        compute(features, events.head(size)).tail(1) for size in range(1, len(events) + 1)
    )
    online = OnlineFeatures(features)
    assert_same_bits(observed(online, events), expected, features, events)
    assert online.late > 10


def counters(online: OnlineFeatures) -> tuple[int, ...]:
    counted = (online.events, online.late, online.too_late, online.duplicates, online.astray)
    return *counted, online.watermark


def test_s3_10_nothing_is_left_of_what_no_window_sees() -> None:
    finite = over(LOG, notebook).features[10:15]
    features = feature_set("finite", LOG, finite)
    events = log_of_rows(
        LOG,
        [
            {"cc_num": row, "unix_time": row * 10, "merchant": "m", "is_fraud": 0}
            for row in range(2_000)
        ],
    )
    online = OnlineFeatures(features, lateness=60)
    observed(online, events)
    assert online.keys_held < 450
