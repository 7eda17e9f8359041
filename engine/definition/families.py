"""Families of features: those that know of an event by the same, as their definitions say.

A feature belongs to one family:

1. what is computed from labels to the family of known labels, whatever its keys;
2. what looks at histories to that of their keys, but for those that are part of another, as the
   empty key is of each: of ``cc_num`` and ``(cc_num, category)`` the second makes the family. Where
   several are left, such as ``cc_num`` and ``merchant``, they make a family together;
3. what is left looks at the event alone, and is of the card holder or of the transaction.
"""

from dataclasses import dataclass
from typing import Final

from engine.definition.needs import aggregates_in, columns_in
from engine.definition.nodes import Expression, FeatureSet
from engine.definition.personal import is_of_holder
from engine.definition.schema import Schema
from engine.definition.types import Kind

TRANSACTION: Final = "the transaction itself"
HOLDER: Final = "the card holder"
EVERYONE: Final = "everyone"
LABELS: Final = "known labels"

_CARD: Final = "card"


@dataclass(frozen=True, slots=True)
class Family:
    """Features that know of an event by the same.

    Parameters
    ----------
    name
        What people call it, such as ``card × merchant``.
    features
        The names of its features, in the order of their set.
    """

    name: str
    features: tuple[str, ...]


def families_of(features: FeatureSet) -> tuple[Family, ...]:
    """The families of a set, each feature in one, in the order of their first features."""
    found: dict[str, list[str]] = {}
    for feature in features.features:
        found.setdefault(family_of(feature.expression, features.schema), []).append(feature.name)
    return tuple(Family(name, tuple(names)) for name, names in found.items())


def family_of(expression: Expression, schema: Schema) -> str:
    """What the family is called that a feature of this definition belongs to."""
    if schema.label is not None and schema.label in columns_in(expression):
        return LABELS
    keys = {frozenset(aggregate.key) for aggregate in aggregates_in(expression)}
    if not keys:
        return HOLDER if is_of_holder(expression, schema.event_time) else TRANSACTION
    places = {name: place for place, name in enumerate(schema.by_name)}
    exact = [
        sorted(key, key=places.__getitem__)
        for key in keys
        if not any(key < other for other in keys)
    ]
    in_order = sorted(exact, key=lambda key: [places[name] for name in key])
    return " and ".join(
        " × ".join(_called(name, schema) for name in key) or EVERYONE for key in in_order
    )


def _called(name: str, schema: Schema) -> str:
    """The card's column is called card, unless another one is; any other by its name."""
    is_card = schema.by_name[name].type.kind is Kind.CARD
    return _CARD if is_card and _is_free(schema) else name


def _is_free(schema: Schema) -> bool:
    kinds = [column.type.kind for column in schema.columns]
    return _CARD not in schema.by_name and kinds.count(Kind.CARD) == 1
