"""A log as it lies in Parquet files, read as the project's own reader reads it."""

from collections.abc import Iterable
from typing import Final, assert_never

from engine.backends.duckdb.breaking import indented
from engine.backends.duckdb.compile import LOG
from engine.backends.duckdb.layout import Item, cte, items, listed
from engine.backends.duckdb.sql import literal, quoted, whole
from engine.definition.schema import ColumnSpec, Schema
from engine.definition.types import Kind
from engine.events.canonical import EVENT_ID

# Half of a minor unit has 17 significant digits after it in the longest text of a double.
_DECIMALS_BEYOND: Final = 18
_RAW: Final = "raw"

_HALF_EVEN: Final = """\
-- A decimal number to the nearest whole one, halves to the even one, as amounts are rounded.
CREATE OR REPLACE TEMP MACRO half_even(x) AS
    floor(x) + CASE
        WHEN x - floor(x) > 0.5 OR (x - floor(x) = 0.5 AND floor(x) % 2 <> 0) THEN 1
        ELSE 0
    END;"""

_MINOR_UNITS: Final = """\
-- An amount in minor units, of which units, an even number, make one: what is whole of it and what
-- is not apart, as both at once can have more than the 38 digits of a DECIMAL.
CREATE OR REPLACE TEMP MACRO minor_units(x, units) AS
    (floor(x) * units + half_even((x - floor(x)) * units))::BIGINT;"""

_NEEDED: Final = """\
-- A value that every row must have. Without it the query ends: there is no place here to put a row
-- aside and say so, and left out unsaid it would be missing from the history of others.
CREATE OR REPLACE TEMP MACRO needed(x, name) AS
    coalesce(x, error(
        name || ' is missing from a row (was null): python -m engine.build puts such rows aside'
    ));"""


def macros_of_files(schema: Schema, columns: Iterable[str]) -> list[str]:
    """The macros that the log of these columns is made with."""
    types = [schema.by_name[name].type for name in columns]
    scales = {type_.scale for type_ in types if type_.kind is Kind.MONEY}
    return [_NEEDED, *[_HALF_EVEN] * bool(scales), *[_MINOR_UNITS] * any(scales)]


def log_of_files(
    schema: Schema, columns: tuple[str, ...], arrival: str, variable: str
) -> tuple[list[str], list[str]]:
    """The common table expressions that make the log of the files that a variable names.

    Parameters
    ----------
    schema
        What the columns are.
    columns
        The schema's columns that are in use.
    arrival
        What the column is to be called that counts the rows.
    variable
        The SQL variable.
    """
    required = {name for name in columns if schema.by_name[name].required}
    optional = dict.fromkeys(name for name in (*schema.event_ids, *columns) if name not in required)
    raw = cte(
        _RAW,
        ["the rows in their order, with their ids; a column that may be missing is null then"],
        [
            "SELECT",
            *indented(listed([quoted(name) for name in columns])),
            *items(
                [
                    Item((_event_id(schema), f"AS {EVENT_ID}")),
                    Item((f"row_number() OVER () AS {arrival}", "")),
                ]
            ),
            "FROM (",
            *indented(
                [
                    "SELECT",
                    *indented(listed([f"NULL AS {quoted(name)}" for name in optional], end="")),
                    "WHERE false",
                    "UNION ALL BY NAME",
                    "FROM read_parquet(coalesce(",
                    f"    getvariable('{variable}'),",
                    f"    error('{_unset(variable)}')",
                    "), union_by_name = true, hive_partitioning = false)",
                ]
            ),
            ")",
        ],
    )
    held = [_column(schema.by_name[name]) for name in columns]
    log = cte(
        LOG,
        [
            "the events: amounts in whole minor units, empty text as null, −0.0 as 0.0;",
            "of those with one event id the first",
        ],
        [
            "SELECT",
            *indented([f"{arrival}, {EVENT_ID},"]),
            *items(held),
            f"FROM {_RAW}",
            f"QUALIFY row_number() OVER (PARTITION BY {EVENT_ID} ORDER BY {arrival}) = 1",
        ],
    )
    return raw, log


def _unset(variable: str) -> str:
    """What is said, inside of a text, where the variable names no files."""
    return f"say which files to read: SET VARIABLE {variable} = ''log.parquet''"


def _event_id(schema: Schema) -> str:
    # Without a second argument it would take spaces of every kind.
    ids = [f"nullif(trim({quoted(name)}::VARCHAR, ' '), '')" for name in schema.event_ids]
    one = f"coalesce({', '.join(ids)})" if len(ids) > 1 else ids[0]
    return _needed(one, "an event id")


def _needed(value: str, name: str) -> str:
    return f"needed({value}, {literal(name).text})"


def _column(spec: ColumnSpec) -> Item:
    name = quoted(spec.name)
    match spec.type.kind:
        case Kind.MONEY:
            decimals = spec.type.scale + _DECIMALS_BEYOND
            # A double counts as the shortest decimal that reads back as it.
            amount = f"{name}::VARCHAR::DECIMAL(38, {decimals})"
            units = whole(spec.type.minor_units).text
            held = f"minor_units({amount}, {units})"
            if spec.type.scale == 0:
                held = f"half_even({amount})::BIGINT"
        case Kind.FLOAT:
            held = f"{name}::DOUBLE + 0e0"
        case Kind.TEXT:
            held = f"nullif({name}::VARCHAR, '')"
        case Kind.CARD:
            held = f"{name}::UBIGINT"
        case Kind.INT | Kind.TIME:
            held = f"{name}::BIGINT"
        case Kind.BOOL:
            held = f"{name}::BOOLEAN"
        case _:
            assert_never(spec.type.kind)
    if spec.required:
        held = _needed(held, spec.name)
    return Item((held, f"AS {name}"))
