"""Labels that come again, are corrected, or come when nothing waits for them any more."""

from dataclasses import replace

import pytest

from conformance.logs import LOG
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import capture, revive
from engine.definition import feature, feature_set, key
from engine.errors import InputError

MINUTE, HOUR, DAY = 60, 3_600, 86_400
FRAUDS = feature_set(
    "frauds",
    LOG,
    [
        feature("minute", key("cc_num").ever(delay_seconds=MINUTE).sum("is_fraud"), "a minute on"),
        feature("hour", key("cc_num").ever(delay_seconds=HOUR).sum("is_fraud"), "an hour on"),
    ],
)


def event(name: str, t: int, card: int = 1) -> dict[str, object]:
    return {"event_id": name, "unix_time": t, "cc_num": card}


def running(*notes: tuple[int, int]) -> OnlineFeatures:
    """A set that has seen an event at 0, and notes of its label: (when, label)."""
    online = OnlineFeatures(FRAUDS)
    online.observe(event("e", 0))
    for when, label in notes:
        online.observe(event(f"clock {when}", when, card=2))
        assert online.observe_label("e", label)
    return online


@pytest.mark.parametrize(
    ("notes", "expected"),
    [
        ([(10, 1)], (1, 1)),
        ([(10, 1), (100, 1)], (1, 1)),  # delivered once more
        ([(10, 0), (100, 1)], (0, 1)),  # corrected between the two delays
        ([(10, 1), (20, 0)], (0, 0)),  # corrected in time
        ([(100, 1)], (0, 1)),  # too late for the shorter one
    ],
)
@pytest.mark.parametrize("touched", [None, 70, 150])
@pytest.mark.parametrize("restart", [False, True])
def test_a_window_takes_the_label_as_it_was_known_by_then(
    notes: list[tuple[int, int]],
    expected: tuple[int, int],
    touched: int | None,
    restart: bool,  # noqa: FBT001 - a case of the test
) -> None:
    online = OnlineFeatures(FRAUDS)
    online.observe(event("e", 0))
    steps = list(notes)
    if touched is not None:
        steps.append((touched, -1))
    for when, label in sorted(steps):
        if label < 0:
            online.observe(event("touch", when))
        else:
            online.observe(event(f"clock {when}", when, card=2))
            assert online.observe_label("e", label)
    if restart:
        online = revive(FRAUDS, capture(online))
    assert online.observe(event("last", 2 * HOUR)) == expected


def test_nothing_waits_for_the_label_of_an_event_that_is_past_all_delays() -> None:
    online = running()
    online.observe(event("later", 2 * HOUR, card=2))
    assert not online.observe_label("e", 1)
    online.observe(event("late", HOUR - 1, card=2))
    assert not online.observe_label("late", 1)
    assert not online.observe_label("unknown", 1)


def test_an_event_far_ahead_keeps_no_slip_of_those_behind_it() -> None:
    online = OnlineFeatures(FRAUDS, leap=HOUR)
    online.observe(event("first", 0))
    online.observe(event("wrong clock", 10**9, card=2))
    for t in range(1, 4 * HOUR):
        online.observe(event(f"e{t}", t))
    waiting = [slip.event_id for slip in online.labels.waiting(online.watermark)]
    assert len(waiting) == HOUR
    assert "wrong clock" not in waiting


def test_an_id_that_comes_anew_waits_for_as_long_as_any() -> None:
    online = OnlineFeatures(FRAUDS, lateness=0)
    online.observe(event("e", 0))
    online.observe(event("clock", HOUR - 10, card=2))
    online.observe(event("again", HOUR - 9, card=2))
    assert online.observe(event("e", HOUR - 5)) == (0, 0)  # remembered no more
    online.observe(event("later", HOUR + 5, card=2))  # the first one's wait is over
    assert online.observe_label("e", 1)
    assert online.observe(event("last", 2 * HOUR)) == (1, 1)


@pytest.mark.parametrize(
    ("label", "at", "words"),
    [
        (2, None, "beyond 0 to 1"),
        ("1", None, "not as it is held"),
        (True, None, "as it is held"),
        (1, 2**62, "not an instant"),
        (1, 0.5, "not an instant"),
    ],
)
def test_what_is_no_label_is_refused(label: object, at: object, words: str) -> None:
    online = running()
    with pytest.raises(InputError, match=words) as said:
        online.observe_label("e", label, at)  # type: ignore[arg-type]  # on purpose
    assert said.value.hint
    assert online.observe(event("last", 2 * HOUR)) == (0, 0)


def test_an_id_that_comes_anew_too_late_for_its_label_takes_none() -> None:
    online = OnlineFeatures(FRAUDS, lateness=0)
    online.observe(event("e", 10 * HOUR))
    online.observe(event("clock", 10 * HOUR + 1, card=2))
    online.observe(event("again", 10 * HOUR + 2, card=2))
    assert online.observe(event("e", 0)) is not None  # remembered no more
    assert not online.observe_label("e", 1)


def test_slips_are_forgotten_whatever_came_late_or_anew() -> None:
    online = OnlineFeatures(FRAUDS, lateness=0)
    for t in range(4 * HOUR):
        online.observe(event(f"e{t % 1_000}", t))
        online.observe(event(f"late {t}", t - HOUR // 2, card=2))
    held = online.labels.__dict__.values()
    assert max(len(each) for each in held if not isinstance(each, int)) <= 2 * HOUR


def test_what_waits_is_let_go_of_a_part_at_a_time() -> None:
    """A window with a delay takes constant time an event: its list is never shifted for each."""
    online = OnlineFeatures(FRAUDS)
    for t in range(4 * HOUR):
        online.observe(event(f"e{t}", t))
    [state] = online.held[0].values()
    for waiting, head, delay in (
        (state.pend0, state.head0, MINUTE),
        (state.pend1, state.head1, HOUR),
    ):
        assert len(waiting) - head == delay
        assert len(waiting) <= 2 * delay + 2


@pytest.mark.parametrize("told", [False, True])
def test_a_label_that_every_log_has_is_unknown_until_it_comes(
    told: bool,  # noqa: FBT001 - a case of the test
) -> None:
    schema = replace(
        LOG,
        columns=tuple(replace(each, required=each.required or each.label) for each in LOG.columns),
    )
    two_days = key("cc_num").last(days=2, delay_days=1)
    features = feature_set(
        "frauds",
        schema,
        [
            feature("frauds", two_days.sum("is_fraud"), "as far as is known"),
            feature("known", two_days.count("is_fraud"), "of how many it is"),
        ],
    )
    online = OnlineFeatures(features)
    found = []
    for day in range(3):
        found.append(online.observe(event(f"e{day}", day * DAY)))
        if told:
            assert online.observe_label(f"e{day}", 1)
        online = revive(features, capture(online))
    assert found == [(0, 0), (1, 1) if told else (0, 0), (2, 2) if told else (0, 0)]
