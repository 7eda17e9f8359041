"""What the online backend makes of definitions, before any event comes."""

from dataclasses import replace

import pytest

from conformance.logs import LOG, over
from engine.backends.online import algebra
from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.lanes import lay_out
from engine.catalog import notebook
from engine.definition import FeatureSet, column, feature, feature_set, key
from engine.definition.aggregates import AGGREGATES, Algebra
from engine.definition.nodes import Expression
from engine.errors import DefinitionError, InputError

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


def test_no_expression_is_walked_when_an_event_comes() -> None:
    program = compile_online(over(LOG, notebook))
    assert "def observe(o, row):" in program.source
    assert "Call" not in program.source
    assert program is compile_online(over(LOG, notebook))


def test_an_event_without_an_id_is_refused() -> None:
    online = OnlineFeatures(over(LOG, notebook))
    with pytest.raises(InputError, match="without an id") as said:
        online.observe({"cc_num": 1, "unix_time": 0, "amt": 1, "merchant": "m"})
    assert "event_id" in said.value.hint
    assert online.events == 0
