"""§10: whether a key's state is a record or an object changes no value."""

from random import Random
from unittest.mock import Mock, patch

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from conformance.bits import assert_same_bits
from conformance.logs import LOG, log_of_rows
from conformance.running import observed, restarted
from engine.backends.online import key_states, records
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.record_loops import room_of
from engine.backends.online.snapshot import capture
from engine.backends.online.state import state_bytes
from engine.backends.reference import compute
from engine.definition import POS, FeatureSet, column, feature, feature_set, key, log1p
from engine.definition.dsl import History
from engine.definition.nodes import Expression

KEYS = (("cc_num",), ("merchant",), ("cc_num", "category"), ())
PAIR = key("cc_num", "merchant")  # is found among the events of its card
SPANS = (0, 60, 300, 3_600)
FEW = settings(max_examples=-(-settings.default.max_examples // 2))


def of_window(window: History) -> dict[str, Expression]:
    """What a record answers of a window with an end."""
    return {
        "count": window.count(),
        "count_category": window.count("category"),
        "count_speed": window.count("speed"),
        "sum_amt": window.sum("amt"),
        "mean_tip": window.mean("tip"),
        "std_points": window.std("points"),
        "min_amt": window.min("amt"),
        "max_terminal": window.max("terminal"),
        "min_speed": window.min("speed"),
        "max_speed": window.max(column("speed") * 2.0),
        "unique_merchants": window.n_unique("merchant"),
        "unique_speeds": window.n_unique("speed"),
        "unique_terminals": window.n_unique("terminal"),
        "unique_cards": window.n_unique("cc_num"),
        "first_category": window.first("category"),
        "last_speed": window.last("speed"),
        "ago": window.seconds_since_last(),
    }


def plain_set(data: DataObject) -> FeatureSet:
    """Some of what a record answers, of one key, and of a longer one that follows it."""
    columns = data.draw(st.sampled_from(KEYS), label="key")
    found: dict[str, Expression] = {}
    spans = data.draw(st.lists(st.sampled_from(SPANS), unique=True), label="seconds")
    for seconds in spans:
        window = key(*columns).last(seconds=seconds)
        found |= {f"{name}_{seconds}": each for name, each in of_window(window).items()}
        if columns == ("cc_num",):
            found[f"pair_{seconds}"] = PAIR.last(seconds=seconds).last("amt")
    ever = key(*columns)
    found["previous"] = ever.previous("category")
    found["previous_card"] = ever.previous("cc_num").eq(column("cc_num"))
    found["idle"] = ever.seconds_since_last()
    found["all"] = ever.ever().count()
    names = data.draw(st.lists(st.sampled_from(sorted(found)), min_size=1, unique=True), label="of")
    return feature_set("plain", LOG, [feature(name, found[name], "a record's") for name in names])


def rows(seed: int, *, odd: bool) -> pl.DataFrame:
    """Bursts of three cards and pauses between them; odd are nulls, and what words cannot hold."""
    random = Random(seed)  # noqa: S311 - a test
    spread = random.choice([1, 20, 400])
    terminals = [random.getrandbits(62) for _ in range(60)]
    strange = [None, 0.0, -0.0, 1e308] if odd else [0.0, -0.0, 1.5]
    return log_of_rows(
        LOG,
        [
            {
                "unix_time": 10**9 + number * spread + random.randrange(3) * 100,
                "cc_num": random.choice([1, 1, 1, 2, 3 if not odd else 2**63]),
                "merchant": random.choice(["m", "n", "o", None, f"m{number}"]),
                "category": random.choice(["a", "b", None]),
                "amt": random.choice([1, 250, -4, 10**9 if odd else 99]),
                "tip": random.choice([1, 999, None if odd else 0]),
                "points": random.choice([1, 2**27 - 1, 2**27 if odd else 7]),
                "terminal": random.choice([*terminals, -(2**63) if odd else 2**63 - 1]),
                "speed": random.choice(strange),
                "is_fraud": 0,
            }
            for number in range(300)
        ],
    )


def with_objects(features: FeatureSet, lateness: int) -> OnlineFeatures:
    with patch.object(key_states, "LONGEST", -1):
        online = OnlineFeatures(features, lateness=lateness)
    assert all(each.records is None for each in online.keys)
    return online


def of_objects(features: FeatureSet, lateness: int, events: pl.DataFrame) -> pl.DataFrame:
    return observed(with_objects(features, lateness), events)


@FEW
@given(
    data=st.data(),
    seed=st.integers(0, 2**32),
    odd=st.booleans(),
    most=st.sampled_from([6, 12, 192]),
    lateness=st.sampled_from([0, 60, 86_400]),
)
def test_s10_records_tell_what_objects_do(
    *, data: DataObject, seed: int, odd: bool, most: int, lateness: int
) -> None:
    features, events = plain_set(data), rows(seed, odd=odd)
    stop = data.draw(st.integers(0, len(events)), label="stop")
    objects = with_objects(features, lateness)
    expected = observed(objects, events[:stop])
    state = state_bytes(features, capture(objects))
    expected.extend(observed(objects, events[stop:]))
    with patch.object(records, "MOST_ENTRIES", most):
        online = OnlineFeatures(features, lateness=lateness)
        got = observed(online, events[:stop])
        assert state_bytes(features, capture(online)) == state
        online = restarted(online)
        assert state_bytes(features, capture(online)) == state
        got.extend(observed(online, events[stop:]))
    assert_same_bits(got, expected, features, events)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("columns", KEYS)
def test_s10_records_tell_what_the_reference_does_and_are_there(
    columns: tuple[str, ...], seed: int
) -> None:
    windows = [key(*columns).last(seconds=seconds) for seconds in SPANS]
    found = [
        feature(f"{name}_{number}", each, "a record's")
        for number, window in enumerate(windows)
        for name, each in of_window(window).items()
    ]
    if columns == ("cc_num",):
        found.append(feature("pair", PAIR.last(seconds=300).last("amt"), "a follower's"))
    features = feature_set("plain", LOG, found)
    events = rows(seed, odd=False)[:150].sort("unix_time", maintain_order=True)
    with patch.object(records, "MOST_ENTRIES", 192):
        online = OnlineFeatures(features, lateness=0)
        got = observed(online, events)
    assert_same_bits(got, compute(features, events), features, events)
    assert {type(state) for state in online.held[0].values()} == {int}


def test_s10_texts_that_every_event_has_are_counted_when_they_are_dropped_too() -> None:
    shop = key("merchant")
    found = {"ever": shop.ever().count("merchant"), "last": shop.last(seconds=9).count("merchant")}
    features = feature_set("required", POS, [feature(name, found[name], "x") for name in found])
    online = OnlineFeatures(features, lateness=0)
    row = {"merchant": "m", "category": "c", "amt": 1}
    for step in range(20):
        event = {**row, "event_id": f"e{step}", "unix_time": 10**9 + 100 * step, "cc_num": step}
        assert online.observe(event) == (step, 0)
    assert type(online.held[0]["m"]) is int


@pytest.mark.parametrize("fault", [KeyboardInterrupt, MemoryError, TypeError])
def test_what_fails_midway_is_not_history(fault: type[BaseException]) -> None:
    card = key("cc_num")
    found = {
        "log": log1p(column("amt")),
        "n": card.last(hours=1).count(),
        "sum": card.last(hours=1).sum("amt"),
    }
    features = feature_set("fails", LOG, [feature(name, found[name], "x") for name in found])
    online = OnlineFeatures(features)
    event = {"cc_num": 1, "amt": 100}
    for step in range(8):
        now = {**event, "event_id": f"e{step}", "unix_time": 10**9 + step}
        failing = Mock(side_effect=fault)
        with patch.dict(online.program.observe.__globals__, log=failing), pytest.raises(fault):
            online.observe(now)
        values = online.observe(now)
        assert values is not None
        assert values[1:] == (step, step * 1.0)
    assert type(online.held[0][1]) is int


def test_what_fails_between_two_keys_is_history_of_neither() -> None:
    spent = log1p(column("amt"))
    found = {
        "n": key("cc_num").last(hours=1).count(),
        "least": key("cc_num").last(hours=1).min(spent),
        "m": key("merchant").last(hours=1).count(),
        "most": key("merchant").last(hours=1).max(spent),
    }
    for names in (["n", "most"], ["m", "least"]):
        features = feature_set("fails", LOG, [feature(name, found[name], "x") for name in names])
        online = OnlineFeatures(features)
        for step in range(8):
            now = {"cc_num": 1, "merchant": "m", "amt": 100, "event_id": f"e{step}"}
            now["unix_time"] = 10**9 + step
            failing = Mock(side_effect=KeyboardInterrupt)
            namespace = online.program.observe.__globals__
            with patch.dict(namespace, log=failing), pytest.raises(KeyboardInterrupt):
                online.observe(now)
            online = restarted(online)
            values = online.observe(now)
            assert values is not None
            assert values[0] == step


def test_s3_10_a_record_has_no_more_room_than_it_needs_once_it_was_quiet() -> None:
    found = {"n": key("cc_num").last(seconds=60).count(), "all": key("cc_num").ever().count()}
    features = feature_set("room", LOG, [feature(name, found[name], "x") for name in found])
    online = OnlineFeatures(features, lateness=0)
    for step in range(40):
        online.observe({"event_id": f"{step}", "unix_time": 10**9 + step, "cc_num": 1, "amt": 1})
    assert room_of(online.held[0][1]) == 48
    for step in range(200):
        event = {"event_id": f"late {step}", "unix_time": 10**9 + 3_600 * step + 3_600, "amt": 1}
        online.observe({**event, "cc_num": 2})
    assert room_of(online.held[0][1]) == 2


def test_s3_10_texts_that_no_record_says_any_more_are_forgotten() -> None:
    found = [feature("n", key("cc_num").last(seconds=60).n_unique("merchant"), "merchants")]
    features = feature_set("texts", LOG, found)
    row = {"amt": 1, "is_fraud": 0}
    events = log_of_rows(
        LOG,
        [
            {**row, "unix_time": 10**9 + step * 10, "cc_num": step % 3, "merchant": f"m{step // 2}"}
            for step in range(3_000)
        ],
    )
    with patch.object(records, "MOST_TEXTS", 50):
        online = OnlineFeatures(features, lateness=60)
        got = observed(online, events)
        kept = online.keys[0].records
        assert kept is not None
        assert len(kept.codes) < 250
        assert kept.codes.numbers < 250
    assert_same_bits(got, of_objects(features, 60, events), features, events)


def test_s3_9_what_comes_too_late_is_told_what_a_record_has_dropped_by_then() -> None:
    card = key("cc_num")
    found = {
        "all": card.ever().count(),
        "idle": card.seconds_since_last(),
        "n": card.last().count(),
    }
    features = feature_set("late", LOG, [feature(name, each, "") for name, each in found.items()])
    # The first is let go of when the second comes; after six more all are dropped for the last.
    full = range(10**9, 10**9 + 80, 10)
    times = [*full, 10**9 + 45, 10**9 + 5, 10**9 + 80]
    row = {"cc_num": 1, "amt": 1, "is_fraud": 0}
    events = log_of_rows(LOG, [{**row, "unix_time": t} for t in times])
    online = OnlineFeatures(features, lateness=0)
    got = observed(online, events)
    assert_same_bits(got, of_objects(features, 0, events), features, events)
