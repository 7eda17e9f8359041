"""The backend's two ways in: a whole log in memory, and a log in time order batch by batch."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import polars as pl

from engine.backends.polars.chunks import stream_features
from engine.backends.polars.plan import compile_features
from engine.definition.nodes import FeatureSet
from engine.events.canonical import feature_schema

_PLACE: Final = "|place"


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,
    memory: int,  # noqa: ARG001 - chunks are as small as they are
    scratch: Path,  # noqa: ARG001 - the same
) -> Iterator[pl.DataFrame]:
    """Features of a log in time order; see ``engine.backends.Backend.stream``."""
    return stream_features(compile_features(features), batches, threads=threads, passed=passed)


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    """Features of a canonical frame; see ``engine.backends.Backend.compute``."""
    plan = compile_features(features)
    in_order = (
        events.select(name for name in plan.columns if name in events.columns)
        .with_row_index(_PLACE)
        .sort(features.schema.event_time, maintain_order=True)
    )
    parts = list(stream_features(plan, [in_order], threads=1, passed=(_PLACE,)))
    if not parts:
        return pl.DataFrame(schema=feature_schema(features))
    return pl.concat(parts).sort(_PLACE).drop(_PLACE)
