"""A stream in parts has the bits of one running set, whatever is wrong with its clocks."""

import json
from collections import defaultdict
from typing import Any

import pytest

from engine.backends.online.compile import compile_online
from engine.backends.online.engine import OnlineFeatures, default_lateness
from engine.backends.online.snapshot import capture
from engine.catalog import load_feature_set, notebook
from engine.definition import FeatureSet, feature_set
from engine.definition.needs import columns_in
from engine.live_spark.lines import Line
from engine.live_spark.orders import Kind, Order, Ordered, read, written
from engine.live_spark.part import Part
from engine.live_spark.partition import common_columns
from engine.live_spark.sequencing import Sequencer
from engine.live_spark.splitting import parts_of, sequencer_of
from unit.live_spark.cases import DAY, START, batches, lines, stream

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


def asked(ordered: dict[int, list[Ordered]]) -> list[Order]:
    """The orders of events that came now, in the order in which they came."""
    every = (one for some in ordered.values() for one in some)
    orders = sorted(every, key=lambda one: one.sequence)
    return [one.order for one in orders if one.order.kind is not Kind.HISTORY]


def sequencer(buckets: int, leap: int | None, features: FeatureSet = notebook) -> Sequencer:
    return Sequencer(features, lateness=LATENESS, leap=leap, buckets=buckets)


def parts(features: FeatureSet = notebook) -> defaultdict[int, Part]:
    return defaultdict(lambda: Part(features, lateness=LATENESS))


def follow(
    held: defaultdict[int, Part], ordered: dict[int, list[Ordered]]
) -> dict[str, tuple[Any, ...]]:
    """What buckets make of orders, one after the other and the last bucket first."""
    found = {}
    for bucket in sorted(ordered, reverse=True):
        for _, _, order in read(written(ordered[bucket])):
            features = held[bucket].follow(order)
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
        ordered = one.take(lines(batch))
        for order in asked(ordered):
            whole.observe(order)
        found = follow(held, ordered)
        kinds |= {each.order.kind for some in ordered.values() for each in some}
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
        for order in asked(first.take(lines(events[:cut]))):
            whole.observe(order)
        state = capture(whole.online)
        one, held = sequencer(3, leap), parts()
        one.restore(sequencer_of(notebook, state, first=cut))
        for bucket, content in parts_of(notebook, state, 3).items():
            held[bucket].restore(content)
        assert sum(part.keys_held for part in held.values()) == whole.online.keys_held
        ordered = one.take(lines(events[cut:]))
        for order in asked(ordered):
            whole.observe(order)
        found = follow(held, ordered)
        assert {name: repr(values) for name, values in found.items()} == {
            name: repr(whole.found[name]) for name in found
        }
        assert min(each.sequence for some in ordered.values() for each in some) == cut


def test_what_cannot_be_read_has_its_place() -> None:
    one = sequencer(5, None)
    known = stream(1, 3)
    came = [known[0], b"{", b'{"trans_num": "x"}', known[1]]
    arrivals = (7, 8, 9, 9)
    given = zip(arrivals, came, strict=True)
    ordered = one.take([Line(0, at, data.decode()) for at, data in given])
    found = sorted((each for some in ordered.values() for each in some), key=lambda each: each[0])
    assert [each.sequence for each in found] == [0, 1, 2, 3]
    assert [each.arrival for each in found] == [7, 8, 9, 9]
    orders = [each.order for each in found]
    assert [order.kind for order in orders] == [
        Kind.SCORED,
        Kind.REFUSED,
        Kind.REFUSED,
        Kind.SCORED,
    ]
    assert [order.event_id for order in orders] == ["e0", None, "x", "e1"]
    assert orders[1].reason == "not JSON"
    assert orders[2].reason is not None


@pytest.mark.parametrize("seed", SEEDS)
def test_keys_without_a_common_column_are_one_part(seed: int) -> None:
    """Merchants, categories and the whole stream, beside cards."""
    pos = load_feature_set("pos")
    wide = feature_set(
        "wide",
        pos.schema,
        [one for one in pos.features if "is_fraud" not in columns_in(one.expression)],
    )
    keys = {each.columns for each in compile_online(wide).keys}
    assert {("cc_num",), ("merchant",)} < keys
    assert common_columns(wide) == ()
    events, leap = stream(seed, 300), 7 * DAY
    for cut in (0, 120):
        first, whole = sequencer(1, leap, wide), Whole(wide, leap)
        for order in asked(first.take(lines(events[:cut]))):
            whole.observe(order)
        state = capture(whole.online)
        one, held = sequencer(1, leap, wide), parts(wide)
        one.restore(sequencer_of(wide, state, first=cut))
        for bucket, content in parts_of(wide, state, 1).items():
            held[bucket].restore(content)
        ordered = one.take(lines(events[cut:]))
        for order in asked(ordered):
            whole.observe(order)
        found = follow(held, ordered)
        assert set(held) == {0}
        assert {name: repr(values) for name, values in found.items()} == {
            name: repr(whole.found[name]) for name in found
        }


def test_cards_part_the_notebook_and_nothing_parts_what_has_other_keys() -> None:
    assert common_columns(notebook) == ("cc_num",)
    assert common_columns(load_feature_set("pos")) == ()


def test_what_comes_again_is_passed_over_however_fast_the_clock_runs() -> None:
    one = sequencer(5, None)
    fast = [json.loads(data) | {"unix_time": START + n * DAY} for n, data in enumerate(known(50))]
    events = [json.dumps(event).encode() for event in fast]
    half = b'{"trans_num": "half"}'
    first = one.take(lines([*events, half, events[0], half]))
    assert len(asked(first)) == len(events) + 1
    again = sequencer(5, None)
    again.restore(one.whole())
    assert not again.take(lines([half, *events]))
    repeated = sequencer(5, None)
    repeated.repeat(one.entry())
    assert not repeated.take(lines([half, *events]))


def known(count: int) -> list[bytes]:
    """Events of which none comes again."""
    return list(dict.fromkeys(stream(2, 2 * count)))[:count]
