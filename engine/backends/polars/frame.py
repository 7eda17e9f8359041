"""The rows that a chunk is computed from, and columns of them as NumPy arrays.

A frame is a subsequence of the log in the order of events: the rows carried for ever-looking
aggregates, the halo that finite windows can still see, then the chunk's own rows.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from engine.backends.polars.codes import column_codes, text_codes
from engine.backends.polars.layout import (
    IntArray,
    Layout,
    Mask,
    make_layout,
    refine,
    whole_layout,
)
from engine.backends.polars.plan import Plan
from engine.backends.polars.scalars import Scalars
from engine.definition.nodes import Column, Expression
from engine.definition.types import Kind


@dataclass(frozen=True, slots=True)
class Operand:
    """What an aggregate is asked about, for each row of a frame.

    Parameters
    ----------
    series
        (n,) the values as they are, for picking one.
    numbers
        (n,) the values as int64 or float64 numbers or as codes; anything where null.
    valid
        (n,) where there is a value; None if everywhere.
    is_coded
        Whether the numbers are small codes.
    """

    series: pl.Series
    numbers: npt.NDArray[np.int64] | npt.NDArray[np.float64]
    valid: Mask | None
    is_coded: bool = False


class Frame:
    """The past and the chunk, concatenated.

    Parameters
    ----------
    plan, scalars
        The compiled feature set.
    past
        The rows before the chunk that are needed: the columns of ``plan.history`` and the codes of
        key columns.
    core
        The chunk: all columns of the plan and the codes.
    """

    def __init__(
        self, plan: Plan, scalars: Scalars, past: pl.DataFrame, core: pl.DataFrame
    ) -> None:
        self._plan = plan
        self._scalars = scalars
        self._operands: dict[tuple[Expression, int], Operand] = {}
        self._layouts: dict[tuple[str, ...], Layout] = {}
        self.past = len(past)
        self.core = core
        rows = pl.DataFrame([core[name] for name in past.columns])
        self._rows = pl.concat([past, rows], rechunk=True) if len(past) else rows

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def times(self) -> IntArray:
        """(n,) event times, ascending."""
        return self._rows[self._plan.schema.event_time].to_numpy()

    def layout(self, key: tuple[str, ...]) -> Layout:
        """The rows brought together by a key."""
        if key not in self._layouts:
            self._layouts[key] = self._make_layout(key)
        return self._layouts[key]

    def _make_layout(self, key: tuple[str, ...]) -> Layout:
        if not key:
            return whole_layout(self.times)
        codes = column_codes(key[-1], self._rows)
        if len(key) == 1:
            return make_layout(codes, self.times)
        return refine(self.layout(key[:-1]), codes, self.times)

    def operand(self, expression: Expression, delay: int) -> Operand:
        """An aggregate's argument for every row, as known ``delay`` ticks after the row's time."""
        delay = self._plan.label_delay(expression, delay)
        if (expression, delay) not in self._operands:
            self._operands[expression, delay] = self._make_operand(expression, delay)
        return self._operands[expression, delay]

    def condition(self, expression: Expression, delay: int) -> Mask:
        """(n,) where a condition is true, as known after ``delay`` ticks; null is not."""
        operand = self.operand(expression, delay)
        truth: Mask = operand.numbers != 0
        return truth if operand.valid is None else truth & operand.valid

    def _make_operand(self, expression: Expression, delay: int) -> Operand:
        type_ = self._plan.type_of(expression)
        series = self._series(expression, self._known(delay) if delay else self._rows)
        valid = series.is_not_null().to_numpy() if series.null_count() else None
        match type_.kind:
            case Kind.TEXT:
                return Operand(series, text_codes(series), valid, is_coded=True)
            case Kind.FLOAT:
                numbers = series.fill_null(0.0).to_numpy() + 0.0  # −0.0 counts as 0.0
                exact = pl.Series(numbers if valid is None else pa.array(numbers, mask=~valid))
                nan = np.isnan(numbers)
                if nan.any():  # inf − inf: nothing to count, though first and last may pick it
                    valid = ~nan if valid is None else valid & ~nan
                return Operand(exact, numbers, valid)
            case Kind.CARD:
                # Only compared, so that 64 bits read as signed do as well as unsigned ones.
                whole = series.fill_null(0).to_numpy().view(np.int64)
                return Operand(series, whole, valid)
            case _:
                integers = series.cast(pl.Int64)
                filled = integers if valid is None else integers.fill_null(0)
                return Operand(series, filled.to_numpy(), valid)

    def _series(self, expression: Expression, rows: pl.DataFrame) -> pl.Series:
        if isinstance(expression, Column):
            return rows[expression.name]
        return self._scalars.operand(expression, rows)

    def _known(self, delay: int) -> pl.DataFrame:
        """The rows with the labels that come later than ``delay`` ticks after them made null."""
        schema = self._plan.schema
        if schema.label is None or schema.label_time not in self._rows.columns:
            return self._rows
        known_at = pl.col(schema.label_time)
        in_time = known_at.is_null() | (known_at <= pl.col(schema.event_time) + delay)
        return self._rows.with_columns(pl.when(in_time).then(pl.col(schema.label)))
