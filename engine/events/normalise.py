"""Raw batches to canonical events: checked, converted, and the rest refused with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import polars as pl

from engine.definition.schema import Schema
from engine.definition.types import Kind
from engine.errors import InputError
from engine.events.canonical import EVENT_ID, event_dtype
from engine.events.faults import Fault, faults_of, not_an_id, not_held, refused_table
from engine.events.parse import can_hold, can_identify, parse, plain_text


@dataclass(frozen=True, slots=True)
class Normalised:
    """What became of a raw batch.

    Parameters
    ----------
    events
        The canonical frame of the rows that were kept, in their order.
    bad
        The rows that were refused, in their order: ``row`` (0-based index in the raw batch),
        ``column`` and ``kind`` and ``was`` as in ``raw.BAD_SCHEMA``. Each row once, for the first
        column at fault.
    rounded
        How many amounts of money among the kept rows had more decimals than declared.
    """

    events: pl.DataFrame
    bad: pl.DataFrame
    rounded: int


def normalise(raw: pl.DataFrame, schema: Schema, columns: Sequence[str]) -> Normalised:
    """Convert raw rows to canonical events.

    Parameters
    ----------
    raw
        Rows as a file holds them: text, or any dtype that ``parse.can_hold`` the column's type. It
        has at least one event id; a column of ``columns`` that it lacks is null throughout.
    schema
        What the columns are.
    columns
        The schema's columns that are in use.

    Returns
    -------
    Normalised
        The rows kept and refused. A row is refused if a required value is missing, a value cannot
        be read as its type says, a value lies beyond the bounds of its column, required or not, or
        it has no event id. Empty text is a missing value, and so is an event id of
        spaces; other spaces around an event id are no part of it.

    Raises
    ------
    InputError
        If a column is stored as a dtype that cannot hold its type.
    """
    check_dtypes(raw.schema, schema, columns)
    ids, faults = _event_ids(raw, schema)
    values = [ids]
    rounded: list[pl.Series] = []
    for name in columns:
        spec = schema.by_name[name]
        if name not in raw.columns:
            nothing = pl.repeat(None, len(raw), dtype=event_dtype(spec.type), eager=True)
            values.append(nothing.alias(name))
            continue
        column, more_decimals = parse(raw[name], spec, schema.time_unit)
        values.append(column.alias(name))
        faults += faults_of(raw[name], column, spec)
        if more_decimals is not None:
            rounded.append(more_decimals)
    events = pl.DataFrame(values)
    bad = refused_table(faults)
    if faults:
        kept = ~reduce(or_, (fault.rows for fault in faults))
        events = events.filter(kept)
        rounded = [rows & kept for rows in rounded]
    return Normalised(events, bad, sum(int(rows.sum()) for rows in rounded))


def check_dtypes(
    dtypes: pl.Schema, schema: Schema, columns: Sequence[str], *, name: str = "input"
) -> None:
    """Refuse columns that are stored as something their type cannot be read from.

    Raises
    ------
    InputError
        Naming the input, the column and both types.
    """
    for column, dtype in dtypes.items():
        if column in schema.event_ids and not can_identify(dtype):
            raise InputError(
                f"{name}: {not_an_id(column)} (was {dtype})",
                hint="store it as text",
            )
        if column in columns and not can_hold(dtype, schema.by_name[column].type):
            type_ = schema.by_name[column].type
            whole = type_.kind in {Kind.CARD, Kind.TEXT}
            raise InputError(
                f"{name}: column {column!r} {not_held(type_)} (was stored as {dtype})",
                hint=f"store it as {'text or whole numbers' if whole else 'numbers or text'}",
            )


def _event_ids(raw: pl.DataFrame, schema: Schema) -> tuple[pl.Series, list[Fault]]:
    """The first id that each row has, as text without spaces around it."""
    present = [name for name in schema.event_ids if name in raw.columns]
    ids: pl.Series | None = None
    for name in present:
        text = plain_text(raw[name])
        if not raw[name].dtype.is_integer():
            spaced = text.str.starts_with(" ") | text.str.ends_with(" ")
            if spaced.any():
                text = text.str.strip_chars(" ")
        empty = text == ""
        if empty.any():
            text = text.set(empty, None)
        ids = text if ids is None else ids.zip_with(ids.is_not_null(), text)
        if not ids.null_count():
            return ids.alias(EVENT_ID), []
    if ids is None:
        raise InputError(
            f"no column identifies an event (was none of {', '.join(schema.event_ids)})",
            hint=f"name one of them {schema.event_ids[0]!r}",
        )
    missing = Fault(present[0], ids.is_null(), f"event id is missing ({', '.join(present)})")
    return ids.alias(EVENT_ID), [missing]
