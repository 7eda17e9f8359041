"""A log as plain lists: the values of expressions at its rows, and each row's history."""

import math
from collections.abc import Iterator
from typing import TypeAlias

import polars as pl

from engine.backends.reference.aggregates import AGGREGATES, Seen
from engine.backends.reference.functions import (
    CHOICES,
    NULL_AWARE,
    NUMERIC,
    OTHERS,
    Value,
    as_float,
    of_time,
    taken_as_floats,
)
from engine.definition.infer import type_of
from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Call, Column, Expression, Literal
from engine.definition.schema import Schema
from engine.definition.types import Kind

Columns: TypeAlias = dict[str, list[Value]]


class Log:
    """A canonical frame as Python lists, and the values of expressions over it."""

    def __init__(self, schema: Schema, events: pl.DataFrame) -> None:
        self.schema = schema
        self.ticks = schema.ticks_per_second
        self.rows = range(events.height)
        self.columns: Columns = {
            name: events[name].to_list() for name in schema.by_name if name in events.columns
        }
        self.times: list[int] = self.columns[schema.event_time]
        self.in_order = sorted(self.rows, key=lambda row: (self.times[row], row))
        self.functions = NUMERIC | CHOICES | OTHERS | of_time(self.ticks)
        self.done: dict[Aggregate, list[Value]] = {}

    def values(self, expression: Expression, columns: Columns | None = None) -> list[Value]:
        """The value of ``expression`` at each row, over ``columns`` or the log's own."""
        columns = self.columns if columns is None else columns
        match expression:
            case Literal(value):
                return [value for _ in self.rows]
            case Column(name):
                return columns[name]
            case Call(function, args):
                return self._call(function, args, columns)
            case Aggregate():
                if expression not in self.done:
                    self.done[expression] = self._aggregate(expression)
                return self.done[expression]
            case _:
                raise AssertionError(f"verified sets hold only expressions (was {expression!r})")

    def _call(self, function: str, args: tuple[Expression, ...], columns: Columns) -> list[Value]:
        """A function at each row."""
        types = [type_of(arg, self.schema) for arg in args]
        arguments = [self.values(arg, columns) for arg in args]
        for at in taken_as_floats(function, types):
            arguments[at] = [as_float(value, types[at]) for value in arguments[at]]
        apply = self.functions[function]
        if function in NULL_AWARE:
            return [apply(*row) for row in zip(*arguments, strict=True)]
        return [None if None in row else apply(*row) for row in zip(*arguments, strict=True)]

    def _aggregate(self, aggregate: Aggregate) -> list[Value]:
        """An aggregate at each row, over the row's history."""
        columns = self._columns_as_seen_by(aggregate)
        argument, minor_units = self._argument(aggregate, columns)
        condition = None if aggregate.where is None else self.values(aggregate.where, columns)
        apply = AGGREGATES[aggregate.name]
        result: list[Value] = [None for _ in self.rows]
        for row, history in self._histories(aggregate):
            shown = history if condition is None else [p for p in history if condition[p] is True]
            times, values = [self.times[p] for p in shown], [argument[p] for p in shown]
            result[row] = apply(Seen(self.times[row], self.ticks, times, values, minor_units))
        return result

    def _histories(self, aggregate: Aggregate) -> Iterator[tuple[int, list[int]]]:
        """Each row with the rows of its history; both go in the order of events."""
        keys = [tuple(self.columns[name][row] for name in aggregate.key) for row in self.rows]
        times = self.times
        delay = self._to_ticks(aggregate.window.delay)
        length = aggregate.window.length
        earlier: dict[tuple[Value, ...], list[int]] = {}
        for row in self.in_order:
            key = keys[row]
            if None in key:
                yield row, []
                continue
            high = times[row] - delay
            low = -math.inf if length is None else high - self._to_ticks(length)
            of_key = earlier.setdefault(key, [])
            yield row, [past for past in of_key if low <= times[past] <= high]
            of_key.append(row)

    def _argument(self, aggregate: Aggregate, columns: Columns) -> tuple[list[Value], int]:
        """What is aggregated at each row, and how many of its minor units make one."""
        if aggregate.argument is None:
            return self.times, 1
        type_ = type_of(aggregate.argument, self.schema)
        values = self.values(aggregate.argument, columns)
        if type_.kind is Kind.FLOAT:
            values = [None if value is None else value + 0.0 for value in values]
        return values, int(10**type_.scale)

    def _columns_as_seen_by(self, aggregate: Aggregate) -> Columns:
        """The log's columns, without the labels that came later than the aggregate's delay."""
        label, label_time = self.schema.label, self.schema.label_time
        if label is None or label not in columns_in(aggregate):
            return self.columns
        if label_time is None or label_time not in self.columns:
            return self.columns
        delay = self._to_ticks(aggregate.window.delay)
        in_time = [
            value if known is None or known <= time + delay else None
            for value, known, time in zip(
                self.columns[label], self.columns[label_time], self.times, strict=True
            )
        ]
        return self.columns | {label: in_time}

    def _to_ticks(self, microseconds: int) -> int:
        """A span in the unit of event_time; verified windows are whole numbers of it."""
        return microseconds * self.ticks // 1_000_000
