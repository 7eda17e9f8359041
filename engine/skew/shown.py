"""Values as they may be shown: cards masked, and nothing that tells who somebody is."""

from datetime import UTC, datetime, timedelta
from typing import Final

from engine.definition.nodes import Expression
from engine.definition.personal import PERSONAL, is_personal
from engine.definition.schema import ColumnSpec, TimeUnit
from engine.definition.types import Kind

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS: Final[dict[TimeUnit, int]] = {"s": 1_000_000, "ms": 1_000, "us": 1}
_KEPT_DIGITS: Final = 10_000
_HIDDEN: Final = "(not shown)"

Cell = str | int | float | bool | None


def shown_cell(value: object, column: ColumnSpec, unit: TimeUnit) -> Cell:
    """A column's value: a card by its last four digits, money in major units, time in UTC."""
    if value is None:
        return None
    if column.name in PERSONAL:
        return _HIDDEN
    match column.type.kind, value:
        case Kind.CARD, int(card):
            shown: Cell = f"************{card % _KEPT_DIGITS:04d}"
        case Kind.MONEY, int(minor):
            shown = _money(minor, column.type.scale)
        case Kind.TIME, int(ticks):
            shown = shown_time(ticks, unit)
        case _, str() | int() | float():
            shown = value
        case _:
            shown = str(value)
    return shown


def shown_time(ticks: int, unit: TimeUnit) -> str:
    """An instant in UTC; beyond the years of the calendar the number of ticks."""
    try:
        instant = _EPOCH + timedelta(microseconds=ticks * _MICROSECONDS[unit])
    except OverflowError:
        return str(ticks)
    return instant.replace(tzinfo=None).isoformat(" ")


def shown_value(value: object, expression: Expression) -> dict[str, Cell]:
    """A feature's value so that its bits can be told, unless it is a personal column's as it is."""
    if value is not None and is_personal(expression):
        return {"value": _HIDDEN, "hex": None}
    if isinstance(value, float):
        return {"value": repr(value), "hex": value.hex()}
    return {"value": None if value is None else repr(value), "hex": None}


def _money(minor: int, scale: int) -> str:
    sign = "-" if minor < 0 else ""
    whole, part = divmod(abs(minor), 10**scale)
    return f"{sign}{whole}.{part:0{scale}d}" if scale else f"{sign}{whole}"
