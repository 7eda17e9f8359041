"""Pieces of SQL text: names, literals, operators with no more parentheses than they need."""

import re
from dataclasses import dataclass
from typing import Final

from engine.definition.nodes import Scalar

# How tightly what is outermost in a text binds.
OR: Final = 1
AND: Final = 2
NOT: Final = 3
COMPARISON: Final = 4
SUM: Final = 5
PRODUCT: Final = 6
SIGN: Final = 7
ATOM: Final = 8

_MANY_ZEROS: Final = 6

_PLAIN: Final = re.compile("[a-z_][a-z0-9_]*")
# DuckDB's keywords that cannot stand everywhere as a name; a test compares them with DuckDB's own.
_LISTED: Final = """\
all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint
binary bit boolean both by case cast char character check coalesce collate collation column
columns concurrently constraint create cross dec decimal default deferrable desc describe
distinct do else end except exists extract false fetch float for foreign freeze from full
generated glob group grouping grouping_id having ilike in initially inner inout int integer
intersect interval into is isnull join lambda lateral leading left like limit map national
natural nchar none not notnull null nullif numeric offset on only or order out outer overlaps
overlay pivot pivot_longer pivot_wider placing position positional precision primary qualify
real references returning right row select semi setof show similar smallint some struct
substring summarize symmetric table tablesample then time timestamp to trailing treat trim true
try_cast tuple union unique unpack unpivot using values varchar variadic verbose when where
window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi
xmlroot xmlserialize xmltable"""
KEYWORDS: Final = frozenset(_LISTED.split())


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression's text, and how tightly its outermost operator binds."""

    text: str
    binding: int = ATOM

    def within(self, binding: int) -> str:
        """The text as an operand of what binds so tightly: in parentheses if it binds less."""
        return self.text if self.binding >= binding else f"({self.text})"

    def cast(self, type_: str) -> "Sql":
        """The expression cast to a type."""
        return Sql(f"{self.within(ATOM)}::{type_}")


def binary(operator: str, binding: int, left: Sql, right: Sql) -> Sql:
    """An operation that is grouped from the left; its right side is never regrouped."""
    return Sql(f"{left.within(binding)} {operator} {right.within(binding + 1)}", binding)


def call(function: str, *args: Sql) -> Sql:
    """A function of some arguments."""
    return Sql(f"{function}({', '.join(arg.text for arg in args)})")


def quoted(name: str) -> str:
    """A name as SQL takes it, in quotes if it must be."""
    if _PLAIN.fullmatch(name) and name not in KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


def literal(value: Scalar) -> Sql:
    """A constant; a float has an exponent, without which it would be a DECIMAL."""
    match value:
        case bool():
            return Sql(str(value).lower())
        case int():
            return whole(value)
        case float():
            text = _double(value)
            return Sql(text, SIGN if text.startswith("-") else ATOM)
        case str():
            text = value.replace("'", "''")
            # A text in SQL ends at the character zero.
            parts = " || chr(0) || ".join(f"'{part}'" for part in text.split("\0"))
            return Sql(parts, SUM if "\0" in text else ATOM)


def _double(value: float) -> str:
    text = repr(value).removesuffix(".0").replace("e+", "e")
    if "e" in text:
        return text
    zeros = len(text) - len(text.rstrip("0")) if "." not in text else 0
    return f"{text[:-zeros]}e{zeros}" if zeros >= _MANY_ZEROS else f"{text}e0"


def whole(value: int) -> Sql:
    """A whole number, in groups of three digits."""
    # The least of 64 bits is the negative of a number that has more.
    if value == -(2**63):
        return Sql(f"({value})::BIGINT")
    return Sql(f"{value:_}", SIGN if value < 0 else ATOM)
