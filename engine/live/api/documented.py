"""The documentation: what an event looks like, as the schema declares it, and who may ask."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI

from engine.definition.needs import columns_of
from engine.definition.schema import ColumnSpec
from engine.definition.types import Kind
from engine.model.run import Run

_CARD_DIGITS: Final = r"^[0-9]{1,18}$"
_ID: Final = r"^[A-Za-z0-9_.-]{1,64}$"

_EXAMPLE: Final = {
    "trans_num": "6dd90f61ec3b9def0c3f7d0a2c4a5b1e",
    "unix_time": 1735689600,
    "cc_num": "4000111122223333",
    "amt": 129.9,
    "merchant": "fraud_Kirlin and Sons",
    "category": "shopping_net",
    "merch_lat": 40.7,
    "merch_long": -73.9,
}


def event_schema(run: Run) -> dict[str, Any]:
    """The JSON schema of an event: of the columns that the run's feature set reads.

    It is narrower than what is read: numbers may come as text, and further fields are passed over.

    Parameters
    ----------
    run
        A run of the feature set.
    """
    schema = run.features.schema
    wanted = dict.fromkeys((schema.event_time, *columns_of(run.features)))
    columns = [schema.by_name[name] for name in wanted]
    event_id = schema.event_ids[0]
    return {
        "type": "object",
        "title": "Event",
        "description": "A transaction, as the stream has it. Numbers may come as text; fields that "
        "are not named here are not looked at.",
        "properties": {
            event_id: {"type": "string", "pattern": _ID},
            **{column.name: _value(column) for column in columns},
        },
        "required": [event_id, *(column.name for column in columns if column.required)],
        "example": {name: value for name, value in _EXAMPLE.items() if name in {event_id, *wanted}},
    }


def body_schema(most_events: int) -> dict[str, Any]:
    """The JSON schema of a request: one event, or a list of them."""
    event = {"$ref": "#/components/schemas/Event"}
    return {"anyOf": [event, {"type": "array", "items": event, "maxItems": most_events}]}


def complete(
    app: FastAPI, run: Run, models: Mapping[str, Any], *, with_token: bool, without: str
) -> None:
    """Add to the documentation what FastAPI cannot know, as it is checked before.

    Parameters
    ----------
    app
        Whose documentation.
    run
        A run of the feature set.
    models
        Further JSON schemas that it refers to.
    with_token
        Whether a token is needed.
    without
        The path that needs none.
    """
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            found = generate()
            components = found["components"]
            components["schemas"] |= {"Event": event_schema(run), **models}
            if with_token:
                components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
                for path, operations in found["paths"].items():
                    for operation in operations.values():
                        operation["security"] = [] if path == without else [{"token": []}]
        return app.openapi_schema or generate()

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's own way to extend it


def _value(column: ColumnSpec) -> dict[str, Any]:
    value: dict[str, Any]
    match column.type.kind:
        case Kind.CARD:
            # As text: JSON's numbers are doubles to many, which hold 15 digits.
            value = {"type": "string", "pattern": _CARD_DIGITS}
        case Kind.INT | Kind.TIME:
            value = {"type": "integer"}
        case Kind.FLOAT | Kind.MONEY:
            value = {"type": "number"}
        case Kind.BOOL:
            value = {"type": "boolean"}
        case _:
            value = {"type": "string"}
            if column.required:
                value |= {"minLength": 1, "pattern": r"\S"}
    if column.low is not None and column.high is not None:
        value |= {"minimum": column.low, "maximum": column.high}
    return value if column.required else {"anyOf": [value, {"type": "null"}]}
