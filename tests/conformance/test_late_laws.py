"""§3.9: events that come late, too late, twice, or with a clock that is not believed.

Features of labels are left out where events come late: their label may be too late for windows that
have passed it, which a batch run cannot know.
"""

from unittest.mock import patch

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.logs import LOG, log_of_rows, over
from conformance.running import (
    FOR_EVER,
    LATENESS,
    LAWS,
    SPREAD,
    Scored,
    frame_of,
    hot_card,
    observed,
    restarted,
    take,
    unlabelled,
)
from conformance.sets import SETS
from conformance.streams import Row, streams
from engine.backends.online import aside
from engine.backends.online.engine import OnlineFeatures
from engine.backends.reference import compute
from engine.catalog import notebook
from engine.definition import FeatureSet, column, feature, feature_set, key


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
        "days": key("cc_num").last(days=3),
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


@pytest.mark.parametrize("length", ["hour", "days", "late", "ever", ""])
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
    found: list[Scored] = []
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
    return frame_of(found, features), astray + len(run)


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
    assert_same_bits(frame_of(scored, features), frame_of(expected, features), features, events)


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


@pytest.mark.parametrize("shared", [False, True])
def test_s3_9_what_is_held_for_events_that_are_too_late_goes_by_the_column(
    shared: bool,  # noqa: FBT001 - a case of the test
) -> None:
    """No value is held for windows without an end that no other window looks at."""
    ever, days = key("cc_num").ever(), key("cc_num").last(days=3)
    features = [
        feature("count", ever.count(), "how many events there ever were"),
        feature("max", ever.max("points"), "the most points of them"),
        feature("last", ever.last("points"), "the points of the latest"),
        feature("sum", ever.sum("points"), "their points"),
        feature("days", days.max("points") if shared else days.count(), "of some days"),
    ]
    online = OnlineFeatures(feature_set("points", LOG, features), lateness=3_600)
    for hour in range(200):
        event = {"event_id": str(hour), "unix_time": 3_600 * hour, "cc_num": 1, "points": hour}
        online.observe(event)

    def seen(hour: int) -> tuple[object, ...]:
        late = {"event_id": "late", "unix_time": 3_600 * hour + 1, "cc_num": 1, "points": 0}
        return online.read(late)[:4]

    assert seen(198) == (199, 198, 198, sum(range(199)))  # not too late
    count, largest, latest, total = seen(150)
    assert isinstance(count, int)
    assert 0 < count <= 151
    if shared:
        assert (largest, latest, total) == (150, 150, sum(range(151 - count, 151)))
    else:
        assert (largest, latest, total) == (None, None, 0)


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
