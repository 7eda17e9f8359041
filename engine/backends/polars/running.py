"""Windowed expressions whose partials are carried on from chunk to chunk.

A chunk needs no halo for them: the rows that leave its windows are known by their key codes and
values alone. What is kept of a row that a window still shows is its time, a code for each key and
the values that are looked at; of a key, a few numbers for each window.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from engine.backends.polars.asked import Asked, asked_by, lanes_of
from engine.backends.polars.codes import KeyCodes, hold_text_codes
from engine.backends.polars.edges import Edges, Ends, MovingWindows, RecentColumn
from engine.backends.polars.frame import Frame
from engine.backends.polars.lanes import Look, Passing, Powers
from engine.backends.polars.layout import IntArray, Places
from engine.backends.polars.looked import ENTERS_ONLY, Looked, Wanted, wanted
from engine.backends.polars.plan import Plan, Span
from engine.backends.polars.scalars import Scalars
from engine.backends.polars.turns import Turns
from engine.definition.nodes import Aggregate, Call, Expression, Literal

_NOT_SEEN = np.int32(-1)


class Running:
    """All that is carried on along a log, for chunks that are computed side by side.

    Parameters
    ----------
    plan, scalars
        The compiled feature set.
    turns
        Where chunks wait for those before them.
    """

    def __init__(self, plan: Plan, scalars: Scalars, turns: Turns) -> None:
        self._plan = plan
        self._scalars = scalars
        self._turns = turns
        self._text_codes = hold_text_codes()
        self._lanes = lanes_of(plan)
        self._wanted = {lane: wanted(plan, *lane) for lane in self._lanes}
        self._windows = MovingWindows(look.span for look, _ in self._lanes)
        self._columns = self._recent_columns()
        self._keys = {
            key: _Key(key, [look.span for look, _ in self._lanes if look.key == key])
            for key in dict.fromkeys(look.key for look, _ in self._lanes)
        }

    def _recent_columns(self) -> dict[Looked, RecentColumn[Any]]:
        spans: dict[Looked, list[Span]] = {}
        for (look, _), columns in self._wanted.items():
            for column in columns:
                spans.setdefault(column, []).append(look.span)
        return {
            column: RecentColumn(over, leaves=column.part not in ENTERS_ONLY)
            for column, over in spans.items()
        }

    def columns(self, chunk: pl.DataFrame, number: int) -> list[pl.Series]:
        """The running expressions' columns for a chunk, the log's ``number``-th from 0 on."""
        if not self._lanes:
            return []
        frame = Frame(self._plan, self._scalars, chunk.select(self._plan.history).clear(), chunk)
        arrays = {column: column.array(frame) for column in self._columns}
        with self._turns.turn(self._windows, number):
            edges = self._windows.move(frame.times)
            ends = {c: recent.move(arrays[c], edges) for c, recent in self._columns.items()}
        coded = {}
        for key, codes in self._keys.items():
            with self._turns.turn(key, number):
                coded[key] = codes.move(chunk, edges)
        passing = _Passing(frame.times, edges, ends, coded)
        taken: dict[Asked, Powers | pl.Series] = {}
        for asked, lane in self._lanes.items():
            seen = passing.by(asked[0], self._wanted[asked])
            with self._turns.turn(asked, number):
                taken[asked] = lane.take(seen)
        return [
            self._value(node, taken).alias(self._scalars.name_of(node))
            for node in self._plan.running
        ]

    def _value(
        self, expression: Expression, taken: Mapping[Asked, Powers | pl.Series]
    ) -> pl.Series:
        match expression:
            case Aggregate():
                found = taken[asked_by(self._plan, expression, taken)]
                return found if isinstance(found, pl.Series) else found.column(expression.name)
            case Call(function, (_, Aggregate() as total, *_, Literal(minor_units))):
                found = taken[asked_by(self._plan, total, taken)]
                if isinstance(found, Powers):
                    return found.moments(function, int(minor_units))
        raise AssertionError(f"not computed over windows (was {expression})")


class _Key:
    """A key's codes of the latest rows."""

    def __init__(self, key: tuple[str, ...], spans: Sequence[Span]) -> None:
        self._key = key
        self._codes = KeyCodes()
        self._column: RecentColumn[np.int32] = RecentColumn(spans)
        self._known = 0

    def move(self, chunk: pl.DataFrame, edges: Mapping[Span, Edges]) -> "_Coded":
        """Move along a chunk."""
        codes = self._codes.encode_densely(self._key, chunk).astype(np.int32)
        self._known = max(self._known, int(codes.max()) + 1)
        return _Coded(codes, self._known, self._column.move(codes, edges))


@dataclass(frozen=True, slots=True)
class _Coded:
    """A key along a chunk: its rows' codes, how many there are, and those at windows' ends."""

    codes: Places
    known: int
    ends: Mapping[Span, Ends[np.int32]]


@dataclass(frozen=True, slots=True)
class _Passing:
    """A chunk, as lanes see it pass."""

    times: IntArray
    edges: Mapping[Span, Edges]
    ends: Mapping[Looked, Mapping[Span, Ends[Any]]]
    coded: Mapping[tuple[str, ...], _Coded]

    def by(self, look: Look, columns: Wanted) -> Passing:
        """As a lane sees it that looks at some columns."""
        key, span = self.coded[look.key], look.span
        seen = key.ends[span]
        if columns.seen is not None:
            there = self.ends[columns.seen][span]
            seen = Ends(
                np.where(there.entering, seen.entering, _NOT_SEEN),
                np.where(there.leaving, seen.leaving, _NOT_SEEN),
            )
        return Passing(
            codes=key.codes,
            keys=key.known,
            now=self.times,
            edges=self.edges[span],
            seen=seen,
            values=self._ends(columns.values, span, np.int64),
            times=self._ends(columns.times, span, np.int64).entering,
            null=self._ends(columns.null, span, np.bool_).entering,
        )

    def _ends(self, column: Looked | None, span: Span, dtype: type[np.generic]) -> Ends[Any]:
        if column is not None:
            return self.ends[column][span]
        nothing = np.empty(0, dtype=dtype)
        return Ends(nothing, nothing)
