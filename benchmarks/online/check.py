"""Correctness before speed: what the online engine serves against the polars engine's values."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from benchmarks.compare import first_unequal
from benchmarks.online.log import EventLog
from engine.backends import load_backend
from engine.backends.online.engine import OnlineFeatures
from engine.events.canonical import feature_schema


def difference(
    online: OnlineFeatures, log: EventLog, first: int, rows: int, scratch: Path
) -> str | None:
    """The first value served that differs by a bit, in words; None if none does.

    Parameters
    ----------
    online
        What has seen the events before number ``first``; it goes on to the events after them.
    log
        The events, in time order.
    first, rows
        Which events are compared.
    scratch
        A folder that the polars engine may use.
    """
    features = online.features
    served = [
        online.observe_row(row)
        for batch in log.batches(online.columns, first, rows)
        for row in batch
    ]
    got = pl.DataFrame(served, schema=feature_schema(features), orient="row")
    settled = load_backend("polars").stream(
        features,
        log.frames(0, first + rows),
        passed=(),
        threads=pl.thread_pool_size(),
        memory=2**30,
        scratch=scratch,
    )
    expected = pl.concat(_from(settled, first))
    unequal = first_unequal(got, expected)
    return unequal and (
        f"feature {unequal.name!r} differs in row {first + unequal.row:,} of the file "
        f"(was {unequal.got} online, by polars {unequal.expected})"
    )


def _from(frames: Iterator[pl.DataFrame], first: int) -> Iterator[pl.DataFrame]:
    """The frames without their first rows."""
    seen = 0
    for frame in frames:
        if seen + len(frame) > first:
            yield frame[max(first - seen, 0) :]
        seen += len(frame)
