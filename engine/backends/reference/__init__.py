"""The reference backend: the living definition of what every feature is worth.

Plain Python over rows, one written formula for each function and each aggregate, a full scan of
the key's events for each event. It computes what authors wrote, not what it is rewritten to, and
shares no code with another backend: an oracle that shares code shares bugs.

Order and history
    Events are ordered by (event_time, row). The history of an event ``e`` for a key and a window
    of length ``W`` and delay ``D`` is every event ``p`` with equal and non-null key values, before
    ``e`` in the order, with ``t_e − D − W <= t_p <= t_e − D``. Values are the settled ones: a late
    event takes its place in the order.

Values
    Columns arrive as they are held: money as whole minor units, times as ticks. For arithmetic and
    ordering a number becomes a float: money is divided by ``float(10**scale)``. ``eq``, ``fill``
    and ``if_else`` take values of one type as they are, unlike numbers as floats.

Nulls
    A function is null when an argument is, but for those of ``functions.NULL_AWARE``. A null in an
    aggregate's argument is not counted; ``first``, ``last`` and ``previous`` take the value of
    their event, null as it is.

Floats at the edge
    Columns and literals are finite, so NaN can only come of an overflow, such as ∞ − ∞. A NaN in
    an aggregate's argument is not counted, like a null; everywhere else it is a value, and every
    comparison with it is false. A float argument of an aggregate passes through ``x + 0.0``, so
    that −0.0 is 0.0: which of two equal zeros an aggregate meets first must not show.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from engine.backends.reference.functions import Value, as_float
from engine.backends.reference.log import Log
from engine.definition.infer import type_of
from engine.definition.nodes import FeatureSet
from engine.definition.types import Kind, Type
from engine.events.canonical import feature_dtype


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Compute a feature set over a canonical frame, as :class:`engine.backends.Backend` says.

    Time is O(rows × rows of the same key) for each aggregate. Dates need event times within the
    years 1 to 9999.
    """
    log = Log(features.schema, events)
    outputs = []
    for feature in features.features:
        type_ = type_of(feature.expression, features.schema)
        values = [_as_feature(value, type_) for value in log.values(feature.expression)]
        outputs.append(pl.Series(feature.name, values, dtype=feature_dtype(type_)))
    return pl.DataFrame(outputs)


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,  # noqa: ARG001 - plain Python has one, and no value depends on it
    memory: int,  # noqa: ARG001 - the log is in memory, as it is
    scratch: Path,  # noqa: ARG001 - the same
) -> Iterator[pl.DataFrame]:
    """Compute a feature set over a log in memory, as :class:`engine.backends.Backend` says."""
    parts = [batch for batch in batches if len(batch)]
    if parts:
        events = pl.concat(parts)
        yield pl.DataFrame([*events.select(passed), *compute(features, events)])


def _as_feature(value: Value, type_: Type) -> Value:
    """Money in major units, conditions as 1 or 0, anything else as it is."""
    if value is None:
        return None
    if type_.kind is Kind.MONEY:
        return as_float(value, type_)
    return int(value) if type_.kind is Kind.BOOL else value
