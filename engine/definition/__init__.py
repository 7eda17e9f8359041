"""The definition language: what a feature is, once, for every engine.

Importing it imports no engine.
"""

from engine.definition.dsl import (
    absolute,
    age,
    column,
    day_of_week,
    feature,
    feature_set,
    haversine_km,
    hour,
    if_else,
    key,
    ln,
    log1p,
    seconds_between,
    sqrt,
)
from engine.definition.fingerprint import fingerprint, identity
from engine.definition.nodes import Feature, FeatureSet
from engine.definition.schema import POS, ColumnSpec, Schema
from engine.definition.types import CARD, FLOAT, INT, TEXT, TIME, money_type

__all__ = [
    "CARD",
    "FLOAT",
    "INT",
    "POS",
    "TEXT",
    "TIME",
    "ColumnSpec",
    "Feature",
    "FeatureSet",
    "Schema",
    "absolute",
    "age",
    "column",
    "day_of_week",
    "feature",
    "feature_set",
    "fingerprint",
    "haversine_km",
    "hour",
    "identity",
    "if_else",
    "key",
    "ln",
    "log1p",
    "money_type",
    "seconds_between",
    "sqrt",
]
