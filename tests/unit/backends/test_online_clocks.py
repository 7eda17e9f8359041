"""Clocks that are wrong, and streams whose clock jumps: neither is in anybody else's way."""

from collections.abc import Iterable
from unittest.mock import patch

import pytest

from conformance.logs import LOG
from engine.backends.online import engine
from engine.backends.online.aside import WITNESSES
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.definition import feature, feature_set, key
from engine.errors import InputError

HOUR, DAY = 3_600, 86_400
START, FAR = 1_700_000_000, 4_000_000_000
COUNT = feature_set(
    "count", LOG, [feature("hour", key("cc_num").last(hours=1).count(), "events of an hour")]
)

SINCE = feature_set(
    "since", LOG, [feature("since", key("cc_num").last(days=900).seconds_since_last(), "how long")]
)


def seen(online: OnlineFeatures, times: Iterable[int], card: int = 1) -> list[object]:
    """The feature of events at these times."""
    found = []
    for t in times:
        event = {"event_id": f"{t} {card} {online.events}", "unix_time": t, "cc_num": card}
        features = online.observe(event)
        assert features is not None
        found += features
    return found


def test_wrong_clocks_are_in_nobodys_way() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    assert seen(online, [START, START + 1, START + 2]) == [0, 1, 2]
    for step in range(3 * WITNESSES):
        assert seen(online, [FAR + step], card=2) == [0]
        assert seen(online, [FAR - DAY * step]) == [0]  # of the card itself
        assert seen(online, [START + 10 + step]) == [3 + step]
    assert (online.late, online.too_late, online.watermark) == (0, 0, START + 9 + 3 * WITNESSES)
    assert online.astray == 6 * WITNESSES


def test_a_stream_that_jumps_ahead_is_believed_after_some_events() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    ahead = [START + 10 * DAY + step for step in range(WITNESSES)]
    assert seen(online, ahead[:-1]) == [0] * (WITNESSES - 1)
    assert (online.watermark, online.astray) == (START, WITNESSES - 1)
    # Those that bore it out have become history.
    assert seen(online, ahead[-1:]) == [WITNESSES - 1]
    assert (online.watermark, online.too_late, online.astray) == (ahead[-1], 0, 0)
    assert online.events == 1 + WITNESSES


def test_a_stream_that_jumps_back_begins_anew() -> None:
    online = OnlineFeatures(SINCE, leap=DAY)
    seen(online, [FAR, FAR + 1])
    back = [START + step for step in range(2 * WITNESSES)]
    assert seen(online, back) == [None] * (WITNESSES - 1) + [1] * (WITNESSES + 1)
    assert (online.watermark, online.late, online.too_late) == (back[-1], 0, 0)
    # Nothing of what comes later than these is left, of this card or another.
    assert seen(online, [START + 100], card=3) == [None]
    assert online.keys_held == 2


def test_an_event_that_is_not_believed_comes_once() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    for step in range(WITNESSES):
        event = {"event_id": f"far {step}", "unix_time": FAR + step, "cc_num": 1}
        assert online.observe(event) is not None
        assert online.observe(event) is None
    assert (online.events, online.duplicates) == (1 + WITNESSES, WITNESSES)
    assert seen(online, [FAR + WITNESSES]) == [WITNESSES]


def test_a_wrong_clock_takes_no_label_from_anyone() -> None:
    """The stray is of the same merchant as the others, whose labels come before they count."""
    risk = key("merchant").last(days=1, delay_hours=1).sum("is_fraud")
    features = feature_set("risk", LOG, [feature("risk", risk, "fraud of a day")])
    told = []
    for strays in (0, 1):
        online = OnlineFeatures(features, leap=DAY)
        found = []
        for minute in range(180):
            event = {"cc_num": 1, "merchant": "m"}
            if minute == 30 and strays:
                online.observe({**event, "event_id": "stray", "unix_time": FAR})
            t, event_id = START + 60 * minute, str(minute)
            found.append(online.observe({**event, "event_id": event_id, "unix_time": t}))
            assert online.observe_label(event_id, 1)
        told.append(found)
    assert told[0] == told[1]
    assert told[0][-1] == (120,)


def test_the_label_of_an_event_that_is_aside_comes_in_time_or_not() -> None:
    """A minute after its event the window has passed it: what is told then is told too late."""
    risk = key("cc_num").last(days=1, delay_minutes=1).sum("is_fraud")
    features = feature_set("risk", LOG, [feature("risk", risk, "fraud of a day")])
    for told_after, expected in ((30, 1), (100, 0)):
        online = OnlineFeatures(features, leap=DAY)
        seen(online, [START])
        online.observe({"event_id": "e", "unix_time": FAR, "cc_num": 1})
        seen(online, [FAR + told_after], card=2)
        online.observe_label("e", 1)
        online.observe_label("e", 1)
        online = revive(features, capture(online))
        seen(online, [FAR + 200 + step for step in range(WITNESSES)], card=3)
        assert seen(online, [FAR + 300]) == [expected]


def test_ids_are_forgotten_though_no_clock_is_believed() -> None:
    with patch.object(engine, "MOST_STRAYS", 100):
        online = OnlineFeatures(COUNT, leap=DAY)
        seen(online, [START])
        seen(online, [START + (2 + step % 2 * 5) * DAY for step in range(1_000)])
        assert online.astray == 1_000
        assert len(online.recent) + len(online.recent_before) <= 201


@pytest.mark.parametrize("leap", [None, 7 * DAY])
def test_ids_are_forgotten_though_the_watermark_stands(leap: int | None) -> None:
    """One clock is three days ahead, and believed: all others are late for three days."""
    with patch.object(engine, "MOST_LATE", 100):
        online = OnlineFeatures(COUNT, leap=leap)
        seen(online, [START + 3 * DAY])
        for step in range(1_000):
            event = {"event_id": str(step), "unix_time": START + step, "cc_num": step % 2}
            assert online.observe(event) is not None
            assert online.observe(event) is None
            if step >= 100:
                assert online.observe({**event, "event_id": str(step - 99)}) is None
            assert len(online.recent) + len(online.recent_before) <= 201
        assert (online.late, online.watermark) == (1_000, START + 3 * DAY)


def test_while_the_watermark_moves_no_id_is_forgotten_by_count() -> None:
    """Half of the events are late, of a stream that goes on."""
    with patch.object(engine, "MOST_LATE", 2):
        online = OnlineFeatures(COUNT, lateness=HOUR)
        for step in range(1_000):
            for t in (START + step, START + step - 60):
                event = {"event_id": f"{t} {step}", "unix_time": t, "cc_num": 1}
                assert online.observe(event) is not None
            assert online.observe({"event_id": f"{START} 0", "unix_time": START}) is None
        assert online.late == 1_000


def test_the_label_of_an_event_that_is_aside_waits_for_it() -> None:
    risk = key("cc_num").last(days=1, delay_minutes=1).sum("is_fraud")
    features = feature_set("risk", LOG, [feature("risk", risk, "fraud of a day")])
    online = OnlineFeatures(features, leap=DAY)
    seen(online, [START])
    for step in range(WITNESSES):
        event = {"event_id": f"far {step}", "unix_time": FAR + step, "cc_num": 1}
        assert online.observe(event) == (0,)
        assert online.observe_label(f"far {step}", 1)
        online = revive(features, capture(online))
    assert seen(online, [FAR + 100]) == [WITNESSES]


def test_a_wrong_clock_on_a_hot_card_costs_its_log_nothing() -> None:
    sizes = []
    for strays in (0, 1):
        online = OnlineFeatures(COUNT, lateness=HOUR, leap=DAY)
        seen(online, [START])
        seen(online, [FAR] * strays)
        seen(online, range(START + 1, START + 20_000))
        (state,) = online.held[0].values()
        sizes.append(len(state.log0))
    assert sizes[0] == sizes[1] < 10_000


def test_events_that_do_not_bear_each_other_out_are_not_believed() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    seen(online, [START + (2 + step % 2 * 5) * DAY for step in range(4 * WITNESSES)])
    assert (online.watermark, online.astray) == (START, 4 * WITNESSES)


@pytest.mark.parametrize("wrong", ["first", "fifth", "unbelieved"])
def test_after_a_wrong_clock_what_is_held_stays_bounded(wrong: str) -> None:
    """A new card every minute: of two hours' worth are held, whatever one clock has said."""
    online = OnlineFeatures(COUNT, lateness=HOUR, leap=DAY)
    most = 3 * 60 + 64
    if wrong == "first":
        seen(online, [FAR], card=10**9)
    for step in range(5_000):
        if step == 5 and wrong == "fifth":
            seen(online, [FAR + step for step in range(WITNESSES)], card=10**9)
            assert online.watermark > START + DAY
        if step == 5 and wrong == "unbelieved":
            seen(online, [FAR], card=10**9)
        seen(online, [START + 60 * step], card=step)
        assert online.keys_held <= most
        assert len(online.recent) + len(online.recent_before) <= most
    assert online.watermark == START + 60 * 4_999


@pytest.mark.parametrize("far", [FAR, START - FAR // 4])
def test_what_is_not_believed_yet_outlives_a_restart(far: int) -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    seen(online, [far + step for step in range(WITNESSES - 1)], card=2)
    assert online.watermark == START
    again = revive(COUNT, capture(online))
    assert (again.leap, again.astray) == (DAY, WITNESSES - 1)
    assert seen(again, [far + WITNESSES], card=2) == [WITNESSES - 1]
    assert (again.watermark, again.astray) == (far + WITNESSES, 0)


def test_what_is_not_believed_is_over_with_another_event() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    seen(online, [FAR + step for step in range(WITNESSES - 1)], card=2)
    seen(online, [START + 1])
    again = revive(COUNT, capture(online))
    seen(again, [FAR + WITNESSES], card=2)
    assert (again.watermark, again.astray) == (START + 1, WITNESSES)


@pytest.mark.parametrize("name", ["leap", "lateness"])
@pytest.mark.parametrize("ticks", [-1, 1.5, 3_600.0, True, float("nan"), float("inf"), "x"])
def test_an_impossible_span_is_refused(name: str, ticks: object) -> None:
    with pytest.raises(InputError, match=f"{name}: not a span of ticks"):
        OnlineFeatures(COUNT, **{name: ticks})  # type: ignore[arg-type]  # on purpose
