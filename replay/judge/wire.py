"""Events as the stream carries them: one JSON object each, of the values as the file holds them."""

from dataclasses import replace
from typing import Final

import polars as pl

from engine.definition.schema import POS, ColumnSpec, Schema
from engine.definition.types import TEXT
from engine.events.parse import plain_text
from engine.events.training_file import TRAINING_COLUMNS

EVENT_ID: Final = "trans_num"
LABEL: Final = "is_fraud"
TIME: Final = "unix_time"
# What a stream carries besides the event's id; the label is not among it.
FIELDS: Final = tuple(name for name in TRAINING_COLUMNS if name not in {EVENT_ID, LABEL})
# Fields that are JSON numbers where their text reads as one. A zip code keeps its leading zero.
NUMBERS: Final = frozenset(
    {
        "cc_num",
        "lat",
        "long",
        "city_pop",
        "acct_num",
        "unix_time",
        "amt",
        "merch_lat",
        "merch_long",
    }
)

_IDS: Final = POS.event_ids
_COLUMNS: Final = (*FIELDS, LABEL)
# Of the columns that no feature knows of, any form will do that text can be stored in.
SCHEMA: Final = replace(
    POS,
    name="stream",
    columns=tuple(POS.by_name.get(name, ColumnSpec(name, TEXT)) for name in _COLUMNS),
    label_time=None,
)

# The grammar of RFC 8259, section 6.
_JSON_NUMBER: Final = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$"
# What RFC 8259, section 7, wants escaped.
_ESCAPES: Final = {
    '"': '\\"',
    "\\": "\\\\",
    **{chr(code): f"\\u{code:04x}" for code in range(0x20)},
}
_TRUE: Final = ("1", "1.0", "true")
_FALSE: Final = ("0", "0.0", "false")
UNKNOWN: Final = -1


def stream_schema() -> tuple[Schema, tuple[str, ...]]:
    """The schema that files are read by, and the columns to read besides the event ids."""
    return SCHEMA, _COLUMNS


def event_ids(raw: pl.DataFrame) -> pl.Series:
    """The id of each row: of the columns that are ids the first that has one; else null.

    Spaces around an id are no part of it, as for every reader of logs here.
    """
    ids = pl.Series(EVENT_ID, [None] * len(raw), dtype=pl.String)
    for name in _IDS:
        if name in raw.columns:
            text = plain_text(raw[name]).str.strip_chars(" ")
            ids = ids.zip_with(ids.is_not_null(), text.set(text == "", None))
    return ids.alias(EVENT_ID)


def labels(raw: pl.DataFrame) -> pl.Series:
    """1 for fraud, 0 for none, -1 where the file does not tell, as Int8."""
    if LABEL not in raw.columns:
        return pl.repeat(UNKNOWN, len(raw), dtype=pl.Int8, eager=True)
    text = plain_text(raw[LABEL]).str.to_lowercase()
    known = pl.when(text.is_in(_TRUE)).then(1).when(text.is_in(_FALSE)).then(0)
    return pl.select(known.otherwise(UNKNOWN).cast(pl.Int8)).to_series()


def as_json(raw: pl.DataFrame, ids: pl.Series, *, strings: bool) -> pl.Series:
    """Each row as a JSON object: its id as ``trans_num``, then the fields that the file has.

    Parameters
    ----------
    raw
        Rows as the file holds them. Text goes over the wire as it is; numbers of a Parquet file in
        the shortest form that reads back as the same; instants as seconds; null, and an empty
        field of a CSV file, which every reader takes for it, as ``null``.
    ids
        The ids of the rows, none null.
    strings
        Whether numbers are strings too.
    """
    columns = {EVENT_ID: ids} | {
        name: plain_text(_seconds(raw[name])) for name in FIELDS if name in raw.columns
    }
    parts: list[pl.Expr] = []
    for place, name in enumerate(columns):
        parts.append(pl.lit(f'{"," if place else "{"}"{name}":'))
        parts.append(_value(pl.col(name), number=name in NUMBERS and not strings))
    return pl.DataFrame(columns).select(pl.concat_str(*parts, pl.lit("}"))).to_series()


def _value(text: pl.Expr, *, number: bool) -> pl.Expr:
    escaped = text.str.replace_many(list(_ESCAPES), list(_ESCAPES.values()))
    quoted = pl.concat_str(pl.lit('"'), escaped, pl.lit('"')).fill_null("null")
    return (
        pl.when(text.str.contains(_JSON_NUMBER)).then(text).otherwise(quoted) if number else quoted
    )


def _seconds(column: pl.Series) -> pl.Series:
    if column.name == TIME and column.dtype in (pl.Date, pl.Datetime):
        return column.cast(pl.Datetime("us")).dt.epoch("s")
    return column
