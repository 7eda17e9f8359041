"""The backend's two ways in, as batch backends have them: event by event through the same code."""

from collections.abc import Iterable, Iterator

import polars as pl

from engine.backends.online.engine import OnlineFeatures
from engine.definition.nodes import FeatureSet
from engine.events.canonical import EVENT_ID, feature_schema


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame, the settled ones; see ``engine.backends.Backend.compute``."""
    time = features.schema.event_time
    order = events[time].arg_sort() if events[time].is_sorted() else _stable(events[time])
    rows = list(_observed(OnlineFeatures(features), events[order]))
    result = pl.DataFrame(rows, schema=feature_schema(features), orient="row")
    places = pl.Series(order).arg_sort()
    return result[places]


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,  # noqa: ARG001 - events come one after the other
) -> Iterator[pl.DataFrame]:
    """Features of a log in time order; see ``engine.backends.Backend.stream``."""
    online = OnlineFeatures(features)
    schema = feature_schema(features)
    for batch in batches:
        computed = pl.DataFrame(list(_observed(online, batch)), schema=schema, orient="row")
        yield pl.DataFrame([*(batch[name] for name in passed), *computed])


def _stable(times: pl.Series) -> pl.Series:
    return times.to_frame("t").with_row_index("row").sort("t", maintain_order=True)["row"]


def _observed(online: OnlineFeatures, events: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    """Each event's features; its label arrives at once, with the time when it became known."""
    schema = online.schema
    label = schema.label if schema.label in events.columns else None
    known_at = schema.label_time or ""
    for event in events.iter_rows(named=True):
        yield online.observe(event)
        if label is not None:
            online.observe_label(event[EVENT_ID], event[label], event.get(known_at))
