"""A backend with a defect: polars' values, but for some events, where a test changes them."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from engine.backends import load_backend
from engine.definition import FeatureSet

NAME = "unit.skew.broken"
Defect = Callable[[pl.DataFrame], pl.DataFrame]
# What a test has made of the frames, which hold position and event_id too.
defect: list[Defect] = []


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    return load_backend("polars").compute(features, events)


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,
    memory: int,
    scratch: Path,
) -> Iterator[pl.DataFrame]:
    frames = load_backend("polars").stream(
        features, batches, passed=passed, threads=threads, memory=memory, scratch=scratch
    )
    for frame in frames:
        yield defect[0](frame)
