"""The only module that reads a clock."""

import time
from datetime import UTC, date, datetime


def elapsed() -> float:
    """Seconds on a clock that only runs forward; differences mean something, values do not."""
    return time.perf_counter()


def elapsed_ns() -> int:
    """:func:`elapsed` in whole nanoseconds, for what takes microseconds."""
    return time.perf_counter_ns()


def wall_us() -> int:
    """Now, as microseconds since 1970 in UTC: for what is kept. Spans are of :func:`elapsed`."""
    return time.time_ns() // 1_000


def sleep(seconds: float) -> None:
    """Let so much time pass; none if it is over already."""
    time.sleep(max(seconds, 0.0))


def utc_date() -> date:
    """Today in UTC, for what is kept about a run; nothing may be computed from it."""
    return datetime.now(UTC).date()


def utc_second() -> datetime:
    """The current second in UTC, for the names of runs; nothing may be computed from it."""
    return datetime.now(UTC).replace(microsecond=0)
