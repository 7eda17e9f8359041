"""Compile a feature set to one SQL query over its events.

Pure: no data, no connection. The query is a chain of common table expressions: the events with
their positions; for each key one pass over its windows, which are named; and the features. What it
reads the events from is for the caller to say: the backend has a table, ``engine.sql`` a file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.backends.duckdb.breaking import indented
from engine.backends.duckdb.expressions import Expressions
from engine.backends.duckdb.layout import Item, cte, items, listed
from engine.backends.duckdb.macros import Macro, macros_of
from engine.backends.duckdb.names import Names
from engine.backends.duckdb.sql import Sql, quoted
from engine.backends.duckdb.windowed import KeyWindows, Windowed
from engine.backends.duckdb.windows import Place, fits_64_bits
from engine.definition.lower import lower
from engine.definition.needs import aggregates_in, columns_of
from engine.definition.nodes import Column, Feature, FeatureSet, Literal
from engine.definition.types import Kind, Type
from engine.events.canonical import EVENT_ID

LOG: Final = "log"
_EVENTS: Final = "events"
_AS_THEY_ARE: Final = frozenset({Kind.INT, Kind.FLOAT, Kind.TEXT})


@dataclass(frozen=True, slots=True)
class Query:
    """A compiled feature set.

    Parameters
    ----------
    columns
        The columns of the schema that it reads.
    arrival
        The column of the log that it orders events of one instant by.
    macros
        What has to be made first.
    tables
        The common table expressions between the log and the features.
    selected
        The features.
    last
        The name of the last of ``tables``.
    """

    columns: tuple[str, ...]
    arrival: str
    macros: tuple[Macro, ...]
    tables: tuple[tuple[str, ...], ...]
    selected: tuple[Item, ...]
    last: str

    def text(self, before: Sequence[Sequence[str]] = (), passed: Sequence[Item] = ()) -> str:
        """The query, over a table ``log`` that there is or that the first of its tables makes.

        Parameters
        ----------
        before
            Common table expressions to put before its own.
        passed
            What to select before the features.
        """
        tables = [",\n".join("\n".join(table) for table in (*before, *self.tables))]
        lines = ["SELECT", *items([*passed, *self.selected]), f"FROM {self.last}"]
        return "\n".join(["WITH", *tables, *lines, f"ORDER BY {self.arrival}"])


@dataclass(frozen=True, slots=True)
class _Table:
    """Columns over windows of one key, beside all that there was before."""

    name: str
    comment: str
    source: str
    columns: Sequence[Item]
    windows: Sequence[Item]

    @property
    def lines(self) -> list[str]:
        """The common table expression."""
        body = ["SELECT", *indented(["*,"]), *items(self.columns), f"FROM {self.source}"]
        return cte(self.name, [self.comment], [*body, "WINDOW", *items(self.windows)])


def compile_features(features: FeatureSet, carried: tuple[str, ...] = ()) -> Query:
    """The query of a verified feature set.

    Parameters
    ----------
    features
        The feature set.
    carried
        Columns of the log that are to be there beside the features.
    """
    schema = features.schema
    expressions = lower(features)
    aggregates = [node for root in expressions for node in aggregates_in(root)]
    names = Names({*schema.by_name, *features.names, EVENT_ID})
    place = Place(arrival=names.new("arrival"), position=names.new("position"))
    windowed = Windowed(schema, names, place)
    for aggregate in aggregates:
        windowed.column(aggregate)
    compiler = Expressions(schema, windowed=windowed.column)
    columns = columns_of(features)
    selected = []
    for feature, expression in zip(features.features, expressions, strict=True):
        built = compiler.feature(expression)
        selected.append(Item((built.text, f"AS {quoted(feature.name)}"), feature.doc))
        if _has_name(feature, compiler.type_of(expression), {*schema.by_name, *carried}):
            compiler.known.setdefault(expression, Sql(quoted(feature.name)))
    used = {"instant", *windowed.used, *compiler.used}
    narrow = fits_64_bits(schema, (aggregate.window for aggregate in aggregates))
    tables = [_events(columns, carried, place, schema.event_time, windowed.operands)]
    last = _EVENTS
    for of_key in windowed.keys.values():
        for table in _tables(of_key, last):
            tables.append(table.lines)
            last = table.name
    return Query(
        columns=columns,
        arrival=place.arrival,
        macros=macros_of(schema, used, narrow=narrow),
        tables=tuple(map(tuple, tables)),
        selected=tuple(selected),
        last=last,
    )


def _has_name(feature: Feature, type_: Type, columns: set[str]) -> bool:
    """Whether later features may call this one by its name.

    Not where it is converted on its way out, nor where the name is that of a column, which SQL
    looks for first, whatever its case.
    """
    taken = {name.lower() for name in columns}
    return (
        not isinstance(feature.expression, Column | Literal)
        and type_.kind in _AS_THEY_ARE
        and feature.name.lower() not in taken
    )


def _events(
    columns: Sequence[str], carried: Sequence[str], place: Place, time: str, operands: list[Item]
) -> list[str]:
    read = [place.arrival, *dict.fromkeys((*carried, *columns))]
    computed = [
        Item((f"instant({quoted(time)}) + {place.arrival}", f"AS {place.position}")),
        *operands,
    ]
    return cte(
        _EVENTS,
        ["the events, each with its position in their order"],
        [
            "SELECT",
            *indented(listed([quoted(name) for name in read])),
            *items(computed),
            f"FROM {LOG}",
        ],
    )


def _tables(of_key: KeyWindows, source: str) -> Iterator[_Table]:
    """How many events each event sees of a key, and what is computed of so many."""
    base = of_key.base.cells[0]
    before = f"with its {' and '.join(of_key.key)}" if of_key.key else "of the whole stream"
    if of_key.sizes:
        comment = f"how many events each event sees of those before it {before}"
        table = _Table(
            f"sizes_{base}", comment, source, of_key.sizes, [of_key.base, *of_key.size_windows]
        )
        yield table
        source = table.name
    if of_key.columns:
        comment = f"what it sees of those before it {before}"
        yield _Table(
            f"windows_{base}",
            comment,
            source,
            of_key.columns,
            [of_key.base, *of_key.column_windows],
        )
