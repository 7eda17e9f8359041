"""One raw event, as JSON has it, to canonical values: what ``normalise`` makes of its row.

The row is that of a frame that has every column, each as its value is stored in JSON:

=================== =============================================================================
JSON                column
=================== =============================================================================
text                String; Binary where it cannot be written as UTF-8 (half a surrogate pair)
whole number        the first of Int64, UInt64 and Int128 that holds it; beyond, String
other number        Float64: an amount of money counts as the shortest decimal that reads back as
                    the double, and is rounded half to even as that
true, false         Boolean
null, or no key     Null
list, object        none: it cannot be read
=================== =============================================================================

A file that stores a column as what its type cannot be read from is refused whole; of events, only
the one is.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

import polars as pl

from engine.definition.schema import Schema
from engine.definition.types import Kind
from engine.events.canonical import EVENT_ID
from engine.events.faults import faults_of, not_an_id, not_held, shown_at
from engine.events.normalise import normalise
from engine.events.parse import can_hold, can_identify, parse
from engine.events.plain import (
    INT64,
    is_unicode,
    plain_reader,
    rounded_reader,
    row_reader,
)
from engine.events.reasons import WAS, shown

_WHOLE: Final[dict[pl.DataType, range]] = {
    pl.Int64(): INT64,
    pl.UInt64(): range(2**64),
    pl.Int128(): range(-(2**127), 2**127),
}
_MOST_REMEMBERED: Final = 1_024
_SHORT: Final = 64  # characters


class Canonical(NamedTuple):
    """An event as a canonical frame holds it.

    Parameters
    ----------
    event_id
        Its id.
    values
        Its values, in the order of the reader's columns.
    rounded
        Whether an amount of money had more decimals than declared.
    """

    event_id: str
    values: tuple[Any, ...]
    rounded: bool


class Partial(NamedTuple):
    """An event of which some columns may not be readable.

    Parameters
    ----------
    event_id
        Its id.
    values
        Its values, in the order of the reader's columns; None where one could not be read.
    rounded
        The columns whose amounts had more decimals than declared.
    refused
        By column why it could not be read, in the order of the columns.
    """

    event_id: str
    values: tuple[Any, ...]
    rounded: Collection[str]
    refused: "Mapping[str, Refused]"


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was refused.

    Parameters
    ----------
    event_id
        Its id, where that could be read.
    column, kind, was
        As in ``raw.BAD_SCHEMA``.
    """

    event_id: str | None
    column: str
    kind: str
    was: str | None

    @property
    def reason(self) -> str:
        """Why, as the quarantine words it."""
        return self.kind if self.was is None else self.kind + WAS.format(self.was)


class SingleReader:
    """Reads events one by one.

    Parameters
    ----------
    schema
        What the columns are.
    columns
        The schema's columns that are in use.

    Notes
    -----
    Values as they usually come are read at once, and whole events of them in a few microseconds
    (``engine.events.plain``). For the others, and for every refusal, the batch's own functions are
    asked, which takes some hundred times as long.
    """

    def __init__(self, schema: Schema, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._schema = schema
        self._ids = schema.event_ids
        self._specs = tuple(schema.by_name[name] for name in self.columns)
        self._row = row_reader(self._specs)
        self._plain = tuple(plain_reader(spec) for spec in self._specs)
        # Who sends nonsense sends the same again and again.
        self._odd_text = lru_cache(_MOST_REMEMBERED)(self._odd_value)
        self._amounts = {
            spec.name: rounded_reader(spec) for spec in self._specs if spec.type.kind is Kind.MONEY
        }

    def read(self, raw: Mapping[str, Any]) -> Canonical | Refused:
        """Check and convert an event.

        Parameters
        ----------
        raw
            An object of decoded JSON. Keys that are no columns are not looked at.

        Returns
        -------
        Canonical or Refused
            Refused as ``normalise`` refuses a row, for its first fault: the event id, then the
            columns in their order. Ids after the first that there is are not looked at.
        """
        found = self.read_columns(raw)
        if isinstance(found, Refused):
            return found
        for refused in found.refused.values():
            return refused
        return Canonical(found.event_id, found.values, bool(found.rounded))

    def read_columns(self, raw: Mapping[str, Any]) -> Partial | Refused:
        """Check and convert what can be of an event.

        Parameters
        ----------
        raw
            As for :meth:`read`.

        Returns
        -------
        Partial or Refused
            Refused if its id cannot be read.
        """
        event_id = self._event_id(raw)
        if isinstance(event_id, Refused):
            return event_id
        try:
            return Partial(event_id, self._row(raw.get), (), {})
        except ValueError:
            return self._by_columns(event_id, raw)

    def _event_id(self, raw: Mapping[str, Any]) -> str | Refused:
        for name in self._ids:
            value = raw.get(name)
            if type(value) is str and is_unicode(value):
                event_id = value.strip(" ")
                if event_id:
                    return event_id
            elif type(value) is int and value in INT64:
                return str(value)
            elif value is not None:
                break
        return self._odd_event_id(raw)

    def _odd_event_id(self, raw: Mapping[str, Any]) -> str | Refused:
        for name in self._ids:
            value = raw.get(name)
            stored = _stored(name, value)
            if stored is None or not can_identify(stored.dtype):
                return Refused(None, name, not_an_id(name), _shown(value))
            for event_id in normalise(stored.to_frame(), self._schema, ()).events[EVENT_ID]:
                return str(event_id)
        nothing = pl.DataFrame({name: [None] for name in self._ids})
        ((_, column, kind, was),) = normalise(nothing, self._schema, ()).bad.rows()
        return Refused(None, column, kind, was)

    def _by_columns(self, event_id: str, raw: Mapping[str, Any]) -> Partial:
        """What can be read of an event that is not plain."""
        values: list[Any] = []
        rounded: list[str] = []
        refused: dict[str, Refused] = {}
        for spec, plain in zip(self._specs, self._plain, strict=True):
            value = raw.get(spec.name)
            try:
                values.append(plain(value))
            except ValueError:
                is_short = value is None or (type(value) is str and len(value) <= _SHORT)
                is_short = is_short and spec.type.kind is not Kind.CARD
                ask = self._odd_text if is_short else self._odd_value
                odd = ask(spec.name, value)
                if isinstance(odd, Refused):
                    refused[spec.name] = replace(odd, event_id=event_id)
                    odd = (None, False)
                values.append(odd[0])
                if odd[1]:
                    rounded.append(spec.name)
        return Partial(event_id, tuple(values), rounded, refused)

    def _odd_value(self, name: str, value: object) -> tuple[Any, bool] | Refused:
        """A value and whether it was rounded, or why it is refused, of whichever event."""
        spec = self._schema.by_name[name]
        if spec.name in self._amounts:
            with suppress(ValueError):
                return self._amounts[spec.name](value)
        stored = _stored(spec.name, value)
        if stored is None or not can_hold(stored.dtype, spec.type):
            was = _shown(value, secret=spec.type.kind is Kind.CARD)
            return Refused(None, spec.name, f"{spec.name} {not_held(spec.type)}", was)
        values, rounded = parse(stored, spec, self._schema.time_unit)
        for fault in faults_of(stored, values, spec):
            for reason in shown_at(fault, fault.rows.arg_true()):
                return Refused(None, fault.column, fault.kind, reason)
        return values.item(), rounded is not None and rounded.item()


def _stored(name: str, value: object) -> pl.Series | None:
    """A column that holds a value of JSON alone; None of lists, objects and what JSON has not."""
    dtype: pl.DataType
    match value:
        case None:
            dtype = pl.Null()
        case bool():
            dtype = pl.Boolean()
        case float():
            dtype = pl.Float64()
        case int():
            dtype = next((dtype for dtype, held in _WHOLE.items() if value in held), pl.String())
            if dtype == pl.String:  # through Decimal: int writes no more than 4,300 digits
                value = f"{Decimal(value):f}"
        case str() if is_unicode(value):
            dtype = pl.String()
        case str():
            dtype, value = pl.Binary(), value.encode("utf-8", "surrogatepass")
        case _:
            return None
    return pl.Series(name, [value], dtype=dtype)


def _shown(value: object, *, secret: bool = False) -> str:
    """A value that is stored as what its column cannot be."""
    match value:
        case bool():
            return "true" if value else "false"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return shown(str(value), quoted=False, secret=secret)
