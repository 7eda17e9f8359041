"""Verdicts into the outbox: once, whatever comes again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.catalog import notebook
from engine.errors import InputError
from engine.live.deadlines import Deadlines
from engine.live.ledger.rows import Model
from engine.live.ledger.writer import Ledger
from engine.live.making import Manner
from engine.live.opening import open_ledger
from engine.live_spark.deciding import Verdict, read, written
from engine.live_spark.recording import Recording

FEATURES = b"\0" * 8 * len(notebook.names)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with open_ledger(notebook, tmp_path / "outbox.db", None) as opened:
        yield opened


def recording(ledger: Ledger, manner: Manner | None = None) -> Recording:
    model = ledger.enrol(Model("0" * 64, "run", "lightgbm", "set", 0.5))
    return Recording(ledger, model, manner or Manner(), Deadlines(30.0))


def verdict(sequence: int, event_id: str | None, score: float | None = 0.25) -> Verdict:
    if event_id is None:
        return Verdict(sequence, 1_000, None, None, None, None, None, None, "not JSON", 0)
    if score is None:
        return Verdict(sequence, 1_000, event_id, None, None, None, None, "unreadable", "no amt", 0)
    flagged = int(score >= 0.5)
    return Verdict(sequence, 1_000, event_id, "{}", FEATURES, score, flagged, None, None, 1)


def test_a_batch_that_comes_again_is_there_already(ledger: Ledger) -> None:
    batch = [verdict(2, "c", 0.75), verdict(0, "a"), verdict(1, None), verdict(3, "d", None)]
    assert read(written(batch)) == batch
    first = recording(ledger).record(batch)
    assert (first.decided, first.again, first.otherwise) == (3, 0, 0)
    assert [(flag.event_id, flag.value) for flag in first.flags] == [("a", 0), ("c", 1), ("d", 0)]
    assert ledger.next_sequence == 4
    again = recording(ledger).record(batch)
    assert (again.decided, again.again, again.otherwise, list(again.flags)) == (0, 3, 0, [])
    more = recording(ledger).record([verdict(4, "e"), verdict(5, "a", 0.9)])
    assert (more.decided, more.again) == (1, 1)
    assert [one.event_id for one in ledger.pending(-1, 10)] == ["a", "c", "d", "e"]


def test_what_was_decided_first_stands(ledger: Ledger) -> None:
    recording(ledger).record([verdict(0, "a", 0.25)])
    found = recording(ledger).record([verdict(0, "a", 0.75)])
    assert (found.decided, found.otherwise, list(found.flags)) == (0, 1, [])
    assert [(one.score, one.flagged) for one in ledger.decided(["a"])] == [(0.25, 0)]


def test_two_of_one_id_in_a_batch_are_one(ledger: Ledger) -> None:
    found = recording(ledger).record([verdict(1, "a", 0.75), verdict(0, "a", 0.25)])
    assert [(flag.sequence, flag.value) for flag in found.flags] == [(0, 0)]
    assert ledger.next_sequence == 2


def test_only_fraud_is_posted_if_that_is_asked_for(ledger: Ledger) -> None:
    manner = Manner(post="fraud", fallback=1)
    batch = [verdict(0, "a"), verdict(1, "b", 0.9), verdict(2, "c", None)]
    found = recording(ledger, manner).record(batch)
    assert [(flag.event_id, flag.value) for flag in found.flags] == [("b", 1), ("c", 1)]


def test_one_that_the_query_had_forgotten_takes_its_place_without_a_decision(
    ledger: Ledger,
) -> None:
    recording(ledger).record([verdict(0, "a")])
    again = recording(ledger).record([verdict(1, "a")])
    assert (again.decided, again.again, list(again.flags)) == (0, 1, [])
    assert recording(ledger).record([verdict(2, "b")]).decided == 1
    assert ledger.next_sequence == 3


def test_an_outbox_that_lacks_what_the_query_is_past_is_refused(ledger: Ledger) -> None:
    recording(ledger).record([verdict(0, "a"), verdict(1, "b")])
    with pytest.raises(InputError, match=r"older than this checkpoint \(was at 2,.* at 3:"):
        recording(ledger).record([verdict(4, "y"), verdict(3, "x")])
    assert ledger.next_sequence == 2


def test_a_batch_of_another_outbox_is_refused(ledger: Ledger) -> None:
    recording(ledger).record([verdict(0, "a"), verdict(1, "b")])
    with pytest.raises(InputError, match="not the outbox of this checkpoint"):
        recording(ledger).record([verdict(0, "x"), verdict(1, "y")])
    assert ledger.next_sequence == 2
