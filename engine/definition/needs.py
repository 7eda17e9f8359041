"""Which columns of a log a feature set reads."""

from collections.abc import Iterator

from engine.definition.nodes import Aggregate, Call, Column, Expression, FeatureSet


def columns_of(features: FeatureSet) -> tuple[str, ...]:
    """The schema's columns that ``features`` reads, in the schema's order, event_time always."""
    schema = features.schema
    used = {schema.event_time}
    for feature in features.features:
        used.update(columns_in(feature.expression))
    if schema.label in used and schema.label_time in schema.by_name:
        used.add(schema.label_time)
    return tuple(name for name in schema.by_name if name in used)


def needs_labels(features: FeatureSet) -> bool:
    """Whether a feature is computed from labels, so that a live run needs a source of them."""
    return features.schema.label in columns_of(features)


def columns_in(expression: Expression) -> Iterator[str]:
    """The columns an expression names, keys included, with repetitions."""
    match expression:
        case Column(name):
            yield name
        case Call(_, args):
            for arg in args:
                yield from columns_in(arg)
        case Aggregate(_, argument, key, _, where):
            yield from key
            for inner in (argument, where):
                if inner is not None:
                    yield from columns_in(inner)
        case _:
            pass


def aggregates_in(expression: Expression) -> Iterator[Aggregate]:
    """The aggregates of an expression, in the order in which they are written, with repetitions."""
    match expression:
        case Aggregate():
            yield expression
        case Call(_, args):
            for arg in args:
                yield from aggregates_in(arg)
        case _:
            pass
