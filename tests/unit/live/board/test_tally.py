"""A tally counts as a dictionary does."""

import random
from collections import Counter

import numpy as np
import polars as pl
import pytest

from engine.live.board import tally
from engine.live.board.cards import Cards, Remembered
from engine.live.board.tally import Tally


@pytest.mark.parametrize("small", [0, 5, 100_000])
def test_a_tally_counts(monkeypatch: pytest.MonkeyPatch, small: int) -> None:
    monkeypatch.setattr(tally, "_SMALL_ROWS", small)
    draw = random.Random(small)  # noqa: S311 - nothing secret
    counted, first, second = Tally(width=2), Counter[int](), Counter[int]()
    for _ in range(60):
        keys = draw.sample([*range(300), 2**64 - 1, 2**63], draw.randrange(40))
        added = [(draw.randrange(5), draw.randrange(3)) for _ in keys]
        counted.add(np.array(keys, dtype=np.uint64), np.array(added, dtype=np.int64).reshape(-1, 2))
        for key, (one, other) in zip(keys, added, strict=True):
            first[key] += one
            second[key] += other
    every = [*range(310), 2**64 - 1, 2**63, 2**63 + 1]
    found = counted.of(np.array(every, dtype=np.uint64))
    assert found.tolist() == [[first[key], second[key]] for key in every]
    assert len(counted) == len(first)


def test_cards_have_numbers() -> None:
    cards = Cards()
    big = 9_999_999_999_999_999_999
    first = cards.numbers(pl.Series([5, big, 5, None], dtype=pl.UInt64))
    assert first[0] == first[2]
    assert sorted(set(first.tolist())) == [1, 2, 3]
    again = cards.numbers(pl.Series([big, 7, 7], dtype=pl.UInt64))
    assert again.tolist() == [first[1], 4, 4]
    assert (cards.number(7), cards.number(8), len(cards)) == (4, 0, 4)


def test_the_latest_decisions_are_remembered_and_no_more() -> None:
    remembered = Remembered(most=500)
    assert remembered.first is None
    for start in range(0, 1_400, 10):
        places = np.arange(start, start + 10)
        remembered.add(places, places % 7)
    remembered.add(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
    assert remembered.latest(3, 1_000, 4) == [976, 983, 990, 997]
    assert remembered.latest(3, 997, 2) == [990, 997]
    assert remembered.first is not None
    assert remembered.first > 0
    kept = 1_400 - remembered.first
    assert 500 <= kept <= 500 + 10 * 65
    assert remembered.latest(3, 50, 4) == []
    assert len(remembered.latest(3, 2_000, 10_000)) == len(
        [n for n in range(remembered.first, 1_400) if n % 7 == 3]
    )
