"""Windows as frames of SQL, correct for events of one instant.

Events have a position, ``instant(t) + arrival``, that puts them in their order. How many events
before it an event sees back to an instant is counted once, over a range of positions; any frame is
then so many rows. To look for the begin of a range is what costs: DuckDB does so for each column
that is computed over it, and for one partition of a million rows that takes seconds each.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from engine.backends.duckdb.sql import quoted, whole
from engine.definition.nodes import Window
from engine.definition.schema import Schema

# A log has fewer than 2^30 rows, a narrow instant or span fewer than 2^32 ticks: a position less
# the span of a window stays within 64 bits.
ARRIVAL_BITS: Final = 30
_NARROW: Final = 2 ** (62 - ARRIVAL_BITS)


@dataclass(frozen=True, slots=True)
class Place:
    """The columns that put events in their order."""

    arrival: str
    position: str


def fits_64_bits(schema: Schema, windows: Iterable[Window]) -> bool:
    """Whether positions and all frames over them certainly keep within 64 bits."""
    return is_narrow(schema, schema.event_time) and all(
        span < _NARROW for window in windows for span in _spans(window, schema)
    )


def is_narrow(schema: Schema, column: str) -> bool:
    """Whether an instant is declared so small that sums of a few keep within 64 bits."""
    spec = schema.by_name[column]
    bounds = (spec.low, spec.high)
    return all(bound is not None and abs(bound) < _NARROW for bound in bounds)


def base_clause(key: tuple[str, ...], place: Place) -> str:
    """What the windows of a key share: the partition and its order."""
    partition = f"PARTITION BY {', '.join(map(quoted, key))} " if key else ""
    return f"{partition}ORDER BY {place.position}"


def range_clause(ticks: int, place: Place) -> str:
    """The events before an event, back to and with all of the instant so many ticks ago."""
    # Positions are unique, so that the current row is the event alone.
    low = f"instant({whole(ticks).text}) + {place.arrival} PRECEDING"
    return f"RANGE BETWEEN {low} AND CURRENT ROW EXCLUDE CURRENT ROW"


def rows_clause(begin: str | None, hidden: str | None) -> str:
    """The last ``begin`` events before an event, without the last ``hidden`` of them."""
    low = "UNBOUNDED" if begin is None else begin
    high = "1" if hidden is None else f"{hidden} + 1"
    return f"ROWS BETWEEN {low} PRECEDING AND {high} PRECEDING"


def _spans(window: Window, schema: Schema) -> tuple[int, int]:
    return schema.to_ticks((window.length or 0) + window.delay), schema.to_ticks(window.delay)
