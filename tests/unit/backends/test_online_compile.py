"""What the online backend makes of definitions, before any event comes."""

from dataclasses import replace

import pytest

from conformance.logs import LOG, over
from engine.backends.online import algebra
from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.lanes import lay_out
from engine.catalog import notebook
from engine.definition import (
    FeatureSet,
    absolute,
    column,
    day_of_week,
    feature,
    feature_set,
    key,
)
from engine.definition import hour as hour_of
from engine.definition.aggregates import AGGREGATES, Algebra
from engine.definition.nodes import Expression
from engine.errors import DefinitionError, InputError
from engine.events.parse import LAST_CARD

amt = column("amt")


def features_of(*expressions: Expression) -> FeatureSet:
    named = [feature(f"f{place}", each, "under test") for place, each in enumerate(expressions)]
    return feature_set("compiled", LOG, named)


@pytest.mark.parametrize("name", ["sum", "count", "n_unique", "min", "last"])
def test_an_illegal_pairing_is_refused_when_compiled(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = key("cc_num").last(minutes=1)
    features = features_of(getattr(history, name)(amt))
    method, legal = algebra.METHODS[name]
    declared = next(each for each in Algebra if each not in legal)
    monkeypatch.setitem(AGGREGATES, name, replace(AGGREGATES[name], algebra=declared))
    with pytest.raises(DefinitionError, match=declared.value) as said:
        OnlineFeatures(features)
    assert method in said.value.what
    assert next(iter(legal)).value in said.value.hint


def test_a_longer_key_is_followed_in_the_shorter_one() -> None:
    assert lay_out(over(LOG, notebook)).keys == (("cc_num",),)


@pytest.mark.parametrize(
    "longer",
    [
        key("cc_num", "merchant").last(hours=1).count(),  # more than the latest entry
        key("cc_num", "merchant").last(hours=3).last(amt),  # longer than what is held
        key("cc_num", "merchant").ever().last(amt),
        key("merchant", "category").last(hours=1).last(amt),  # not an extension
        key("cc_num", "merchant").last(hours=1, delay_hours=1).last(amt),
        key("cc_num", "merchant").last(hours=1).where(amt > 0).last(amt),
    ],
)
def test_what_the_shorter_key_does_not_hold_has_a_state_of_its_own(longer: Expression) -> None:
    layout = lay_out(features_of(key("cc_num").last(hours=2).count(), longer))
    assert len(layout.keys) == 2


def test_the_whole_stream_is_not_searched() -> None:
    layout = lay_out(features_of(key().last(hours=2).count(), key("cc_num").last(hours=1).exists()))
    assert len(layout.keys) == 2


def test_a_set_is_compiled_once() -> None:
    assert compile_online(over(LOG, notebook)) is compile_online(over(LOG, notebook))


def one_after_the_other(
    expression: Expression, times: list[int], *, leap: int | None
) -> list[object]:
    """A feature of events at these times."""
    rare = key("cc_num").last(days=300).count()  # its keys are looked at every few days
    online = OnlineFeatures(features_of(expression, rare), leap=leap)
    found = []
    for place, t in enumerate(times):
        values = online.observe(EVENT | {"event_id": str(place), "unix_time": t})
        assert values is not None
        found.append(values[0])
    return found


def test_what_depends_on_the_hour_goes_with_the_stream() -> None:
    hour, day = 3_600, 86_400
    start = 20_000 * day  # midnight
    in_order = [start + 1, start + hour - 1, start + hour, start + 5 * hour, start + day]
    late = [start + day - 1, start + 3 * hour]
    ahead = [start + 40 * day + step * hour for step in range(12)]  # until it is believed, and on
    back = [start + 7 * hour + step for step in range(10)]
    times = [*in_order, *late, start + day + 1, *ahead, *back]
    expected = [t // hour % 24 * 10 + (t // day + 3) % 7 for t in times]
    of_time = column("unix_time")
    found = one_after_the_other(hour_of(of_time) * 10 + day_of_week(of_time), times, leap=10 * day)
    assert found == expected


def test_an_expression_may_be_long() -> None:
    total: Expression = amt
    for _ in range(70):  # more than Python's parser has parentheses for, were it one expression
        total = absolute(total - 2.0)
    assert one_after_the_other(total, [1_700_000_000], leap=None) == [1.0]


EVENT: dict[str, object] = {
    "event_id": "e",
    "cc_num": 1,
    "unix_time": 1_700_000_000,
    "amt": 100,
    "merchant": "m",
    "dob": "2000-02-29",
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event_id": None}, "has an id"),
        ({"unix_time": None}, "unix_time: missing"),
        ({"unix_time": 5.0}, r"unix_time: not as it is held \(was 5.0\)"),
        ({"unix_time": True}, "unix_time: not as it is held"),
        ({"unix_time": 10**12}, "unix_time: beyond"),
        ({"amt": 12.34}, "amt: not as it is held"),
        ({"amt": 10**12}, "amt: beyond"),
        ({"merchant": 5}, "merchant: not as it is held"),
        ({"lat": float("nan")}, "lat: not as it is held"),
        ({"cc_num": "4111"}, r"cc_num: not as it is held \(not shown\)"),
        ({"cc_num": -1}, "cc_num: not as it is held"),
        ({"cc_num": LAST_CARD + 1}, "cc_num: not as it is held"),
        ({"merchant": "\ud800"}, "merchant: not as it is held"),
        ({"event_id": "\udfff"}, "event_id: an event has an id"),
    ],
)
def test_an_event_that_cannot_be_held_changes_nothing(
    change: dict[str, object], words: str
) -> None:
    online = OnlineFeatures(notebook)
    with pytest.raises(InputError, match=words) as said:
        online.observe(EVENT | change)
    assert said.value.hint
    assert (online.events, online.keys_held, online.duplicates) == (0, 0, 0)
    assert online.observe(EVENT) is not None
    assert (online.events, online.too_late) == (1, 0)


@pytest.mark.parametrize("event", [[1, 2], "e1", None, tuple(EVENT.values())])
def test_what_is_no_event_is_refused(event: object) -> None:
    online = OnlineFeatures(notebook)
    for take in (online.observe, online.read):
        with pytest.raises(InputError, match=r"columns by name \(was \w+\)") as said:
            take(event)  # type: ignore[arg-type]  # on purpose
        assert said.value.hint
    assert online.events == 0


def test_the_largest_card_is_that_of_a_log() -> None:
    assert OnlineFeatures(notebook).observe(EVENT | {"cc_num": LAST_CARD}) is not None
