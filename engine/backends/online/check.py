"""Events from elsewhere are looked at before state is touched: types, bounds, what is required."""

import math
from collections.abc import Mapping
from typing import Any, Final

from engine.definition.schema import ColumnSpec, Schema
from engine.definition.types import Kind
from engine.errors import InputError
from engine.events.canonical import EVENT_ID
from engine.events.parse import LAST_CARD

_TYPES: Final[dict[Kind, type]] = {
    Kind.INT: int,
    Kind.FLOAT: float,
    Kind.MONEY: int,
    Kind.TEXT: str,
    Kind.CARD: int,
    Kind.BOOL: bool,
    Kind.TIME: int,
}
# What a canonical frame holds.
_RANGES: Final[dict[Kind, range]] = {
    Kind.INT: range(-(2**63), 2**63),
    Kind.MONEY: range(-(2**63), 2**63),
    Kind.CARD: range(LAST_CARD + 1),  # of which logs have none either
    Kind.TIME: range(-(2**63), 2**63),
}
_HELD: Final[dict[Kind, str]] = {
    Kind.INT: "a whole number",
    Kind.FLOAT: "a finite float",
    Kind.MONEY: "a whole number of minor units: 1234 for 12.34",
    Kind.TEXT: "text",
    Kind.CARD: "a whole number of up to 19 digits",
    Kind.BOOL: "True or False",
    Kind.TIME: "a whole number of ticks of the schema's unit",
}


def row_of(event: Mapping[str, Any], schema: Schema, columns: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of an event in the order of ``columns``, its id first.

    Raises
    ------
    InputError
        If it is no event, or a value is not as a canonical frame holds it
        (``engine.events.canonical``).
    """
    if not isinstance(event, Mapping):
        raise InputError(
            f"an event is its columns by name (was {type(event).__name__})",
            hint='give a dict such as {"event_id": "e1", …}; observe_row takes a row',
        )
    row = tuple(map(event.get, columns))
    if not isinstance(row[0], str) or not _is_text(row[0]):
        raise InputError(
            f"{EVENT_ID}: an event has an id, a text (was {row[0]!r})",
            hint=f"give it under {EVENT_ID!r}: by its id a second arrival is known",
        )
    for name, value in zip(columns[1:], row[1:], strict=True):
        check_value(schema.by_name[name], value)
    return row


def check_value(column: ColumnSpec, value: object) -> None:
    """Refuse a value that a column of a canonical frame could not hold.

    Raises
    ------
    InputError
        If it is missing and required, of another type, not finite or out of bounds.
    """
    kind = column.type.kind
    # A card is nobody's business.
    shown = "not shown" if kind is Kind.CARD else f"was {value!r}"
    if value is None:
        if column.required:
            raise InputError(
                f"{column.name}: missing, and an event must have it ({shown})",
                hint="keep it apart with the reason, as the build does",
            )
        return
    if not _is_held(value, kind):
        raise InputError(f"{column.name}: not as it is held ({shown})", hint=f"give {_HELD[kind]}")
    if column.low is None or column.high is None or not isinstance(value, int | float):
        return
    number = value / column.type.minor_units if kind is Kind.MONEY else value
    if not column.low <= number <= column.high:
        raise InputError(
            f"{column.name}: beyond {column.low} to {column.high} ({shown})",
            hint="keep it apart with the reason, as the build does",
        )


def _is_held(value: object, kind: Kind) -> bool:
    """Whether a value is of a kind's type, and one that a canonical frame has room for."""
    if type(value) is not _TYPES[kind]:  # not a subclass either: True is no whole number
        return False
    match value:
        case float():
            return math.isfinite(value)
        case str():
            return _is_text(value)
        case _:
            return kind not in _RANGES or value in _RANGES[kind]


def _is_text(value: str) -> bool:
    """Whether text can be written as UTF-8; half of a surrogate pair, as JSON may tell, cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
