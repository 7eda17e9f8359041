"""What is wrong with the rows of a raw batch, and how the quarantine words it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

import polars as pl

from engine.definition.schema import ColumnSpec
from engine.definition.types import Kind, Type
from engine.events.parse import plain_text
from engine.events.reasons import shown, texts

_UNREADABLE: Final[dict[Kind, str]] = {
    Kind.INT: "is not a whole number",
    Kind.FLOAT: "is not a number",
    Kind.MONEY: "is not a number",
    Kind.TEXT: "is not UTF-8",
    Kind.CARD: "is not a number of up to 19 digits",
    Kind.BOOL: "is neither true nor false",
    Kind.TIME: "is not a whole number",
}

# One row per refused row: its 0-based index in the raw batch, and the rest as in raw.BAD_SCHEMA.
_REFUSED: Final[dict[str, pl.DataType]] = {
    "row": pl.Int64(),
    "column": pl.String(),
    "kind": pl.String(),
    "was": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Rows with the same thing wrong.

    Parameters
    ----------
    column
        The column at fault.
    rows
        Boolean without nulls, one per raw row.
    kind
        What is wrong, with the column's name in it.
    raw
        Where the values at fault are to be read; None where there is no value to show.
    quoted
        Whether such a value is shown in quotes.
    secret
        Whether such a value is masked.
    bare
        Whether no part of such a value is masked, however much it looks like a card number.
    """

    column: str
    rows: pl.Series
    kind: str
    raw: pl.Series | None = None
    quoted: bool = False
    secret: bool = False
    bare: bool = False


def faults_of(raw: pl.Series, values: pl.Series, spec: ColumnSpec) -> list[Fault]:
    """The faults of a column, those that are to be named first in front.

    Where there are none, this costs a minimum, a maximum and two counts of nulls.

    Parameters
    ----------
    raw
        The column as the file holds it.
    values
        What ``parse`` made of it.
    spec
        What it should be.
    """
    nulls = values.null_count()
    faults = list(_unreadable(raw, values, spec)) if nulls > raw.null_count() else []
    if spec.required and nulls:
        faults.append(Fault(spec.name, values.is_null(), f"{spec.name} is missing"))
    if spec.low is None or spec.high is None or nulls == len(values):
        return faults
    low, high = limits(spec)
    secret, bare = spec.type.kind is Kind.CARD, spec.type.kind is Kind.TIME
    if values.min() < low:  # type: ignore[operator] # min is typed for every dtype at once
        below = (values < low).fill_null(value=False)
        faults.append(Fault(spec.name, below, _below(spec), raw, secret=secret, bare=bare))
    if values.max() > high:  # type: ignore[operator] # max is typed for every dtype at once
        above = (values > high).fill_null(value=False)
        faults.append(Fault(spec.name, above, _above(spec), raw, secret=secret, bare=bare))
    return faults


def not_held(type_: Type) -> str:
    """What is wrong with a value that is stored as something its type cannot be read from."""
    return f"cannot be read as {type_}"


def not_an_id(column: str) -> str:
    """What is wrong with an event id that is stored as what identifies nothing."""
    return f"event id {column!r} is neither text nor whole numbers"


def refused_table(faults: Sequence[Fault]) -> pl.DataFrame:
    """One row per refused row, in order, with the first of ``faults`` that it shows."""
    parts = []
    seen: pl.Series | None = None
    for fault in faults:
        new = fault.rows if seen is None else fault.rows & ~seen
        seen = fault.rows if seen is None else fault.rows | seen
        rows = new.arg_true()
        parts.append(
            pl.DataFrame(
                {
                    "row": rows,
                    "column": fault.column,
                    "kind": fault.kind,
                    "was": shown_at(fault, rows),
                },
                schema=_REFUSED,
            )
        )
    return pl.concat([pl.DataFrame(schema=_REFUSED), *parts]).sort("row")


def shown_at(fault: Fault, rows: pl.Series) -> list[str | None]:
    """The values at fault in rows given by index, as reasons show them."""
    if fault.raw is None:
        return [None] * len(rows)
    return [
        None
        if value is None
        else shown(value, quoted=fault.quoted, secret=fault.secret, bare=fault.bare)
        for value in texts(fault.raw.gather(rows))
    ]


def _unreadable(raw: pl.Series, values: pl.Series, spec: ColumnSpec) -> Iterator[Fault]:
    rows = values.is_null() & raw.is_not_null()
    number: pl.Series | None = None
    is_text = raw.dtype in (pl.String, pl.Categorical, pl.Enum)
    if raw.dtype == pl.Binary:
        rows &= raw.bin.size() > 0
    elif is_text:
        text = plain_text(raw)
        text = text if spec.type.kind is Kind.TEXT else text.str.strip_chars()
        rows &= (text != "").fill_null(value=False)
        number = text.cast(pl.Float64, strict=False)
    elif raw.dtype.is_numeric():
        number = raw.cast(pl.Float64)
    if not rows.any():
        return
    secret, bare = spec.type.kind is Kind.CARD, spec.type.kind is Kind.TIME
    if number is not None and spec.type.kind in {Kind.FLOAT, Kind.MONEY, Kind.INT, Kind.TIME}:
        odd = (number.is_nan() | number.is_infinite()).fill_null(value=False)
        yield Fault(spec.name, rows & odd, f"{spec.name} is not finite", raw)
        if spec.low is not None and spec.high is not None:
            # A number that is too large for 64 bits is a number all the same.
            below = (number < spec.low).fill_null(value=False)
            above = (number > spec.high).fill_null(value=False)
            yield Fault(spec.name, rows & below, _below(spec), raw, bare=bare)
            yield Fault(spec.name, rows & above, _above(spec), raw, bare=bare)
    kind = "is neither 1 nor 0" if spec.label else _UNREADABLE[spec.type.kind]
    yield Fault(
        spec.name, rows, f"{spec.name} {kind}", raw, quoted=is_text, secret=secret, bare=bare
    )


def limits(spec: ColumnSpec) -> tuple[float, float]:
    """The bounds of a column that has them, in its physical unit; whole where its values are."""
    if spec.low is None or spec.high is None or spec.type.kind is Kind.FLOAT:
        return spec.low or 0.0, spec.high or 0.0
    low, high = (Decimal(repr(bound)) * spec.type.minor_units for bound in (spec.low, spec.high))
    return (
        int(low.to_integral_value(rounding=ROUND_CEILING)),
        int(high.to_integral_value(rounding=ROUND_FLOOR)),
    )


def _below(spec: ColumnSpec) -> str:
    return f"{spec.name} below {spec.low}"


def _above(spec: ColumnSpec) -> str:
    return f"{spec.name} above {spec.high}"
