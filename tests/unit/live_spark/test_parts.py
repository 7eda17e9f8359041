"""A stream in parts has the bits of one running set, whatever is wrong with its clocks."""

from collections import defaultdict
from typing import Any

import pytest

from engine.backends.online.engine import OnlineFeatures, default_lateness
from engine.catalog import load_feature_set, notebook
from engine.definition import FeatureSet
from engine.live_spark.orders import Kind, Order, Ordered, read
from engine.live_spark.part import Part
from engine.live_spark.partition import common_columns
from engine.live_spark.sequencing import Sequencer
from engine.live_spark.splitting import parts_of, sequencer_of
from engine.backends.online.snapshot import capture
from unit.live_spark.cases import DAY, batches, stream

LATENESS = default_lateness(notebook.schema)
SEEDS = range(6)


class Whole:
    """One running set, fed as the sequencer reads events."""

    def __init__(self, features: FeatureSet, leap: int | None) -> None:
        self.online = OnlineFeatures(features, leap=leap)
        self.found: dict[str, tuple[Any, ...]] = {}
        self.order: list[str] = []

    def observe(self, order: Order) -> None:
        assert order.row is not None
        features = self.online.observe_row(order.row)
        assert features is not None
        self.found[order.row[0]] = features
        self.order.append(order.row[0])


def asked(ordered: list[Ordered]) -> list[Order]:
    """The orders of events that came now."""
    return [one for one in (read(each.order) for each in ordered) if one.kind is not Kind.HISTORY]


def sequencer(buckets: int, leap: int | None) -> Sequencer:
    return Sequencer(notebook, lateness=LATENESS, leap=leap, buckets=buckets)


def parts() -> defaultdict[int, Part]:
    return defaultdict(lambda: Part(notebook, lateness=LATENESS))


def follow(held: defaultdict[int, Part], ordered: list[Ordered]) -> dict[str, tuple[Any, ...]]:
    """What buckets make of orders, one after the other and the last bucket first."""
    found = {}
    for each in sorted(ordered, key=lambda one: (-one.bucket, one.place)):
        order = read(each.order)
        features = held[each.bucket].follow(order)
        if order.kind is not Kind.HISTORY:
            assert features is not None
            assert order.event_id is not None
            found[order.event_id] = features
    return found


@pytest.mark.parametrize("leap", [7 * DAY, None])
@pytest.mark.parametrize("seed", SEEDS)
def test_parts_have_the_bits_of_the_whole(seed: int, leap: int | None) -> None:
    events = stream(seed)
    one, whole, held = sequencer(5, leap), Whole(notebook, leap), parts()
    kinds = set()
    for batch in batches(events, seed):
        ordered = one.take([(0, data) for data in batch])
        for order in asked(ordered):
            whole.observe(order)
        found = follow(held, ordered)
        kinds |= {read(each.order).kind for each in ordered}
        assert {name: repr(values) for name, values in found.items()} == {
            name: repr(whole.found[name]) for name in found
        }
    # All of it has come about, and duplicates were passed over.
    assert kinds == ({Kind.SCORED} if leap is None else {Kind.SCORED, Kind.ALONE, Kind.HISTORY})
    assert whole.online.late
    assert whole.online.too_late
    assert len(whole.order) < len(events)
    assert len(held) > 1


@pytest.mark.parametrize("seed", SEEDS)
def test_a_state_is_divided_and_nothing_changes(seed: int) -> None:
    events, leap = stream(seed), 7 * DAY
    # Where events are aside, too.
    for cut in (0, 150, 151, 152, 153, 154, 400):
        first, whole = sequencer(5, leap), Whole(notebook, leap)
        for order in asked(first.take([(0, data) for data in events[:cut]])):
            whole.observe(order)
        state = capture(whole.online)
        one, held = sequencer(3, leap), parts()
        one.restore(sequencer_of(notebook, state, first=cut))
        for bucket, content in parts_of(notebook, state, 3).items():
            held[bucket].restore(content)
        assert sum(part.keys_held for part in held.values()) == whole.online.keys_held
        ordered = one.take([(0, data) for data in events[cut:]])
        for order in asked(ordered):
            whole.observe(order)
        found = follow(held, ordered)
        assert {name: repr(values) for name, values in found.items()} == {
            name: repr(whole.found[name]) for name in found
        }
        assert not ordered or ordered[0].sequence == cut


def test_what_cannot_be_read_has_its_place() -> None:
    one = sequencer(5, None)
    known = stream(1, 3)
    ordered = one.take([(7, known[0]), (8, b"{"), (9, b'{"trans_num": "x"}'), (9, known[1])])
    orders = [read(each.order) for each in ordered]
    assert [each.sequence for each in ordered] == [0, 1, 2, 3]
    assert [each.arrival for each in ordered] == [7, 8, 9, 9]
    assert [order.kind for order in orders] == [
        Kind.SCORED,
        Kind.REFUSED,
        Kind.REFUSED,
        Kind.SCORED,
    ]
    assert [order.event_id for order in orders] == ["e0", None, "x", "e1"]
    assert orders[1].reason == "not JSON"
    assert orders[2].reason is not None


def test_cards_part_the_notebook_and_nothing_parts_what_has_other_keys() -> None:
    assert common_columns(notebook) == ("cc_num",)
    assert common_columns(load_feature_set("pos")) == ()
