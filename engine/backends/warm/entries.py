"""Rows of a log as the entries of a lane: the batch counterpart of what the online backend adds.

The polars backend computes conditions and arguments; this only puts them side by side.
"""

from collections.abc import Sequence
from typing import Final

import polars as pl

from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import OWNERS, entry_columns
from engine.backends.polars.chunks import prepared_columns
from engine.backends.polars.frame import Frame
from engine.backends.polars.plan import Plan, compile_features
from engine.backends.polars.scalars import Scalars
from engine.definition.nodes import Column, FeatureSet
from engine.events.canonical import EVENT_ID

PLACE: Final = "place"  # of a row among those that were taken together


def key_names(key: KeySource) -> list[str]:
    """The columns that hold a key in frames of entries; one of a constant for the empty key."""
    return [f"key{place}" for place in range(max(len(key.key), 1))]


def counts_column(index: int) -> str:
    """The column that tells where the value at an index of an entry counts."""
    return f"counts{index}"


class Rows:
    """Rows of a log, in the order of events, and entries made of them.

    Parameters
    ----------
    features
        The compiled feature set, with what it remembers between rows.
    batch
        A canonical frame.
    """

    def __init__(self, features: "Compiled", batch: pl.DataFrame) -> None:
        self._schema = features.plan.schema
        self.frame = pl.DataFrame(prepared_columns(features.plan, batch))
        past = self.frame.select(features.plan.history).clear()
        self._rows = Frame(features.plan, features.scalars, past, self.frame)

    @property
    def times(self) -> pl.Series:
        """Their event times, ascending."""
        return self.frame[self._schema.event_time]

    def column(self, name: str) -> pl.Series:
        """A column of the log."""
        return _plain(self.frame[name])

    def first_after(self, instant: int) -> int:
        """The place of the first row later than an instant."""
        return int(self.times.search_sorted(instant, side="right"))

    def keyed(self, key: KeySource, beside: Sequence[pl.Series] = ()) -> pl.DataFrame:
        """The rows that have a key: it, their times (``0``), places, and columns ``beside``."""
        keys = self._key(key)
        places = pl.int_range(len(self.frame), dtype=OWNERS, eager=True).alias(PLACE)
        columns = [*keys, self.times.alias("0"), places, *beside]
        return pl.DataFrame(columns).drop_nulls(key_names(key))

    def _key(self, key: KeySource) -> list[pl.Series]:
        if not key.key:
            return [pl.Series("key0", [0]).new_from_index(0, len(self.frame))]
        names = zip(key_names(key), key.key, strict=True)
        return [self.column(column).alias(name) for name, column in names]

    def entries(self, key: KeySource, lane: LaneSource) -> pl.DataFrame:
        """The entries of a lane, with their keys and where their values count."""
        time = Column(self._schema.event_time)
        dtypes = entry_columns(key, lane)
        columns = self._key(key)
        here = pl.Series([True]).new_from_index(0, len(self.frame))
        for column in columns:
            here &= column.is_not_null()
        if lane.lane.where is not None:
            here &= pl.Series(self._rows.condition(lane.lane.where, lane.lane.delay))
        for index, argument in enumerate([time, *lane.arguments]):
            operand = self._rows.operand(argument, lane.lane.delay)
            value = _plain(operand.series).cast(dtypes[str(index)]).alias(str(index))
            valid = value.is_not_null() if operand.valid is None else pl.Series(operand.valid)
            columns += [value, valid.alias(counts_column(index))]
        return pl.DataFrame(columns).filter(here)


class Compiled:
    """A feature set compiled for the polars backend, with the columns it needs of a log."""

    def __init__(self, features: FeatureSet) -> None:
        self.plan: Plan = compile_features(features)
        self.scalars = Scalars(self.plan)

    def slim(self, batch: pl.DataFrame) -> pl.DataFrame:
        """The columns of a batch that state is made of."""
        wanted = (*self.plan.history, self.plan.schema.label, self.plan.schema.label_time)
        there = dict.fromkeys(name for name in wanted if name in batch.columns)
        return batch.select(EVENT_ID, *there)


def _plain(column: pl.Series) -> pl.Series:
    return column.cast(pl.String) if column.dtype == pl.Categorical else column
