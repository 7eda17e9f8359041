"""Lanes: what is kept of each key for what is asked about it over one window."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import polars as pl

from engine.backends.polars import partials, wide
from engine.backends.polars.codes import CodeBook
from engine.backends.polars.edges import Edges, Ends
from engine.backends.polars.layout import IntArray, Mask, Places
from engine.backends.polars.plan import Span
from engine.backends.polars.queues import Queues
from engine.backends.polars.tails import Tail
from engine.backends.polars.windowed import masked_series
from engine.backends.polars.windows import Bounds
from engine.definition.nodes import Expression

_KEY_BITS: Final = 32
_VALUE_MASK: Final = (1 << _KEY_BITS) - 1
_NOWHERE: Final = np.int32(-1)  # where the pair is of a row that is not looked at

LEAST_PAIRS: Final = 4096  # fewer are kept whether a window shows them or not


@dataclass(frozen=True, slots=True)
class Look:
    """What aggregates look at: an argument of the rows of a key that a window shows.

    Parameters
    ----------
    key, span, where
        Which rows these are.
    argument
        What is aggregated; None where the rows themselves are.
    """

    key: tuple[str, ...]
    span: Span
    where: Expression | None
    argument: Expression | None


@dataclass(frozen=True, slots=True)
class Passing:
    """A chunk of n rows as a lane sees it pass.

    Parameters
    ----------
    codes
        (n,) the rows' key codes.
    keys
        How many keys there have been, greater than any code.
    now
        (n,) the rows' times.
    edges
        Which rows come and go.
    seen
        The key codes of these, below 0 where they are not looked at.
    values
        What is looked at in them, anything where they are not; empty if nothing is.
    times, null
        (e,) of those that come: their times, and where their values are null; empty if nobody asks.
    """

    codes: Places
    keys: int
    now: IntArray
    edges: Edges
    seen: Ends[np.int32]
    values: Ends[Any]
    times: IntArray
    null: Mask


@dataclass(frozen=True, slots=True)
class Powers:
    """(n,) power sums of what each row of a chunk sees."""

    count: Places
    total: IntArray
    squares: wide.WideSum | None

    def column(self, name: str) -> pl.Series:
        """Their count or sum."""
        return pl.Series(self.total if name == "sum" else self.count.astype(np.int64))

    def moments(self, function: str, minor_units: int) -> pl.Series:
        """mean, var or std of them; null of nothing."""
        bounds = Bounds(np.zeros(len(self.count), dtype=np.int32), self.count)
        if function == "exact_mean":
            result = wide.exact_mean(bounds, self.total, minor_units)
        elif self.squares is None:
            raise AssertionError(f"{function} was lowered to sums of squares")
        elif function == "exact_var":
            result = wide.exact_var(bounds, self.total, self.squares, minor_units)
        else:
            result = wide.exact_std(bounds, self.total, self.squares, minor_units)
        return masked_series(result, self.count == 0)


class Lane(Protocol):
    """Partials of one look; chunks pass one after the other."""

    def take(self, passing: Passing) -> Powers | pl.Series:
        """What each row of the chunk sees."""
        ...


class CountLane:
    """How many rows."""

    def __init__(self) -> None:
        self._table = np.empty(0, dtype=np.int64)

    def take(self, passing: Passing) -> pl.Series:
        """See ``Lane``."""
        self._table = partials.with_room(self._table, passing.keys, 1)
        edges = passing.edges
        return pl.Series(
            partials.counts(
                passing.codes,
                edges.entered,
                edges.left,
                passing.seen.entering,
                passing.seen.leaving,
                self._table,
            )
        )


class PowerLane:
    """How many values, their sum and, if asked for, that of their squares."""

    def __init__(self, *, squares: bool) -> None:
        self._squares = squares
        self._table = np.empty(0, dtype=np.int64)

    def take(self, passing: Passing) -> Powers:
        """See ``Lane``."""
        self._table = partials.with_room(self._table, passing.keys, partials.POWERS)
        arguments = (
            passing.codes,
            passing.edges.entered,
            passing.edges.left,
            passing.seen.entering,
            passing.seen.leaving,
            passing.values.entering,
            passing.values.leaving,
            self._table,
        )
        if not self._squares:
            return Powers(*partials.sums(*arguments), None)
        count, total, low, high = partials.powers(*arguments)
        return Powers(count, total, wide.WideSum(low, high))


class ExtremeLane:
    """The largest or the smallest value."""

    def __init__(self, span: Span, *, largest: bool) -> None:
        self._queues = Queues(largest=largest, is_finite=span.length is not None)

    def take(self, passing: Passing) -> pl.Series:
        """See ``Lane``."""
        values, none = self._queues.extremes(
            passing.codes,
            passing.edges,
            passing.seen.entering,
            passing.seen.leaving,
            passing.values.entering,
            passing.keys,
        )
        return masked_series(values, none)


class DistinctLane:
    """How many distinct values.

    What the window shows no more is forgotten when it is half of what is kept, or more: constant
    work for each row on average, and no more room than the window at its fullest takes.
    """

    def __init__(self) -> None:
        self._values = CodeBook()
        self._pairs = CodeBook()  # of a key and a value
        self._coded: Tail[np.int32] = Tail()
        self._shown = np.empty(0, dtype=np.int64)
        self._enough = LEAST_PAIRS  # with as many pairs they are looked through
        self._table = np.empty(0, dtype=np.int64)

    def take(self, passing: Passing) -> pl.Series:
        """See ``Lane``."""
        edges, entering = passing.edges, passing.seen.entering
        values = self._values.encode(pl.Series(passing.values.entering.view(np.int64)))
        # What is not looked at makes no pairs of its own.
        pairs = (entering.astype(np.int64) << _KEY_BITS) | np.where(entering >= 0, values, 0)
        self._coded.append(self._pairs.encode(pl.Series(pairs)).astype(np.int32))
        self._shown = partials.with_room(self._shown, len(self._pairs), 1)
        self._table = partials.with_room(self._table, passing.keys, 1)
        distinct = partials.distinct(
            passing.codes,
            edges.entered,
            edges.left,
            entering,
            passing.seen.leaving,
            self._coded.rows(*edges.entering),
            self._coded.rows(*edges.leaving),
            self._shown,
            self._table,
        )
        self._coded.forget(edges.leaving[1])
        if len(self._pairs) >= self._enough:
            self._forget(edges.leaving[1], edges.entering[1])
        return pl.Series(distinct)

    def _forget(self, begin: int, end: int) -> None:
        """Forget the pairs that the window does not show; it shows the rows between two."""
        known = len(self._pairs)
        shown = np.flatnonzero(self._shown[:known])
        if 2 * len(shown) <= known:
            places = np.full(known, _NOWHERE)
            places[shown] = np.arange(len(shown), dtype=np.int32)
            pairs = self._pairs.values()[shown]
            codes, inverse = np.unique(pairs & _VALUE_MASK, return_inverse=True)
            values = self._values.values()[codes]
            coded = places[self._coded.rows(begin, end)]
            self._values, self._pairs, self._coded = CodeBook(), CodeBook(), Tail(begin)
            self._values.encode(pl.Series(values))
            self._pairs.encode(pl.Series(pairs & ~_VALUE_MASK | inverse))
            self._coded.append(coded)
            self._shown = self._shown[shown]
        self._enough = max(LEAST_PAIRS, 2 * len(self._pairs))


class LatestLane:
    """The value of the latest row, null as it is."""

    def __init__(self, span: Span, *, is_float: bool) -> None:
        self._is_finite = span.length is not None
        self._reach = (span.length or 0) + span.delay
        self._is_float = is_float
        self._table = np.empty(0, dtype=np.int64)

    def take(self, passing: Passing) -> pl.Series:
        """See ``Lane``."""
        self._table = partials.with_room(self._table, passing.keys, partials.LATEST)
        values, null = partials.latest(
            passing.codes,
            passing.edges.entered,
            passing.seen.entering,
            passing.times,
            passing.values.entering.view(np.int64),
            passing.null,
            passing.now,
            self._reach,
            self._is_finite,
            self._table,
        )
        return masked_series(values.view(np.float64) if self._is_float else values, null)
