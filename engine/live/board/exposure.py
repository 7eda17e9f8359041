"""Who is exposed: rates of segments with their intervals, as ``sql/questions/exposed.sql`` asks.

To the last bit: what DuckDB adds up are whole numbers, which its floats hold exactly while they are
below 2⁵³, in whatever order; here they are whole numbers. The formula is that file's, one operation
after the other as it is written there.
"""

from math import sqrt
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.live.board.ages import UNKNOWN, ages
from engine.live.board.parts import MICROSECONDS, Columns
from engine.live.board.rows import Segment
from engine.live.board.tally import Tally

KINDS: Final = ("age", "state", "category", "hour")
# As the question has them by default.
LEAST_EVENTS: Final = 100
LEAST_CARDS: Final = 10

_Z: Final = 1.959963984540054
_MOST_WAITING: Final = 250_000
_CODE_BITS: Final = 24  # of a key: so many segments, and 2⁴⁰ cards
_EVENTS, _HITS, _CARDS, _HITS_2, _HITS_EVENTS, _EVENTS_2 = range(6)


class Exposure:
    """The decisions of models by segment and card, as of an instant that only goes on.

    What arrived later than that waits. A decision is counted once the picture of an instant at or
    after its arrival was asked for, or when too many wait; a picture of before that counts it too,
    which happens only if the wall's clock is set back.

    In memory are 16 bytes for each segment that a card has events in: of 100,000 cards that buy in
    ten categories and at fifteen hours, 43 MB. And up to 250,000 decisions that wait.

    Parameters
    ----------
    columns
        Of events.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._counts = Tally(width=2)  # events and hits, by card and segment
        self._codes: dict[tuple[str, str], int] = {}
        self._sums = np.zeros((64, 6), dtype=np.int64)  # a row for each segment
        self._waiting: list[pl.DataFrame] = []

    def add(self, decisions: pl.DataFrame, cards: NDArray[np.int64]) -> None:
        """Add decisions of models.

        Parameters
        ----------
        decisions
            As ``parts.Part`` has them.
        cards
            The numbers of their cards.
        """
        self._waiting.append(
            self._described(decisions).with_columns(pl.Series("card", cards, dtype=pl.Int64))
        )
        if sum(map(len, self._waiting)) > _MOST_WAITING:
            self.count_until(None)

    def count_until(self, until: int | None) -> None:
        """Count what arrived until a second, the whole of it included; None for all there is."""
        if not self._waiting:
            return
        waiting = pl.concat(self._waiting)
        later = waiting.clear()
        if until is not None:
            later = waiting.filter(pl.col("second") > until)
            waiting = waiting.filter(pl.col("second") <= until)
        self._waiting = [later] if len(later) else []
        for kind in KINDS:
            self._count(kind, waiting)

    def segments(self, kind: str) -> list[Segment]:
        """The segments of a kind that are large enough to be told, the most exposed first."""
        found = [
            _rated(kind, segment, *self._sums[code].tolist())
            for (of, segment), code in self._codes.items()
            if of == kind
            and self._sums[code, _EVENTS] >= LEAST_EVENTS
            and self._sums[code, _CARDS] >= LEAST_CARDS
        ]
        return sorted(found, key=lambda one: (-one.low, -one.rate, one.segment))

    def _described(self, decisions: pl.DataFrame) -> pl.DataFrame:
        seconds = pl.col(self._columns.event_time).floordiv(self._columns.ticks)
        happened = (seconds * MICROSECONDS).cast(pl.Datetime("us"))
        day = decisions.select(happened.dt.date()).to_series()
        return decisions.select(
            "second",
            pl.col("is_flagged").cast(pl.Int64).alias("hit"),
            ages(decisions["dob"], day).alias("age"),
            pl.col("state", "category").fill_null(UNKNOWN),
            happened.dt.strftime("%H:00").alias("hour"),
        )

    def _count(self, kind: str, decisions: pl.DataFrame) -> None:
        # What has no segment of a kind is in none: where an event says not when it happened.
        counted = decisions.drop_nulls(kind)
        by_card = counted.group_by(kind, "card").agg(pl.len().alias("events"), pl.sum("hit"))
        if not len(by_card):
            return
        names = by_card[kind].unique()
        codes = [self._codes.setdefault((kind, name), len(self._codes)) for name in names]
        code = by_card[kind].replace_strict(names, codes, return_dtype=pl.Int64).to_numpy()
        keys = (by_card["card"].to_numpy() << _CODE_BITS | code).astype(np.uint64)
        new = by_card.select(pl.col("events", "hit").cast(pl.Int64)).to_numpy()
        was = self._counts.of(keys)
        self._counts.add(keys, new)
        self._add_up(code, was, was + new)

    def _add_up(
        self, codes: NDArray[np.int64], was: NDArray[np.int64], now: NDArray[np.int64]
    ) -> None:
        missing = len(self._codes) - len(self._sums)
        if missing > 0:
            more = np.zeros((max(missing, len(self._sums)), 6), dtype=np.int64)
            self._sums = np.concatenate([self._sums, more])
        np.add.at(self._sums, codes, _terms(now) - _terms(was))


def _terms(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """What a card with some events and hits adds to the sums of its segment."""
    events, hits = counts[:, 0], counts[:, 1]
    return np.stack(
        [events, hits, events > 0, hits * hits, hits * events, events * events], axis=1
    ).astype(np.int64)


def _rated(
    kind: str,
    segment: str,
    events: int,
    hits: int,
    cards: int,
    hits_2: int,
    hits_events: int,
    events_2: int,
) -> Segment:
    """A segment with its rate and the interval, of sums over its cards."""
    n, k = float(events), float(hits)
    p = k / n
    squares = float(hits_2) - 2.0 * p * float(hits_events) + p * p * float(events_2)
    variance = squares / (n * n) * cards / (cards - 1) if cards > 1 else 0.0
    if 0 < hits < events and variance > 0:
        independent = min(n, p * (1 - p) / variance)
    elif 0 < hits < events and cards > 1:
        independent = n
    else:
        independent = float(cards)
    middle = (p + _Z * _Z / (2 * independent)) / (1 + _Z * _Z / independent)
    half = (
        _Z
        / (1 + _Z * _Z / independent)
        * sqrt(p * (1 - p) / independent + _Z * _Z / (4 * independent * independent))
    )
    low, high = max(middle - half, 0.0), min(middle + half, 1.0)
    return Segment(kind, segment, events, hits, p, low, high, cards)
