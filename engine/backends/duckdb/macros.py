"""The macros that generated SQL may use, each with the one written formula of its function."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from engine.backends.duckdb.sql import whole
from engine.backends.duckdb.windows import ARRIVAL_BITS
from engine.definition.functions import (
    EARTH_DIAMETER_KM,
    RADIANS_PER_DEGREE,
    SECONDS_PER_DAY,
    SECONDS_PER_HOUR,
)
from engine.definition.schema import Schema

_WIDE: Final = whole(2**62).text


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro: its name with parameters, its lines, why it is so, and which others it uses."""

    head: str
    body: tuple[str, ...]
    why: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The statement that makes it, behind its comment."""
        comment = "".join(f"-- {line}\n" for line in self.why)
        body = "".join(f"\n    {line}" for line in self.body)
        return f"{comment}CREATE OR REPLACE TEMP MACRO {self.head} AS{body};"


def macros_of(schema: Schema, used: Collection[str], *, narrow: bool) -> tuple[Macro, ...]:
    """The macros of these names, and those that they use, in an order in which they can be made.

    ``narrow`` says whether positions keep within 64 bits.
    """
    macros = _macros(schema, narrow=narrow)
    needed = set(used)
    for name in reversed(macros):  # a macro uses those before it
        if name in needed:
            needed.update(macros[name].uses)
    unknown = needed - macros.keys()
    if unknown:
        raise AssertionError(f"no such macros (was {sorted(unknown)})")
    return tuple(macro for name, macro in macros.items() if name in needed)


def _macros(schema: Schema, *, narrow: bool) -> dict[str, Macro]:
    ticks = schema.ticks_per_second
    hour, day = whole(SECONDS_PER_HOUR * ticks).text, whole(SECONDS_PER_DAY * ticks).text
    radians, diameter = f"{RADIANS_PER_DEGREE!r}e0", f"{EARTH_DIAMETER_KM:.0f}e0"
    width = "BIGINT" if narrow else "HUGEINT"
    return {
        "instant": Macro(
            "instant(t)",
            (f"t::{width} * {whole(2**ARRIVAL_BITS).text}",),
            (
                "Events in one order, by time and then by arrival: an event's position is",
                "instant(its time) + its arrival, and a log has fewer than 2^30 rows.",
            ),
        ),
        "minus_zero": Macro(
            "minus_zero(t)",
            ("-abs(0e0 * t::DOUBLE)",),
            (
                "−0.0, computed from any number that is there: of constants DuckDB takes 0.0 and",
                "−0.0 for one, and computes once what differs in nothing else.",
            ),
        ),
        "known": Macro(
            "known(x)",
            ("CASE WHEN NOT isnan(x) THEN x + 0e0 END",),
            ("NaN is not counted, and −0.0 is 0.0.",),
        ),
        "ordered": Macro(
            "ordered(holds, greater, other)",
            ("holds AND NOT (isnan(greater) AND other IS NOT NULL)",),
            ("Every comparison with NaN is false; to DuckDB it is the greatest number.",),
        ),
        "real_sqrt": Macro(
            "real_sqrt(x)",
            ("CASE WHEN x >= 0e0 THEN sqrt(x) END",),
            ("A root, and a logarithm, of what has none is null.",),
        ),
        "real_ln": Macro("real_ln(x)", ("CASE WHEN x > 0e0 THEN ln(x) END",)),
        "exact_mean": Macro(
            "exact_mean(n, total, units)",
            ("CASE WHEN n > 0 THEN total::BIGINT::DOUBLE / (n * units)::DOUBLE END",),
            ("Mean and deviation of exact sums; units is how many minor units make one.",),
        ),
        "wide": Macro(
            "wide(x)",
            (
                f"(x // {_WIDE})::BIGINT::DOUBLE * {_WIDE.replace('_', '')}e0",
                f"+ (x % {_WIDE})::BIGINT::DOUBLE",
            ),
            ("A whole number of up to 124 bits as a float, from its high and its low 62.",),
        ),
        "squared_deviations": Macro(
            "squared_deviations(n, total, squares)",
            ("wide(n::HUGEINT * squares - total::HUGEINT * total::HUGEINT)",),
            uses=("wide",),
        ),
        "exact_var": Macro(
            "exact_var(n, total, squares, units)",
            (
                "CASE WHEN n > 0 THEN squared_deviations(n, total, squares)",
                "    / (n * units)::DOUBLE / (n * units)::DOUBLE END",
            ),
            uses=("squared_deviations",),
        ),
        "exact_std": Macro(
            "exact_std(n, total, squares, units)",
            (
                "CASE WHEN n > 0 THEN sqrt(squared_deviations(n, total, squares))",
                "    / (n * units)::DOUBLE END",
            ),
            uses=("squared_deviations",),
        ),
        "floor_mod": Macro(
            "floor_mod(a, b)",
            ("(a % b + b) % b",),
            ("DuckDB's // and % round towards zero; instants before 1970 are negative.",),
        ),
        "floor_div": Macro("floor_div(a, b)", ("a // b - (a % b < 0)::BIGINT",)),
        "hour_of_day": Macro(
            "hour_of_day(t)", (f"floor_mod(t, {day}) // {hour}",), uses=("floor_mod",)
        ),
        "day_of_week": Macro(
            "day_of_week(t)",
            (f"floor_mod(floor_div(t, {day}) + 3, 7)",),
            ("Monday is 0; 1970-01-01 was a Thursday.",),
            uses=("floor_mod", "floor_div"),
        ),
        "day_number": Macro(
            "day_number(d)",
            ("year(d) * 10_000 + month(d) * 100 + day(d)",),
            ("20240229 for 29 February 2024: the difference of two holds the whole years.",),
        ),
        "age_at": Macro(
            "age_at(born, t)",
            (
                "CASE",
                "    WHEN t IS NULL THEN NULL",
                "    WHEN length(born) = 10 AND try_cast(born AS DATE)::VARCHAR = born",
                "    THEN greatest(",
                f"        day_number(DATE '1970-01-01' + floor_div(t, {day})::INTEGER)",
                "        - day_number(try_cast(born AS DATE)), 0) // 10_000",
                "    ELSE -1",
                "END",
            ),
            ("Whole years from a date written YYYY-MM-DD; −1 for anything else.",),
            uses=("floor_div", "day_number"),
        ),
        "exact_double": Macro(
            "exact_double(x)",
            (
                "floor_div(x, 4_294_967_296)::DOUBLE * 4294967296e0",
                "+ floor_mod(x, 4_294_967_296)::DOUBLE",
            ),
            ("A whole number of more than 64 bits as a float, rounded once.",),
            uses=("floor_mod", "floor_div"),
        ),
        "squared": Macro("squared(x)", ("x * x",)),
        "at_most_1": Macro(
            "at_most_1(h)",
            ("CASE WHEN h > 1e0 AND NOT isnan(h) THEN 1e0 ELSE h END",),
        ),
        "haversine_km": Macro(
            "haversine_km(lat1, long1, lat2, long2)",
            (
                f"{diameter} * asin(sqrt(at_most_1(",
                f"    squared(sin((lat2 - lat1) * {radians} * 0.5e0))",
                f"    + cos(lat1 * {radians}) * cos(lat2 * {radians})",
                f"    * squared(sin((long2 - long1) * {radians} * 0.5e0)))))",
            ),
            ("Great-circle distance on a sphere of radius 6371 km, of places in degrees.",),
            uses=("at_most_1", "squared"),
        ),
    }
