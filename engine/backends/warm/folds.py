"""What windows without an end have seen of a lane's entries, folded to a row for each key.

A fold is a monoid: entries are lifted to rows and combined with what was folded before, in the
order of events, so that a log of any length is folded batch by batch.
"""

from collections.abc import Callable
from typing import Final

import polars as pl

from engine.backends.online.keys import KeySource
from engine.backends.online.logs import LaneSource
from engine.backends.online.shapes import (
    TIMES,
    WIDE,
    entry_columns,
    entry_fields,
    ever_partials,
)
from engine.backends.warm.entries import counts_column

_Made = Callable[[pl.Expr], pl.Expr]


def _wide(values: pl.Expr) -> pl.Expr:
    return values.cast(pl.Int64).cast(WIDE)


# How a partial is made of the values that count, and of partials.
_LIFTS: Final[dict[str, _Made]] = {
    "count": lambda values: values.len().cast(WIDE),
    "sum": lambda values: _wide(values).sum(),
    "sum_of_squares": lambda values: (_wide(values) * _wide(values)).sum(),
    "min": lambda values: values.min(),
    "max": lambda values: values.max(),
}
_COMBINES: Final[dict[str, _Made]] = {
    "count": lambda partials: partials.sum(),
    "sum": lambda partials: partials.sum(),
    "sum_of_squares": lambda partials: partials.sum(),
    "min": lambda partials: partials.min(),
    "max": lambda partials: partials.max(),
}


class Fold:
    """What one lane's windows without an end have seen.

    Parameters
    ----------
    key, lane
        The lane and its key.
    names
        The columns that hold the key.
    """

    def __init__(self, key: KeySource, lane: LaneSource, names: list[str]) -> None:
        self._names = names
        self._lifts: list[pl.Expr] = []
        self._combines: list[pl.Expr] = []
        self._indices: dict[str, int] = {}
        self.rows = pl.DataFrame()
        self.values: dict[str, pl.DataFrame] = {}
        off = f"off{lane.number}"
        self._each(off, pl.len().cast(TIMES), pl.Expr.sum)
        self._each(f"past{lane.number}", pl.col("0").max(), pl.Expr.max)
        for aggregate, place, partial in ever_partials(lane):
            for name in partial.fields:
                if aggregate.name == "n_unique":
                    self._indices[name] = place.index
                elif aggregate.name in _LIFTS:
                    lifted = _LIFTS[aggregate.name](_counted(place.index))
                    self._each(name, lifted, _COMBINES[aggregate.name])
        for name in entry_fields(lane):
            pick = pl.Expr.first if name.startswith("fst") else pl.Expr.last
            for index in range(len(entry_columns(key, lane))):
                self._each(f"{name}_{index}", pick(pl.col(str(index))), pick)

    def copy(self) -> "Fold":
        """A fold that goes its own way from here."""
        copy = object.__new__(Fold)
        copy.__dict__ |= self.__dict__ | {"values": dict(self.values)}
        return copy

    def add(self, entries: pl.DataFrame) -> None:
        """Take in entries that come after those before, in the order of events."""
        rows = entries.group_by(self._names, maintain_order=True).agg(self._lifts)
        if self.rows.width:
            both = pl.concat([self.rows, rows])
            rows = both.group_by(self._names, maintain_order=True).agg(self._combines)
        self.rows = rows
        for name, index in self._indices.items():
            by = [*self._names, "value"]
            value = pl.col(str(index)).alias("value")
            counted = entries.filter(counts_column(index)).select(*self._names, value)
            counts = counted.group_by(by).agg(count=pl.len().cast(TIMES))
            if name in self.values:
                both = pl.concat([self.values[name], counts])
                counts = both.group_by(by).agg(pl.col("count").sum())
            self.values[name] = counts

    def _each(self, name: str, lift: pl.Expr, combine: _Made) -> None:
        self._lifts.append(lift.alias(name))
        self._combines.append(combine(pl.col(name)))


def _counted(index: int) -> pl.Expr:
    return pl.col(str(index)).filter(pl.col(counts_column(index)))
