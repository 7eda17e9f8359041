"""Hypothesis streams that go where backends part: ties, exact edges, nulls, lateness, hot keys."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from engine.definition import Schema

Row = dict[str, object]

# The lengths and delays of both feature sets, and sums of a length and its delay, in seconds.
_SPANS: Final = (0, 60, 120, 300, 360, 900, 3_600, 86_400, 90_000, 604_800, 691_200)
# The epoch; a minute before a leap day; a second before a year ends; long before the epoch.
_STARTS: Final = (0, 1_709_164_740, 1_704_067_199, -2_208_988_801)

# Few values of each, so that they meet; what a column holds at most, so that sums grow wide.
_CENTS: Final = (0, 1, 10, 20, 30, 99, -250, 1_000_000_000, 999_999_999, -1_000_000_000)
_FLOATS: Final = (0.0, -0.0, 1.0, -1.5, 10.0, 89.999, 1e-310, 0.1)
_TEXTS: Final = ("a", "b", "ä", "a\u0308", "a@b", "")
_DATES: Final = ("2000-02-29", "1970-01-01", "2024-03-01", "1985-13-01", "1985-1-1", "")


def _maybe(*values: object) -> SearchStrategy[object]:
    return st.sampled_from((*values, None))


def times(schema: Schema) -> SearchStrategy[int]:
    """Instants that are often the same, and often a window apart to the tick."""
    ticks, instants = schema.ticks_per_second, schema.instants
    usual = [start * ticks for start in _STARTS]
    return st.builds(
        lambda start, spans, tick: min(start + sum(spans) * ticks + tick, instants[-1]),
        st.sampled_from((*usual, *usual, instants[0] + 1, instants[-1] - 60 * ticks)),
        st.lists(st.sampled_from(_SPANS), max_size=2),
        st.sampled_from((0, 0, -1, 1)),
    )


def rows_at(schema: Schema, time: SearchStrategy[int]) -> SearchStrategy[Row]:
    """One event, with a time of ``time``."""
    return st.fixed_dictionaries(
        {
            "unix_time": time,
            "cc_num": st.sampled_from((1, 1, 1, 2**63, 2**63 + 1, None)),
            "merchant": _maybe("m", "m", "n", ""),
            "category": _maybe(*_TEXTS),
            "terminal": _maybe(0, 1),
            "gender": _maybe("M", "m", "F", "f", "x"),
            "dob": _maybe(*_DATES),
            "amt": _maybe(*_CENTS),
            "tip": _maybe(0, 1, 999, 1_000_000, -1_000_000),
            "points": _maybe(0, 1, -3, 2**30, -(2**30)),
            "online": st.one_of(st.none(), st.booleans()),
            "speed": _maybe(*_FLOATS),
            "lat": _maybe(*_FLOATS),
            "long": _maybe(*_FLOATS),
            "city_pop": _maybe(0.0, 12_345.0),
            "merch_lat": _maybe(*_FLOATS),
            "merch_long": _maybe(*_FLOATS),
            "posted": st.one_of(st.none(), times(schema)),
            "is_fraud": _maybe(0, 1),
            "label_time": st.one_of(st.none(), times(schema)),
        }
    )


@st.composite
def streams(draw: DrawFn, schema: Schema, min_size: int = 0) -> list[Row]:
    """Events in arrival order, most of them late; half the logs carry a ``label_time``."""
    rows = draw(st.lists(rows_at(schema, times(schema)), min_size=min_size, max_size=24))
    if draw(st.booleans()):
        rows = [{**row, "label_time": None} for row in rows]
    return rows
