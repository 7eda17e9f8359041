"""Clocks that are wrong, and streams whose clock jumps: nobody is late for ever, nothing grows."""

from collections.abc import Iterable

import pytest

from conformance.logs import LOG
from engine.backends.online.engine import WITNESSES, OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.definition import feature, feature_set, key
from engine.errors import InputError

HOUR, DAY = 3_600, 86_400
START, FAR = 1_700_000_000, 4_000_000_000
COUNT = feature_set(
    "count", LOG, [feature("hour", key("cc_num").last(hours=1).count(), "events of an hour")]
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


def test_wrong_clocks_make_nobody_late() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    assert seen(online, [START, START + 1, START + 2]) == [0, 1, 2]
    for step in range(3 * WITNESSES):
        assert seen(online, [FAR + step], card=2) == [min(step, HOUR)]
        assert seen(online, [FAR - DAY * step]) == [0]  # of the card itself
        assert seen(online, [START + 10 + step]) == [3 + step]
    assert (online.late, online.too_late, online.watermark) == (0, 0, START + 9 + 3 * WITNESSES)


def test_a_stream_that_jumps_ahead_is_believed_after_some_events() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    ahead = [START + 10 * DAY + step for step in range(WITNESSES)]
    assert seen(online, ahead[:-1]) == list(range(WITNESSES - 1))
    assert online.watermark == START
    assert seen(online, ahead[-1:]) == [WITNESSES - 1]
    assert (online.watermark, online.too_late) == (ahead[-1], 0)


def test_a_stream_that_jumps_back_is_late_for_a_few_events_only() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [FAR, FAR + 1])
    back = [START + step for step in range(2 * WITNESSES)]
    seen(online, back)
    assert online.too_late == WITNESSES - 1
    assert online.watermark == back[-1]
    assert seen(online, [START + 100, START + 101], card=3) == [0, 1]


def test_events_that_do_not_bear_each_other_out_are_not_believed() -> None:
    online = OnlineFeatures(COUNT, leap=DAY)
    seen(online, [START])
    seen(online, [START + (2 + step % 2 * 5) * DAY for step in range(4 * WITNESSES)])
    assert online.watermark == START


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
    again = revive(COUNT, capture(online), leap=DAY)
    seen(again, [far + WITNESSES], card=2)
    assert again.watermark == far + WITNESSES


def test_an_impossible_leap_is_refused() -> None:
    for leap in (-1, 1.5, "x"):
        with pytest.raises(InputError, match="leap"):
            OnlineFeatures(COUNT, leap=leap)  # type: ignore[arg-type]  # on purpose
