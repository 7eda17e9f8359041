"""Columns that grow and are forgotten, and chunks that wait for each other."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from engine.backends.polars.tails import Tail
from engine.backends.polars.turns import AbandonedError, Turns

SECONDS = 60


def test_a_tail_keeps_what_is_not_forgotten_and_little_more() -> None:
    tail: Tail[np.int64] = Tail()
    for start in range(0, 1_000_000, 1_000):
        tail.append(np.arange(start, start + 1_000))
        tail.forget(start - 2_500)
        oldest = max(start - 2_500, 0)
        kept = tail.rows(oldest, start + 1_000)
        assert kept.tolist() == list(range(oldest, start + 1_000))
        assert kept.base is not None
        assert kept.base.nbytes <= 8 * 16_000


def test_what_was_handed_out_is_not_written_to() -> None:
    tail: Tail[np.int64] = Tail()
    tail.append(np.arange(1_000))
    seen = tail.rows(10, 1_000)
    for start in range(1_000, 20_000, 1_000):
        tail.forget(start)
        tail.append(np.arange(start, start + 1_000))
    assert seen.tolist() == list(range(10, 1_000))


def test_chunks_pass_a_gate_in_their_order() -> None:
    turns, passed = Turns(), []

    def work(chunk: int) -> None:
        for gate in ("first", "second"):
            with turns.turn(gate, chunk):
                passed.append((gate, chunk))

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(100)))
    for gate in ("first", "second"):
        assert [chunk for name, chunk in passed if name == gate] == list(range(100))


def test_nobody_waits_for_a_chunk_that_failed() -> None:
    turns = Turns()
    with turns.turn("gate", 0):
        pass
    with ThreadPoolExecutor(1) as workers:
        waiting = workers.submit(turns.turn("gate", 3).__enter__)
        turns.abandon(1)
        with pytest.raises(AbandonedError):
            waiting.result(SECONDS)
    # What comes before the failure, and is asked for first, is finished.
    with turns.turn("gate", 1):
        pass
