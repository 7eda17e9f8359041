"""The only module that reads a clock."""

import time


def elapsed() -> float:
    """Seconds on a clock that only runs forward; differences mean something, values do not."""
    return time.perf_counter()
