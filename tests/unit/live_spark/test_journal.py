"""States in a store: whatever process works on them, and whatever of it fails."""

import random

import pytest

from engine.backends.online.engine import default_lateness
from engine.catalog import notebook
from engine.live_spark import journal
from engine.live_spark.journal import Held, done, up_to_date
from engine.live_spark.orders import followed
from engine.live_spark.part import Part
from engine.live_spark.sequencing import Sequencer
from unit.live_spark.cases import DAY, Memory, batches, lines, stream

LATENESS = default_lateness(notebook.schema)


def new() -> Held[Part]:
    return Held(Part(notebook, lateness=LATENESS))


def sequencer() -> Held[Sequencer]:
    return Held(Sequencer(notebook, lateness=LATENESS, leap=7 * DAY, buckets=1))


@pytest.mark.parametrize("seed", range(4))
def test_any_worker_goes_on_from_the_store(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_LEAST_BYTES", 3_000)
    chance = random.Random(seed)  # noqa: S311 - a test's
    alone = new()
    first, ordering = sequencer(), Memory()
    store = Memory()
    workers = [new() for _ in range(3)]
    snapshots = 0
    for batch in batches(stream(seed), seed):
        came = lines(batch)
        attempts = chance.choice([1, 1, 2])
        for attempt in range(attempts):
            # A failed attempt leaves its worker's state ahead of the store's.
            fails = attempt + 1 < attempts
            into, by = (ordering.copy(), store.copy()) if fails else (ordering, store)
            who = chance.randrange(3)
            if not up_to_date(by, workers[who]):
                workers[who] = new()
                assert up_to_date(by, workers[who])
            if chance.random() < 0.4 or not up_to_date(into, first):
                first = sequencer()
                assert up_to_date(into, first)
            orders = [one.order for one in first.state.take(came).get(0, [])]
            done(into, first, first.state.entry())
            found = [repr(workers[who].state.follow(order)) for order in orders]
            kept = [change for order in orders if (change := Part.followed(order))]
            was = by.head()
            if kept:
                done(by, workers[who], followed(kept))
            if not fails:
                expected = [repr(alone.state.follow(order)) for order in orders]
                assert found == expected
                head = by.head()
                snapshots += head is not None and (was is None or was.since != head.since)
    assert snapshots > 2
    head = store.head()
    assert head is not None
    assert set(store.entries) == set(range(head.since + 1, head.version + 1))


def test_who_was_the_last_to_work_on_a_state_reads_nothing() -> None:
    store, held = Memory(), new()
    assert up_to_date(store, held)
    orders = [one.order for one in sequencer().state.take(lines(stream(0, 20)))[0]]
    for order in orders:
        held.state.follow(order)
        change = Part.followed(order)
        if change is not None:
            assert up_to_date(store, held)
            done(store, held, followed([change]))
    assert store.read == 0
    late = new()
    assert up_to_date(store, late)
    assert store.read > 0
    assert (late.version, late.token) == (held.version, held.token)
