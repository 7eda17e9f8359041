"""What is computed over windows: from which values of which events, and under which names."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.backends.duckdb.aggregates import POSITIONAL, TABLE
from engine.backends.duckdb.expressions import Expressions
from engine.backends.duckdb.layout import Item
from engine.backends.duckdb.names import (
    Names,
    aggregate_name,
    key_name,
    operand_name,
    span_name,
    window_name,
)
from engine.backends.duckdb.sql import ATOM, SUM, Sql, binary, literal, quoted, whole
from engine.backends.duckdb.windows import (
    Place,
    base_clause,
    is_narrow,
    range_clause,
    rows_clause,
)
from engine.definition.infer import type_of
from engine.definition.needs import columns_in
from engine.definition.nodes import Aggregate, Column, Expression, Window
from engine.definition.schema import Schema
from engine.definition.types import BOOL, FLOAT

_VALUE = "value"


@dataclass
class KeyWindows:
    """The windows of a key, and what is computed over them.

    Parameters
    ----------
    key
        The columns of the key.
    base
        The name of what its windows share, and what that is: the partition and its order.
    sizes
        Counts of events back to some instant, and the windows over which they are counted.
    columns
        What is computed over windows of so many rows, and these windows.
    """

    key: tuple[str, ...]
    base: Item
    sizes: list[Item] = field(default_factory=list)
    size_windows: list[Item] = field(default_factory=list)
    columns: list[Item] = field(default_factory=list)
    column_windows: list[Item] = field(default_factory=list)


class Windowed:
    """The aggregates of a feature set as columns of SQL.

    Parameters
    ----------
    schema
        The schema of the events.
    names
        Gives the columns their names.
    place
        The columns for the order of events.
    """

    def __init__(self, schema: Schema, names: Names, place: Place) -> None:
        self.keys: dict[tuple[str, ...], KeyWindows] = {}
        self.operands: list[Item] = []
        self.used: set[str] = set()
        self._schema = schema
        self._names = names
        self._place = place
        self._columns: dict[Aggregate, str] = {}
        self._window_names: dict[tuple[tuple[str, ...], Window], str] = {}
        self._framed: set[str] = set()
        self._counts: dict[tuple[tuple[str, ...], int], str] = {}  # by how many ticks back
        self._operand_names: dict[tuple[Expression, int | None], str] = {}

    def column(self, aggregate: Aggregate) -> Sql:
        """An aggregate's value on a row, computed in a column of its own; equal ones share it."""
        aggregate = self._simplest(aggregate)
        if aggregate not in self._columns:
            self._columns[aggregate] = self._add(aggregate)
        value = Sql(quoted(self._columns[aggregate]))
        if aggregate.name not in POSITIONAL:
            return value
        if self._is_wrapped(aggregate):
            value = Sql(f"{value.text}.{_VALUE}")
        known = self._key_is_known(aggregate.key)
        # An event without the key has no history; with null, SQL makes a key of it.
        return Sql(f"CASE WHEN {known} THEN {value.text} END") if known else value

    def _add(self, aggregate: Aggregate) -> str:
        of_key = self._of_key(aggregate.key)
        over = self._window_name(aggregate.key, aggregate.window)
        if self._is_size(aggregate):
            return self._size(of_key, over, aggregate.window)
        if over not in self._framed:
            self._framed.add(over)
            frame = self._frame(of_key, over, aggregate.window)
            of_key.column_windows.append(Item((over, f"AS ({of_key.base.cells[0]} {frame})")))
        name = self._names.new(aggregate_name(aggregate, over))
        call, condition = self._call(aggregate)
        counted = f"FILTER ({condition})" if condition else ""
        of_key.columns.append(Item((call, counted, f"OVER {over}", f"AS {name}")))
        return name

    def _of_key(self, key: tuple[str, ...]) -> KeyWindows:
        if key not in self.keys:
            base = self._names.new("by_" + key_name(key))
            self.keys[key] = KeyWindows(key, Item((base, f"AS ({base_clause(key, self._place)})")))
        return self.keys[key]

    def _window_name(self, key: tuple[str, ...], window: Window) -> str:
        if (key, window) not in self._window_names:
            self._window_names[key, window] = self._names.new(window_name(key, window))
        return self._window_names[key, window]

    def _is_size(self, aggregate: Aggregate) -> bool:
        """Whether an aggregate counts all that a window shows, which has to be known anyhow."""
        return (
            (aggregate.name, aggregate.argument, aggregate.where) == ("count", None, None)
            and aggregate.window.length is not None
            and aggregate.window.delay == 0
            and not self._key_is_known(aggregate.key)
        )

    def _frame(self, of_key: KeyWindows, over: str, window: Window) -> str:
        begin = None if window.length is None else self._size(of_key, over, window)
        hidden = None
        if window.delay:
            # All that is younger than the delay: one tick less than it is the oldest of that.
            ticks = self._schema.to_ticks(window.delay) - 1
            hidden = self._count(of_key, f"{over}_hidden", ticks, "")
        return rows_clause(begin, hidden)

    def _size(self, of_key: KeyWindows, over: str, window: Window) -> str:
        """The column that counts the events back to the begin of a window."""
        ticks = self._schema.to_ticks((window.length or 0) + window.delay)
        if window.delay:
            return self._count(of_key, f"{over}_reach", ticks, "")
        return self._count(of_key, over, ticks, "_count")

    def _count(self, of_key: KeyWindows, over: str, ticks: int, suffix: str) -> str:
        if (of_key.key, ticks) not in self._counts:
            name = self._names.new(over + suffix) if suffix else over
            self._counts[of_key.key, ticks] = name
            of_key.sizes.append(Item(("count(*)", f"OVER {over}", f"AS {name}")))
            frame = range_clause(ticks, self._place)
            of_key.size_windows.append(Item((over, f"AS ({of_key.base.cells[0]} {frame})")))
        return self._counts[of_key.key, ticks]

    def _call(self, aggregate: Aggregate) -> tuple[str, str]:
        """The call of an aggregate, and the condition on the events that it is made with."""
        where = None if aggregate.where is None else self._operand(aggregate.where, aggregate)
        value = self._value(aggregate)
        if aggregate.name in POSITIONAL:
            return TABLE[aggregate.name](self._shown(aggregate, value, where)), ""
        conditions = [self._key_is_known(aggregate.key), "" if where is None else where.text]
        condition = " AND ".join(filter(None, conditions))
        return TABLE[aggregate.name](value), condition and f"WHERE {condition}"

    def _shown(self, aggregate: Aggregate, value: Sql, where: Sql | None) -> Sql:
        """The argument of first and last; what they may not see is null, and ignored."""
        if where is None:
            return value
        inner = f"{{'{_VALUE}': {value.text}}}" if self._is_wrapped(aggregate) else value.text
        return Sql(f"CASE WHEN {where.text} THEN {inner} END IGNORE NULLS")

    def _is_wrapped(self, aggregate: Aggregate) -> bool:
        """Whether a null of the argument has to be told from the null of an event not shown."""
        argument = aggregate.argument
        sure = isinstance(argument, Column) and self._schema.by_name[argument.name].is_sure
        return aggregate.where is not None and not sure

    def _value(self, aggregate: Aggregate) -> Sql:
        """What is aggregated of each event: without NaN where that is not counted, with one 0."""
        argument = aggregate.argument
        if argument is None:
            return Sql("*")
        operand = self._operand(argument, aggregate)
        type_ = type_of(argument, self._schema)
        if type_ == BOOL and aggregate.name in {"sum", "sum_of_squares"}:
            return operand.cast("INTEGER")
        if type_ != FLOAT:
            return operand
        numbers = Expressions(self._schema)
        if aggregate.name not in POSITIONAL and numbers.may_be_nan(argument):
            self.used.add("known")
            return Sql(f"known({operand.text})")
        if aggregate.name == "count":
            return operand
        return binary("+", SUM, operand, literal(0.0))

    def _operand(self, expression: Expression, aggregate: Aggregate) -> Sql:
        """A column of the events that holds an expression's values."""
        by = self._label_delay(expression, aggregate)
        if isinstance(expression, Column) and by is None:
            return Sql(quoted(expression.name))
        if (expression, by) not in self._operand_names:
            columns = {} if by is None else self._labels(by)
            compiler = Expressions(self._schema, columns=columns)
            built = compiler.build(expression)
            self.used |= compiler.used
            known = "" if by is None else f"_known_by_{span_name(by)}"
            name = self._names.new(operand_name(expression) + known)
            self.operands.append(Item((built.text, f"AS {name}")))
            self._operand_names[expression, by] = name
        return Sql(self._operand_names[expression, by])

    def _label_delay(self, expression: Expression, aggregate: Aggregate) -> int | None:
        """The delay by which labels must be known for an operand, if it reads any."""
        schema = self._schema
        reads = schema.label is not None and schema.label in columns_in(expression)
        return aggregate.window.delay if reads and schema.label_time is not None else None

    def _labels(self, delay: int) -> dict[str, Sql]:
        """The label, if it was known at the end of a delay; without a time it always was."""
        schema = self._schema
        if schema.label is None or schema.label_time is None:
            raise AssertionError("only labels with a time become known")
        label, known, time = map(quoted, (schema.label, schema.label_time, schema.event_time))
        if not is_narrow(schema, schema.event_time):
            time += "::HUGEINT"
        by = f"{time} + {whole(schema.to_ticks(delay)).text}"
        return {
            schema.label: Sql(
                f"CASE WHEN {known} IS NULL OR {known} <= {by} THEN {label} END", ATOM
            )
        }

    def _key_is_known(self, key: Sequence[str]) -> str:
        """The condition that no column of the key is null; nothing where none can be."""
        unsure = (name for name in key if not self._schema.by_name[name].required)
        return " AND ".join(f"{quoted(name)} IS NOT NULL" for name in unsure)

    def _simplest(self, aggregate: Aggregate) -> Aggregate:
        """The aggregate, or a simpler one of equal values: what is never null need not be seen."""
        argument = aggregate.argument
        if (
            aggregate.name == "count"
            and isinstance(argument, Column)
            and self._schema.by_name[argument.name].is_sure
        ):
            return replace(aggregate, argument=None)
        return aggregate
