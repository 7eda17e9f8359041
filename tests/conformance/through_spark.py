"""The spark backend as conformance tests have it: Spark itself moves one frame in ten.

Starting its tasks takes a second for each frame, however small. The others' tasks are run on the
spot; all frames where HYPOTHESIS_PROFILE is ``deep`` go through Spark. Which do depends on nothing
but the frame and the features, so that a failure fails again. Where there is no Spark none do, and
``test_spark.py`` says so.
"""

import os
from collections.abc import Iterable, Iterator
from functools import cache
from hashlib import sha256
from itertools import chain
from pathlib import Path

import polars as pl

from backends import why_no_spark
from conformance import on_the_spot
from engine.backends import Backend, load_backend
from engine.definition import FeatureSet
from engine.definition.fingerprint import fingerprint

ONE_IN = 1 if os.environ.get("HYPOTHESIS_PROFILE") == "deep" else 10
seen = {"by spark": 0, "on the spot": 0}


def compute(features: FeatureSet, events: pl.DataFrame) -> pl.DataFrame:
    return _backend(features, events).compute(features, events)


def stream(
    features: FeatureSet,
    batches: Iterable[pl.DataFrame],
    *,
    passed: tuple[str, ...],
    threads: int,
    memory: int,
    scratch: Path,
) -> Iterator[pl.DataFrame]:
    rest = iter(batches)
    first = next(rest, pl.DataFrame())
    return _backend(features, first).stream(
        features,
        chain([first], rest),
        passed=passed,
        threads=threads,
        memory=memory,
        scratch=scratch,
    )


@cache
def _there_is_spark() -> bool:
    if why_no_spark() is not None:
        return False
    from engine.backends.spark.session import shared_session

    shared_session()  # one for all tests of this process
    return True


def _backend(features: FeatureSet, events: pl.DataFrame) -> Backend:
    told = f"{fingerprint(features)}{events.rows()}".encode()
    if int(sha256(told).hexdigest(), 16) % ONE_IN == 0 and _there_is_spark():
        seen["by spark"] += 1
        return load_backend("spark")
    seen["on the spot"] += 1
    return on_the_spot
