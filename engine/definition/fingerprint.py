"""The content hash of a feature set: what a model trained on it depends on.

It covers names, order, expressions, the time unit, the types of the columns used and, for a set
that reads labels, the column that says when they became known; not the docs.
"""

import hashlib
import json
from typing import Final

from engine.definition.needs import needs_labels
from engine.definition.nodes import Aggregate, Call, Column, Expression, FeatureSet, Literal
from engine.definition.schema import Schema

# Raise it when a formula of the registries or a rule of the contract changes a value.
LANGUAGE_VERSION: Final = 1


def fingerprint(features: FeatureSet) -> str:
    """64 hexadecimal digits; equal for sets that give equal values under equal names."""
    schema = features.schema
    content = {
        "language": LANGUAGE_VERSION,
        "event_time": [schema.event_time, schema.time_unit],
        "label_time": schema.label_time if needs_labels(features) else None,
        "features": [
            [feature.name, _canonical(feature.expression, schema)] for feature in features.features
        ],
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def identity(features: FeatureSet) -> str:
    """A set for messages: its name, which others may have too, and how its fingerprint begins."""
    return f"{features.name} {fingerprint(features)[:12]}"


def _canonical(expression: Expression, schema: Schema) -> list[object]:
    match expression:
        case Literal(value):
            return ["literal", type(value).__name__, value]
        case Column(name):
            return ["column", name, str(schema.by_name[name].type)]
        case Call(function, args):
            return ["call", function, *(_canonical(arg, schema) for arg in args)]
        case Aggregate(name, argument, key, window, where):
            return [
                "aggregate",
                name,
                None if argument is None else _canonical(argument, schema),
                [[column, str(schema.by_name[column].type)] for column in key],
                window.length,
                window.delay,
                None if where is None else _canonical(where, schema),
            ]
        case _:
            raise AssertionError(f"verified sets hold only expressions (was {expression!r})")
