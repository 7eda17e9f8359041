"""Every backend against the reference on tables written for their edges, in every time unit."""

from collections.abc import Callable

import polars as pl
import pytest

from conformance.bits import assert_same_bits
from conformance.broad import broad
from conformance.logs import LOG, UNITS, log, over, schema_in
from engine.backends import Backend
from engine.catalog import notebook
from engine.definition import FeatureSet, Schema
from engine.definition.aggregates import AGGREGATES
from engine.definition.functions import FUNCTIONS
from engine.definition.nodes import Aggregate, Call, Expression
from engine.definition.schema import TimeUnit

START = 1_709_164_740  # a minute before 29 February 2024
SPANS = (0, 1, 60, 300, 900, 3_600, 86_400, 90_000, 604_800, 691_200)


def window_edges(schema: Schema) -> pl.DataFrame:
    """Of one card: for each window, events one tick short of it, at it, and one tick past it."""
    ticks = schema.ticks_per_second
    offsets = sorted({span * ticks + tick for span in SPANS for tick in (-1, 0, 1)})
    rows = range(len(offsets))
    return log(
        schema,
        cc_num=4_000_000_000_000_000_002,
        unix_time=[START * ticks + offset for offset in offsets],
        merchant=["mnm"[row % 3] for row in rows],
        category=[("a", "ä", None)[row % 3] for row in rows],
        amt=[100 * row + 1 for row in rows],
        online=True,
        is_fraud=[row % 2 for row in rows],
        speed=[row / 7 for row in rows],
        points=[row * row for row in rows],
    )


def bursts(schema: Schema) -> pl.DataFrame:
    """Three cards with dozens of events in the same two instants, interleaved."""
    ticks, size = schema.ticks_per_second, 60
    return log(
        schema,
        cc_num=[1 + row % 3 for row in range(size)],
        unix_time=[(START + 60 * (row // 7 % 2)) * ticks for row in range(size)],
        merchant=["mno"[row * row % 3] for row in range(size)],
        category=["abcä"[row % 4] for row in range(size)],
        amt=[row * 37 % 1_000 for row in range(size)],
        tip=[None if row % 5 else row for row in range(size)],
        lat=[row * 1.25 - 40.0 for row in range(size)],
        long=[row * 2.5 - 80.0 for row in range(size)],
        merch_lat=[row * 1.3 - 40.0 for row in range(size)],
        merch_long=[row * 2.7 - 80.0 for row in range(size)],
        online=[(True, False, None)[row % 3] for row in range(size)],
        terminal=[row % 2 for row in range(size)],
    )


def holes(schema: Schema) -> pl.DataFrame:
    """Nulls in every column that may have them, each in turn."""
    ticks, size = schema.ticks_per_second, 48
    whole = log(
        schema,
        cc_num=[7 + row % 2 for row in range(size)],
        unix_time=[(START + row * 40) * ticks for row in range(size)],
        merchant=["m", "n"] * (size // 2),
        category=["a", "", "ä"] * (size // 3),
        gender=["M", "F", "m", "f", "X", ""] * (size // 6),
        dob=["2000-02-29", "1985-13-01", "1970-01-01", ""] * (size // 4),
        amt=[(-1) ** row * row * 99 for row in range(size)],
        tip=list(range(size)),
        points=[-row for row in range(size)],
        terminal=1,
        online=True,
        speed=[row - 20.0 for row in range(size)],
        lat=10.0,
        long=20.0,
        city_pop=1e6,
        merch_lat=[row / 3 for row in range(size)],
        merch_long=[row / 9 for row in range(size)],
        posted=[(START + row) * ticks for row in range(size)],
        is_fraud=[row % 2 for row in range(size)],
        label_time=[(START + row * 80) * ticks for row in range(size)],
    )
    optional = [name for name in whole.columns if name not in {"event_id", "unix_time"}]
    row = pl.int_range(pl.len())
    return whole.with_columns(
        pl.when(row % len(optional) != at).then(pl.col(name)).name.keep()
        for at, name in enumerate(optional)
    )


def late(schema: Schema) -> pl.DataFrame:
    """Events that arrive in no order at all."""
    ticks, size = schema.ticks_per_second, 61
    return log(
        schema,
        cc_num=[1 + row % 4 // 3 for row in range(size)],
        unix_time=[(START + row * 1_009 % size * 30) * ticks for row in range(size)],
        merchant=["mn"[row % 2] for row in range(size)],
        category="a",
        amt=[row * row for row in range(size)],
        online=True,
        is_fraud=[row % 3 // 2 for row in range(size)],
        label_time=[(START + row * 25) * ticks for row in range(size)],
    )


def extremes(schema: Schema) -> pl.DataFrame:
    """The largest amounts, cards and spans of time, both zeros, and floats that overflow."""
    ticks, size = schema.ticks_per_second, 48
    instants = [-62_135_596_800, -86_401, -1, 0, 1, 86_399, 951_782_400, 253_402_300_799]
    return log(
        schema,
        cc_num=[(2**64 - 1, 2**64 - 2, 2**63, 0)[row % 4] for row in range(size)],
        unix_time=[instants[row % len(instants)] * ticks for row in range(size)],
        merchant="",
        category=["a", "a\u0308", "ä"] * (size // 3),
        dob=["0001-01-01", "9999-12-31", "1970-01-01"] * (size // 3),
        amt=[(1_000_000_000, -1_000_000_000, 0)[row % 5 % 3] for row in range(size)],
        tip=[(1_000_000, -1_000_000, 1)[row % 7 % 3] for row in range(size)],
        points=[(2**30, -(2**30), -1)[row % 4 % 3] for row in range(size)],
        speed=[(0.0, -0.0, 10.0, -10.0, 5e-324, 1.7e308)[row % 6] for row in range(size)],
        lat=[(90.0, -90.0, 0.0, -0.0)[row % 4] for row in range(size)],
        long=[(180.0, -180.0, 0.0)[row % 3] for row in range(size)],
        merch_lat=[(-90.0, 90.0)[row % 2] for row in range(size)],
        merch_long=[(180.0, 0.0, -180.0)[row % 3] for row in range(size)],
        posted=[instants[1 + row % 6] * ticks + 1 for row in range(size)],
        terminal=[(2**63 - 1, -(2**63))[row % 2] for row in range(size)],
    )


def nothing(schema: Schema) -> pl.DataFrame:
    """No event."""
    return window_edges(schema).clear()


def one(schema: Schema) -> pl.DataFrame:
    """One event."""
    return bursts(schema).head(1)


def nulls(schema: Schema) -> pl.DataFrame:
    """Events of which nothing but the time is known."""
    return log(schema, unix_time=[0, 0, 1])


TABLES = (window_edges, bursts, holes, late, extremes, nothing, one, nulls)
SETS: dict[str, Callable[[TimeUnit], FeatureSet]] = {
    "notebook": lambda unit: over(schema_in(unit), notebook),
    "broad": broad,
}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
@pytest.mark.parametrize("name", SETS)
def test_s3_7_edge_tables_have_the_same_bits(
    backend: Backend,
    reference: Backend,
    name: str,
    table: Callable[[Schema], pl.DataFrame],
    unit: TimeUnit,
) -> None:
    features = SETS[name](unit)
    events = table(features.schema)
    expected = reference.compute(features, events)
    assert_same_bits(backend.compute(features, events), expected, features, events)


def test_s3_7_the_notebook_set_itself_has_the_same_bits(
    backend: Backend, reference: Backend
) -> None:
    # Over POS, whose required columns a backend may rely upon.
    events = bursts(LOG)
    expected = reference.compute(notebook, events)
    assert_same_bits(backend.compute(notebook, events), expected, notebook, events)


@pytest.mark.parametrize("name", SETS)
def test_text_may_be_categorical(backend: Backend, reference: Backend, name: str) -> None:
    features = SETS[name]("s")
    events = holes(LOG)
    # Codes in another order than the texts', with one that no row has.
    encoded = events.with_columns(
        pl.col("merchant", "category", "gender", "dob").cast(pl.Categorical)
    )
    expected = reference.compute(features, events)
    assert_same_bits(backend.compute(features, encoded), expected, features, events)


def test_the_broad_set_uses_the_whole_language() -> None:
    nodes = [node for feature in broad().features for node in _walk(feature.expression)]
    aggregates = {node.name for node in nodes if isinstance(node, Aggregate)}
    functions = {node.function for node in nodes if isinstance(node, Call)}
    assert aggregates == {name for name, spec in AGGREGATES.items() if not spec.internal}
    assert functions == {name for name, spec in FUNCTIONS.items() if not spec.internal}


def _walk(expression: Expression) -> list[Expression]:
    match expression:
        case Call(_, args):
            return [expression, *(node for arg in args for node in _walk(arg))]
        case Aggregate(_, argument, _, _, where):
            inner = [part for part in (argument, where) if part is not None]
            return [expression, *(node for part in inner for node in _walk(part))]
        case _:
            return [expression]
