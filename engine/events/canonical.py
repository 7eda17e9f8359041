"""Canonical events: the one form in which every backend receives a log.

A canonical frame is a polars frame of a log's rows in arrival order, without duplicates, holding

- ``event_id``, String;
- each column of the schema that is in use, checked and within its bounds, in the physical type
  below. Text may be String or Categorical.
"""

from collections.abc import Collection
from typing import Final

import polars as pl

from engine.definition.infer import type_of
from engine.definition.nodes import FeatureSet
from engine.definition.schema import Schema
from engine.definition.types import Kind, Type

EVENT_ID: Final = "event_id"

_PHYSICAL: Final[dict[Kind, pl.DataType]] = {
    Kind.INT: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.MONEY: pl.Int64(),  # minor units
    Kind.TEXT: pl.String(),
    Kind.CARD: pl.UInt64(),  # 19 digits pass int64
    Kind.BOOL: pl.Boolean(),
    Kind.TIME: pl.Int64(),  # ticks of the schema's unit
}

# What a feature of each kind is in an output; CARD and TIME are refused as features.
_FEATURE: Final[dict[Kind, pl.DataType]] = {
    Kind.INT: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.MONEY: pl.Float64(),  # major units
    Kind.TEXT: pl.String(),
    Kind.BOOL: pl.Int8(),
}


def event_dtype(type_: Type) -> pl.DataType:
    """The dtype of a column of ``type_`` in a canonical frame."""
    return _PHYSICAL[type_.kind]


def feature_dtype(type_: Type) -> pl.DataType:
    """The dtype of a feature of ``type_`` in a backend's output."""
    return _FEATURE[type_.kind]


def event_schema(schema: Schema, columns: tuple[str, ...]) -> dict[str, pl.DataType]:
    """The dtypes of a canonical frame that holds ``columns`` of ``schema``."""
    return {EVENT_ID: pl.String()} | {
        name: event_dtype(schema.by_name[name].type) for name in columns
    }


def identity_columns(schema: Schema, present: Collection[str]) -> tuple[str, ...]:
    """What stands before the features of an event: its id, cards, event_time, the label if there.

    Parameters
    ----------
    schema
        The schema of the events.
    present
        The columns that the log has.
    """
    cards = (column.name for column in schema.columns if column.type.kind is Kind.CARD)
    label = () if schema.label is None or schema.label not in present else (schema.label,)
    return (EVENT_ID, *cards, schema.event_time, *label)


def feature_schema(features: FeatureSet) -> dict[str, pl.DataType]:
    """The columns of a backend's output."""
    return {
        feature.name: feature_dtype(type_of(feature.expression, features.schema))
        for feature in features.features
    }
