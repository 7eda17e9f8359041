"""The schema that conformance tests are written in, and canonical frames of it in few words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from engine.definition import (
    FLOAT,
    INT,
    POS,
    TIME,
    ColumnSpec,
    FeatureSet,
    Schema,
    feature,
    feature_set,
    money_type,
)
from engine.definition.nodes import Expression
from engine.definition.schema import TimeUnit
from engine.definition.types import BOOL
from engine.events.canonical import event_schema

UNITS: tuple[TimeUnit, ...] = ("s", "ms", "us")
MEMORY = 2**30  # what a backend may take

# POS with every column but the time optional, times without bounds, refunds, and a column of each
# type that POS has not.
_COLUMNS = (
    *(
        replace(column, required=False)
        for column in POS.columns
        if column.name not in {"unix_time", "amt", "label_time"}
    ),
    ColumnSpec("unix_time", TIME, required=True),
    ColumnSpec("amt", money_type(2), low=-10_000_000.0, high=10_000_000.0),
    ColumnSpec("label_time", TIME),
    ColumnSpec("tip", money_type(3), low=-1_000.0, high=1_000.0),
    ColumnSpec("points", INT, low=-(2**30), high=2**30),
    ColumnSpec("terminal", INT),
    ColumnSpec("online", BOOL),
    ColumnSpec("speed", FLOAT),
    ColumnSpec("posted", TIME),
)


def schema_in(unit: TimeUnit) -> Schema:
    """The schema of the tests, its times counted in ``unit``."""
    return replace(POS, name="log", columns=_COLUMNS, time_unit=unit)


LOG = schema_in("s")


def log(schema: Schema = LOG, **columns: object) -> pl.DataFrame:
    """A canonical frame; a single value holds for all rows, a column left out is null.

    ``label_time`` is there only when given: a log may not carry it.
    """
    height = next(len(values) for values in columns.values() if isinstance(values, list))
    names = tuple(name for name in schema.by_name if name != "label_time" or name in columns)
    dtypes = event_schema(schema, names)
    data: dict[str, list[object]] = {"event_id": [f"e{row}" for row in range(height)]}
    for name in names:
        values = columns.pop(name, None)
        data[name] = values if isinstance(values, list) else [values] * height
    assert not columns, f"no such columns: {sorted(columns)}"
    return pl.DataFrame(data, schema=dtypes)


def log_of_rows(schema: Schema, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """A canonical frame of rows that all have the same columns."""
    if not rows:
        names = tuple(name for name in schema.by_name if name != "label_time")
        return pl.DataFrame(schema=event_schema(schema, names))
    return log(schema, **{name: [row[name] for row in rows] for name in rows[0]})


def over(schema: Schema, features: FeatureSet) -> FeatureSet:
    """The same features over another schema."""
    return feature_set(features.name, schema, features.features)


def single(expression: Expression, schema: Schema = LOG) -> FeatureSet:
    """A set of one feature, ``x``."""
    return feature_set("single", schema, [feature("x", expression, "under test")])
