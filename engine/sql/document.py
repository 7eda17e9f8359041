"""A feature set as a file of SQL, which runs as it stands."""

from typing import Final

from engine.backends.duckdb.compile import compile_features
from engine.backends.duckdb.layout import Item
from engine.backends.duckdb.source import log_of_files, macros_of_files
from engine.backends.duckdb.sql import quoted
from engine.definition import FeatureSet, fingerprint
from engine.definition.needs import columns_of
from engine.definition.types import Kind
from engine.events.canonical import identity_columns
from engine.words import one_line

_VARIABLE: Final = "input"

_HEADER: Final = """\
-- {name}: {count} features of card transactions, for DuckDB 2.0 or newer.
-- fingerprint: {fingerprint}
-- Made by `python -m engine.sql --set {name}`: change the definition, not this file.
--
-- It runs as it stands; the variable `{variable}` names a Parquet file, or a pattern of them:
--
--   duckdb -cmd "SET VARIABLE {variable} = 'log.parquet'" -csv -f sql/features/{name}.sql
--
-- or in Python, with the results in a file:
--
--   duckdb.sql("SET VARIABLE {variable} = 'log.parquet'")
--   duckdb.sql(open("sql/features/{name}.sql").read()).write_parquet("features.parquet")
--
-- A row for each event in the order of the files, with the values of `python -m engine.build`, to
-- the bit. That one looks at every row first and puts those aside that cannot be read; here a row
-- that cannot be converted, or lacks an event id or what is required, ends the query with an error.
-- All else is taken to be readable: values are within their bounds, times are whole numbers, dates
-- are text or DATE, amounts of one type in all files. Columns are found whatever the case of their
-- names is; one that is required must be there.
--
-- A number with an exponent, such as 100e0, is a DOUBLE; without one it would be a DECIMAL."""


def document(features: FeatureSet) -> str:
    """The text of the file."""
    schema = features.schema
    label = () if schema.label is None else (schema.label,)
    identity = identity_columns(schema, label)
    cards = [column.name for column in schema.columns if column.type.kind is Kind.CARD]
    read = set(columns_of(features)).union(cards, label)
    columns = tuple(name for name in schema.by_name if name in read)
    query = compile_features(features, identity)
    header = _HEADER.format(
        name=one_line(features.name),
        count=len(features.features),
        fingerprint=fingerprint(features),
        variable=_VARIABLE,
    )
    macros = [*macros_of_files(schema, columns), *(macro.text for macro in query.macros)]
    text = query.text(
        log_of_files(schema, columns, query.arrival, _VARIABLE),
        [Item((quoted(name), "")) for name in identity],
    )
    return "\n\n".join([header, *macros, text]) + ";\n"
