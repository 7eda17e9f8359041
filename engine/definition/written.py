"""A feature set as JSON and back: so that what was built or trained on it carries it along.

What is read is data: it is put together from this language's nodes and verified like any other
set, and nothing of it is run. Sets of equal content are written alike, and come back equal, with
the same fingerprint.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from engine.definition.nodes import (
    Aggregate,
    Call,
    Column,
    Expression,
    Feature,
    FeatureSet,
    Literal,
    Window,
)
from engine.definition.schema import ColumnSpec, Schema
from engine.definition.types import Kind, Type
from engine.definition.verify import verify
from engine.errors import DefinitionError

FORMAT: Final = 1

_T = TypeVar("_T")

# What literals may be: 1, 1.0 and true are different ones.
_SCALARS: Final[dict[str, type]] = {"bool": bool, "int": int, "float": float, "str": str}


def as_json(features: FeatureSet) -> dict[str, Any]:
    """All of a feature set, with its schema and docs."""
    return {
        "format": FORMAT,
        "name": features.name,
        "schema": _schema(features.schema),
        "features": [
            [feature.name, _expression(feature.expression), feature.doc]
            for feature in features.features
        ],
    }


def of_json(content: object) -> FeatureSet:
    """The feature set that :func:`as_json` wrote.

    Raises
    ------
    DefinitionError
        If it is none, or what it says is not well formed.
    """
    try:
        return _feature_set(content)
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise DefinitionError(
            f"not a written feature set (was {type(error).__name__}: {error})",
            hint="take the file as it was made",
        ) from error


def _feature_set(content: Any) -> FeatureSet:  # noqa: ANN401 - whatever a file holds
    if _is(int, content["format"]) != FORMAT:
        raise DefinitionError(
            f"a feature set in a format that this code does not know (was {content['format']!r}, "
            f"not {FORMAT})",
            hint="use the version of the code that wrote it",
        )
    made = FeatureSet(
        _is(str, content["name"]),
        _schema_of(content["schema"]),
        tuple(
            Feature(_is(str, name), _expression_of(told), _is(str, doc))
            for name, told, doc in content["features"]
        ),
    )
    verify(made)
    return made


def _is(kind: type[_T], value: object) -> _T:
    """The value, which is of a type and of no narrower one: true is no number."""
    if type(value) is not kind:
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _schema(schema: Schema) -> dict[str, Any]:
    return {
        "name": schema.name,
        "columns": [_column(column) for column in schema.columns],
        "event_ids": list(schema.event_ids),
        "event_time": schema.event_time,
        "time_unit": schema.time_unit,
        "label_time": schema.label_time,
    }


def _column(column: ColumnSpec) -> dict[str, Any]:
    return {
        "name": column.name,
        "kind": column.type.kind.value,
        "scale": column.type.scale,
        "required": column.required,
        "low": column.low,
        "high": column.high,
        "label": column.label,
    }


def _schema_of(told: Mapping[str, Any]) -> Schema:
    label_time = told["label_time"]
    return Schema(
        name=_is(str, told["name"]),
        columns=tuple(map(_column_of, told["columns"])),
        event_ids=tuple(_is(str, each) for each in _is(list, told["event_ids"])),
        event_time=_is(str, told["event_time"]),
        time_unit=told["time_unit"],  # the schema refuses others
        label_time=None if label_time is None else _is(str, label_time),
    )


def _column_of(told: Mapping[str, Any]) -> ColumnSpec:
    return ColumnSpec(
        name=_is(str, told["name"]),
        type=Type(Kind(told["kind"]), _is(int, told["scale"])),
        required=_is(bool, told["required"]),
        low=told["low"],  # the column refuses what is no bound
        high=told["high"],
        label=_is(bool, told["label"]),
    )


def _expression(expression: Expression) -> list[Any]:
    match expression:
        case Literal(value):
            return ["literal", type(value).__name__, value]
        case Column(name):
            return ["column", name]
        case Call(function, args):
            return ["call", function, *map(_expression, args)]
        case Aggregate(name, argument, key, window, where):
            return [
                "aggregate",
                name,
                None if argument is None else _expression(argument),
                list(key),
                window.length,
                window.delay,
                None if where is None else _expression(where),
            ]
        case _:
            raise AssertionError(f"verified sets hold only expressions (was {expression!r})")


def _expression_of(told: Any) -> Expression:  # noqa: ANN401 - whatever a file holds
    match told:
        case ["literal", str(kind), bool() | int() | float() | str() as value] if type(
            value
        ) is _SCALARS.get(kind):
            return Literal(value)
        case ["column", str(name)]:
            return Column(name)
        case ["call", str(function), *args]:
            return Call(function, tuple(map(_expression_of, args)))
        case ["aggregate", str(name), argument, list(key), length, delay, where]:
            return Aggregate(
                name,
                None if argument is None else _expression_of(argument),
                tuple(_is(str, column) for column in key),
                Window(None if length is None else _is(int, length), _is(int, delay)),
                None if where is None else _expression_of(where),
            )
        case _:
            raise ValueError(f"no expression: {str(told)[:80]}")
