"""A sample of a log that keeps histories whole: all events of some cards."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

_U64 = np.ndarray[tuple[int], np.dtype[np.uint64]]
_CARD: Final = "card"
_EVENTS: Final = "events"


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of a log's cards.

    Parameters
    ----------
    column
        The column of the cards.
    cards
        Those that are in it.
    of
        How many cards the log has.
    events
        How many events they have.
    """

    column: str
    cards: pl.Series
    of: int
    events: int

    def of_batches(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The events of these cards, batch by batch."""
        for batch in batches:
            kept = batch.filter(pl.col(self.column).is_in(self.cards.implode()))
            if len(kept):
                yield kept


def sample_cards(batches: Iterable[pl.DataFrame], column: str, events: int) -> Sample:
    """Whole cards until they have ``events`` events, in the order of a hash of their numbers.

    The sample depends on the log alone, and a larger one holds a smaller one.
    """
    counts = pl.DataFrame(schema={_CARD: pl.UInt64, _EVENTS: pl.UInt64})
    for batch in batches:
        cards = batch.select(pl.col(column).drop_nulls().alias(_CARD))
        more = cards.group_by(_CARD).agg(pl.len().cast(pl.UInt64).alias(_EVENTS))
        counts = pl.concat([counts, more]).group_by(_CARD).sum()
    mixed = pl.Series("mixed", _mixed(counts[_CARD].to_numpy()))
    ordered = counts.with_columns(mixed).sort("mixed")
    before = ordered[_EVENTS].cum_sum() - ordered[_EVENTS]
    chosen = ordered.filter(before < events)
    return Sample(column, chosen[_CARD], len(counts), int(chosen[_EVENTS].sum()))


def _mixed(numbers: _U64) -> _U64:
    """Another number for each number, without any order: the finaliser of SplitMix64."""
    mixed = numbers + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
