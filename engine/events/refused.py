"""What to say of a log of which no row could be read."""

from typing import Final

from engine.definition.schema import Schema
from engine.errors import InputError
from engine.events.lines import TOO_FEW, TOO_MANY
from engine.events.quarantine import Quarantine
from engine.words import counted

_MOST_REASONS: Final = 3
_UNITS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds"}
_FINER: Final = {
    "s": "divide milliseconds by 1000",
    "ms": "divide microseconds by 1000",
    "us": "divide nanoseconds by 1000",
}
_COARSER: Final = {
    "s": "a day is 86400 of them",
    "ms": "multiply seconds by 1000",
    "us": "multiply milliseconds by 1000",
}


def everything_refused(quarantine: Quarantine, schema: Schema) -> InputError:
    """The error that a log is when all of its rows were refused, with the commonest reasons."""
    common = quarantine.by_kind.most_common(_MOST_REASONS)
    reasons = "; ".join(
        f"{count:,} × {kind}, first at {quarantine.first[kind]}" for kind, count in common
    )
    more = len(quarantine.by_kind) - len(common)
    others = f"; and {counted(more, 'other reason')}" if more else ""
    return InputError(
        f"every row was refused (was {counted(quarantine.total, 'row')}): {reasons}{others}",
        hint=_hint(common[0][0], schema),
    )


def _hint(kind: str, schema: Schema) -> str:
    if kind in {TOO_FEW, TOO_MANY}:
        return "the rows may be delimited otherwise than the header: use | or commas in all lines"
    time = schema.event_time
    if kind.startswith(f"{time} "):
        unit = schema.time_unit
        step = _COARSER[unit] if kind.startswith(f"{time} below") else _FINER[unit]
        return f"{time} is in {_UNITS[unit]} since 1970 as a whole number; {step}"
    return "check that each column holds what its name says, in the right unit and form"
