"""Windowed expressions of one frame: aggregates, and the formulas over power sums."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from engine.backends.polars import kernels, wide
from engine.backends.polars.frame import Frame, Operand
from engine.backends.polars.layout import IntArray, Layout, Mask, Places, Values, gather
from engine.backends.polars.plan import Plan, Span
from engine.backends.polars.windows import Bounds, find_bounds
from engine.definition.aggregates import PRIMITIVES
from engine.definition.nodes import Aggregate, Call, Expression, Literal


@dataclass(frozen=True)
class View:
    """The positions of a layout that an aggregate looks at, and its windows over them.

    Without a condition and without nulls these are all positions; otherwise the others are left
    out and the windows' bounds moved accordingly.
    """

    layout: Layout
    bounds: Bounds

    def values(self, numbers: Values) -> Values:
        """The numbers of a frame's rows, in this view's order."""
        return gather(numbers, self.layout.rows)


class KeyWindows:
    """All that is computed over one key of one frame."""

    def __init__(self, plan: Plan, frame: Frame, key: tuple[str, ...]) -> None:
        self._plan = plan
        self._frame = frame
        self.layout = frame.layout(key)
        spans = {
            plan.span(aggregate.window): None
            for aggregate in plan.halo_aggregates
            if aggregate.key == key
        }
        self._bounds = find_bounds(self.layout, list(spans))
        self._views: dict[tuple[Span, Expression | None, Expression | None], View] = {}
        self._picked: dict[Aggregate, tuple[Places, Mask]] = {}
        self._whole: dict[Aggregate, IntArray] = {}
        self._sums: dict[Aggregate, IntArray] = {}

    def column(self, expression: Expression) -> pl.Series:
        """A windowed expression's value for each row of the chunk."""
        match expression:
            case Aggregate():
                return _TABLE[expression.name](self, expression)
            case Call(function, args):
                return self._moments(function, args)
            case _:
                raise AssertionError(f"not computed over windows (was {expression})")

    def view(self, aggregate: Aggregate, *, nulls: bool = False) -> View:
        """The positions an aggregate looks at; those with a null argument only if asked for."""
        argument = None if nulls else aggregate.argument
        span = self._plan.span(aggregate.window)
        name = (span, argument, aggregate.where)
        if name not in self._views:
            self._views[name] = self._make_view(aggregate, argument, span)
        return self._views[name]

    def operand(self, aggregate: Aggregate) -> Operand:
        """An aggregate's argument."""
        if aggregate.argument is None:
            raise AssertionError(f"{aggregate.name} was verified to have an argument")
        return self._frame.operand(aggregate.argument, self._plan.span(aggregate.window).delay)

    def _make_view(self, aggregate: Aggregate, argument: Expression | None, span: Span) -> View:
        layout, bounds = self.layout, self._bounds[span]
        seen: Mask | None = None
        if aggregate.where is not None:
            seen = self._frame.condition(aggregate.where, span.delay)
        if argument is not None:
            valid = self._frame.operand(argument, span.delay).valid
            if valid is not None:
                seen = valid if seen is None else seen & valid
        if seen is None:
            return View(layout, bounds)
        seen = seen[layout.rows]
        if seen.all():
            return View(layout, bounds)
        kept = np.flatnonzero(seen)
        before = np.zeros(len(seen) + 1, dtype=np.int32)
        np.cumsum(seen, out=before[1:])
        return View(
            Layout(layout.rows[kept], layout.times[kept], layout.starts[kept]),
            Bounds(before[bounds.begin], before[bounds.end]),
        )

    def _moments(self, function: str, args: tuple[Expression, ...]) -> pl.Series:
        """mean, var or std: of the lowered count, sum, maybe sum of squares, and minor units."""
        *powers, minor_units = args
        total = powers[1]
        if not (isinstance(total, Aggregate) and isinstance(minor_units, Literal)):
            message = f"{function} was lowered to power sums (was {args})"
            raise AssertionError(message)  # noqa: TRY004 - a broken promise of our own
        bounds = self.view(total).bounds
        sums = self.sums(total)
        units = int(minor_units.value)
        match function:
            case "exact_mean":
                result = wide.exact_mean(bounds, sums, units)
            case "exact_var":
                squares = wide.square_sums(self.whole(total), bounds)
                result = wide.exact_var(bounds, sums, squares, units)
            case _:
                squares = wide.square_sums(self.whole(total), bounds)
                result = wide.exact_std(bounds, sums, squares, units)
        return self.shown(result, bounds)

    def sums(self, aggregate: Aggregate) -> IntArray:
        """(m,) exact sums in layout order, found once for all formulas over them."""
        if aggregate not in self._sums:
            view = self.view(aggregate)
            self._sums[aggregate] = kernels.window_sums(self.whole(aggregate), view.bounds)
        return self._sums[aggregate]

    def whole(self, aggregate: Aggregate) -> IntArray:
        """An aggregate's exact argument, in its view's order, brought there once."""
        if aggregate not in self._whole:
            values = self.view(aggregate).values(self.operand(aggregate).numbers)
            self._whole[aggregate] = values.astype(np.int64, copy=False)
        return self._whole[aggregate]

    def picked_row(self, aggregate: Aggregate) -> tuple[Places, Mask]:
        """The row that first or last picks, and where none, found once for all arguments."""
        known = replace(aggregate, argument=None)
        if known not in self._picked:
            view = self.view(aggregate, nulls=True)
            rows, past, size = self.layout.rows, self._frame.past, len(self._frame)
            picked, null = kernels.picked_by_row(
                view.layout.rows, view.bounds, rows, past, size, last=aggregate.name == "last"
            )
            self._picked[known] = picked, null
        return self._picked[known]

    def counts(self, bounds: Bounds) -> IntArray:
        """(chunk's rows,) how many positions each row's window shows.

        A row with a null in its key has no place in the layout and an empty history.
        """
        return kernels.counts_by_row(bounds, self.layout.rows, self._frame.past, len(self._frame))

    def to_rows(self, values: Values) -> pl.Series:
        """(chunk's rows,) values put back from layout order; 0 for an empty history."""
        rows, past, size = self.layout.rows, self._frame.past, len(self._frame)
        return pl.Series(kernels.by_row(values, rows, past, size))

    def shown(self, values: Values, bounds: Bounds) -> pl.Series:
        """The same, null where the window shows nothing."""
        rows, past, size = self.layout.rows, self._frame.past, len(self._frame)
        return masked_series(kernels.by_row(values, rows, past, size), self.counts(bounds) == 0)


def masked_series(values: Values | Places, null: Mask) -> pl.Series:
    """Values as a series, null where said."""
    return pl.Series(pa.array(values, mask=null)) if null.any() else pl.Series(values)


def _count(windows: KeyWindows, aggregate: Aggregate) -> pl.Series:
    return pl.Series(windows.counts(windows.view(aggregate).bounds))


def _sum(windows: KeyWindows, aggregate: Aggregate) -> pl.Series:
    return windows.to_rows(windows.sums(aggregate))


def _min(windows: KeyWindows, aggregate: Aggregate) -> pl.Series:
    return _extreme(windows, aggregate, largest=False)


def _max(windows: KeyWindows, aggregate: Aggregate) -> pl.Series:
    return _extreme(windows, aggregate, largest=True)


def _extreme(windows: KeyWindows, aggregate: Aggregate, *, largest: bool) -> pl.Series:
    view = windows.view(aggregate)
    values = view.values(windows.operand(aggregate).numbers)
    extremes = kernels.window_extremes(values, view.bounds, largest=largest)
    return windows.shown(extremes, view.bounds)


def _n_unique(windows: KeyWindows, aggregate: Aggregate) -> pl.Series:
    view = windows.view(aggregate)
    operand = windows.operand(aggregate)
    codes = view.values(operand.numbers)
    if not operand.is_coded:
        codes = pc.dictionary_encode(pa.array(codes)).indices.to_numpy()
    distinct = kernels.window_distinct(codes.astype(np.int64, copy=False), view.bounds)
    return windows.to_rows(distinct)


def _picked(windows: KeyWindows, aggregate: Aggregate) -> pl.Series:
    operand = windows.operand(aggregate)
    rows, null = windows.picked_row(aggregate)
    if operand.valid is None and operand.series.dtype in {pl.Int64, pl.Float64}:
        return masked_series(gather(operand.numbers, rows), null)
    return operand.series.gather(masked_series(rows, null))


_TABLE: Final[dict[str, Callable[[KeyWindows, Aggregate], pl.Series]]] = {
    "count": _count,
    "sum": _sum,
    "min": _min,
    "max": _max,
    "n_unique": _n_unique,
    "first": _picked,
    "last": _picked,
}
# Sums of squares pass 64 bits: they are finished into var or std before they become a column.
_missing: Final = PRIMITIVES - _TABLE.keys() - {"sum_of_squares"}
if _missing:
    raise AssertionError(f"the polars backend has no row for {sorted(_missing)}")
