"""Windows as frames of SQL, correct for events of one instant.

Events have a position, ``instant(t) + arrival``, that puts them in their order. A frame over
positions ends just before the event itself; it begins, and with a delay ends, at the bounds of an
instant, which lie ``arrival`` away from what the event's own time comes to.
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
_MICROSECONDS: Final = 1_000_000


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


def frame_clause(window: Window, schema: Schema, place: Place) -> str:
    """Which events of a partition a window shows."""
    if window.length is None and not window.delay:
        return "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"
    low = "UNBOUNDED"
    if window.length is not None:
        low = f"instant({_whole(window.length + window.delay, schema)}) + {place.arrival}"
    high = "1"
    if window.delay:  # the last position of the instant t − delay
        high = f"instant({_whole(window.delay, schema)} - 1) + {place.arrival} + 1"
    return f"RANGE BETWEEN {low} PRECEDING AND {high} PRECEDING"


def to_ticks(microseconds: int, schema: Schema) -> int:
    """A span in ticks of the schema's unit; verified windows are whole numbers of it."""
    return microseconds * schema.ticks_per_second // _MICROSECONDS


def _whole(microseconds: int, schema: Schema) -> str:
    return whole(to_ticks(microseconds, schema)).text


def _spans(window: Window, schema: Schema) -> tuple[int, int]:
    return to_ticks((window.length or 0) + window.delay, schema), to_ticks(window.delay, schema)
