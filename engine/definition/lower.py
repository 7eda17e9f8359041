"""Rewrite surface aggregates to the few that backends implement.

mean, var and std become exact sums and one formula; previous, exists and seconds_since_last become
``last``. The reference backend does not use this module: it computes what authors wrote.
"""

from dataclasses import replace

from engine.definition.infer import type_of
from engine.definition.nodes import (
    Aggregate,
    Call,
    Column,
    Expression,
    FeatureSet,
    Literal,
    Window,
)
from engine.definition.schema import Schema


def lower(features: FeatureSet) -> tuple[Expression, ...]:
    """The features' expressions, in order, with primitive aggregates only."""
    return tuple(
        lower_expression(feature.expression, features.schema) for feature in features.features
    )


def lower_expression(expression: Expression, schema: Schema) -> Expression:
    """``expression`` with primitive aggregates only."""
    match expression:
        case Call(function, args):
            return Call(function, tuple(lower_expression(arg, schema) for arg in args))
        case Aggregate():
            return _lower_aggregate(expression, schema)
        case _:
            return expression


def _lower_aggregate(aggregate: Aggregate, schema: Schema) -> Expression:
    time = Column(schema.event_time)
    match aggregate.name:
        case "mean" | "var" | "std" as name:
            return _from_moments(name, aggregate, schema)
        case "previous":
            return replace(aggregate, name="last", window=Window(None))
        case "seconds_since_last":
            return Call("seconds_between", (time, replace(aggregate, name="last", argument=time)))
        case "exists":
            latest = replace(aggregate, name="last", argument=time)
            return Call("not", (Call("is_null", (latest,)),))
        case _:
            return aggregate


def _from_moments(name: str, aggregate: Aggregate, schema: Schema) -> Call:
    """A formula over power sums, and how many minor units make one of the argument."""
    if aggregate.argument is None:
        raise AssertionError(f"verified aggregates have their arguments (was {aggregate})")
    powers = ("count", "sum") if name == "mean" else ("count", "sum", "sum_of_squares")
    minor_units = type_of(aggregate.argument, schema).minor_units
    return Call(
        f"exact_{name}",
        (*(replace(aggregate, name=power) for power in powers), Literal(minor_units)),
    )
