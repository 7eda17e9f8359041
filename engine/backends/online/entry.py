"""The backend's two ways in, as batch backends have them: event by event through the same code."""

from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

import polars as pl

from engine.backends.online.compile import Features
from engine.backends.online.engine import OnlineFeatures
from engine.definition.nodes import FeatureSet
from engine.events.canonical import feature_schema


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame, the settled ones; see ``engine.backends.Backend.compute``."""
    time = features.schema.event_time
    order = events[time].arg_sort() if events[time].is_sorted() else _stable(events[time])
    rows = list(observed(OnlineFeatures(features), events[order]))
    result = pl.DataFrame(rows, schema=feature_schema(features), orient="row")
    places = pl.Series(order).arg_sort()
    return result[places]


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,  # noqa: ARG001 - events come one after the other
    memory: int,  # noqa: ARG001 - state is as large as it is
    scratch: Path,  # noqa: ARG001 - the same
) -> Iterator[pl.DataFrame]:
    """Features of a log in time order; see ``engine.backends.Backend.stream``."""
    online = OnlineFeatures(features)
    schema = feature_schema(features)
    for batch in filter(len, batches):
        computed = pl.DataFrame(list(observed(online, batch)), schema=schema, orient="row")
        yield pl.DataFrame([*(batch[name] for name in passed), *computed])


def _stable(times: pl.Series) -> pl.Series:
    return times.to_frame("t").with_row_index("row").sort("t", maintain_order=True)["row"]


def observed(online: OnlineFeatures, events: pl.DataFrame) -> Iterator[Features | None]:
    """The features of each event of a canonical frame, row after row.

    Its label arrives at once, with the time when it became known. None is an event that came twice.
    """
    schema = online.features.schema
    rows = events.select(online.columns).iter_rows()
    if schema.label is None or schema.label not in events.columns:
        yield from map(online.observe_row, rows)
        return
    known_at = schema.label_time if schema.label_time in events.columns else None
    times = repeat(None) if known_at is None else events[known_at]
    for row, label, at in zip(rows, events[schema.label], times):  # noqa: B905 - or for ever
        yield online.observe_row(row)
        online.observe_label(row[0], label, at)
