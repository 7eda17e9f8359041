"""A sample is whole cards, the same ones every time."""

import polars as pl

from engine.skew.sample import sample_cards

CARDS = pl.Series([1, 2, 3, 1, 2**64 - 1, 1, 3, 4, 5, 6, 7, 8], dtype=pl.UInt64)


def batches(size: int) -> list[pl.DataFrame]:
    frame = pl.DataFrame({"cc_num": CARDS, "at": range(len(CARDS))})
    return [frame[start : start + size] for start in range(0, len(frame), size)]


def test_cards_are_whole_and_enough() -> None:
    for wanted in range(1, len(CARDS) + 1):
        sample = sample_cards(batches(5), "cc_num", wanted)
        rows = pl.concat(sample.of_batches(batches(5)))
        assert len(rows) == sample.events >= wanted
        assert rows["at"].is_sorted()
        assert set(rows["cc_num"]) == set(sample.cards)
        assert len(rows) == CARDS.is_in(sample.cards.implode()).sum()
        assert sample.of == 9
        without_last = sample.cards.head(-1)
        assert CARDS.is_in(without_last.implode()).sum() < wanted


def test_a_sample_depends_on_the_cards_alone_and_grows() -> None:
    smaller = sample_cards(batches(12), "cc_num", 4)
    assert smaller.cards.to_list() == sample_cards(batches(1), "cc_num", 4).cards.to_list()
    assert set(smaller.cards) <= set(sample_cards(batches(3), "cc_num", 8).cards)


def test_asked_for_more_than_there_is_it_is_all() -> None:
    assert sample_cards(batches(4), "cc_num", 10**9).events == len(CARDS)
