"""``python -m benchmarks.online.serve``: events one after the other through a state from a file.

Two passes over different events, one after the other. The first is timed batch by batch and gives
the throughput; the second is timed event by event and gives the latency. What is timed is
``OnlineFeatures.observe_row`` and nothing else: rows are prepared before, a batch at a time.

With ``--collector managed`` the process does what one that serves does (``manage_collector`` of
``engine/process.py``): once before the first event, then after each batch. The throughput has these
calls in it; an event's latency has not, as no event waits in the middle of a micro-batch for them.
With ``--collector python`` the collector is as Python has it. In both cases its stops are noted,
wherever they fall.
"""

import json
import sys
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.online.log import EventLog
from benchmarks.online.pauses import Pauses
from engine.backends.online.engine import OnlineFeatures
from engine.backends.online.snapshot import restore
from engine.catalog import load_feature_set
from engine.clock import elapsed, elapsed_ns
from engine.command import Parser, run_command
from engine.process import let_go_of_collector, manage_collector, use_large_pages

MANAGED: Final = "managed"
PYTHON: Final = "python"
QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999, "max": 1.0}

_US: Final = 1e3
_CLOCK_READINGS: Final = 100_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.online.serve", "Serve events from a state.", "")
    add = parser.add_argument
    add("--set", required=True, metavar="NAME", help="the feature set")
    add("--input", required=True, type=Path, metavar="FILE", help="the log")
    add("--state", required=True, type=Path, metavar="FILE", help="the state to begin with")
    add("--first", required=True, type=int, metavar="N", help="how many events it has seen")
    add("--events", required=True, type=int, metavar="N", help="events of each of the two passes")
    add("--collector", required=True, choices=(MANAGED, PYTHON), help="who runs the collector")
    options = parser.parse_args(argv)

    def work() -> None:
        features = load_feature_set(options.set)
        began = elapsed()
        online = restore(features, options.state)
        revived = elapsed() - began
        log = EventLog(options.input, features)
        served = serve(
            online, log, options.first, options.events, managed=options.collector == MANAGED
        )
        sys.stdout.write(json.dumps(served | {"revive_seconds": revived}) + "\n")

    return work


def serve(
    online: OnlineFeatures, log: EventLog, first: int, events: int, *, managed: bool
) -> dict[str, object]:
    """Take ``events`` events from number ``first`` on for the throughput, the next for the latency.

    Returns
    -------
    dict
        What is kept of it.
    """
    tidy = manage_collector if managed else _nothing
    pauses = Pauses()
    held = online.keys_held
    try:
        use_large_pages()
        tidy()
        with pauses.watching():
            seconds = _throughput(online, log, first, events, tidy)
            nanoseconds = _latencies(online, log, first + events, events, tidy)
    finally:
        let_go_of_collector()
    quantiles = np.quantile(nanoseconds, list(QUANTILES.values())) / _US
    return {
        "events": {"throughput": events, "latency": events},
        "seconds": {"total": seconds},
        "latency_us": dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
        "clock_us": _clock_ns() / _US,
        "pauses": pauses.as_json(),
        "keys_held": {"before": held, "after": online.keys_held},
        "late": online.late,
    }


def _throughput(
    online: OnlineFeatures, log: EventLog, first: int, events: int, tidy: Callable[[], None]
) -> float:
    observe = online.observe_row
    seconds = 0.0
    for batch in log.batches(online.columns, first, events):
        began = elapsed()
        for row in batch:
            observe(row)
        seconds += elapsed() - began
        batch.clear()  # what was served is gone before garbage is looked for
        began = elapsed()
        tidy()
        seconds += elapsed() - began
    return seconds


def _latencies(
    online: OnlineFeatures, log: EventLog, first: int, events: int, tidy: Callable[[], None]
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    observe, clock = online.observe_row, elapsed_ns
    taken = array("q")
    note = taken.append
    for batch in log.batches(online.columns, first, events):
        for row in batch:
            began = clock()
            observe(row)
            note(clock() - began)
        batch.clear()
        tidy()
    return np.frombuffer(taken, dtype=np.int64)


def _clock_ns() -> float:
    """What timing an event adds to it, in the median."""
    clock = elapsed_ns
    taken = array("q")
    for _ in range(_CLOCK_READINGS):
        began = clock()
        taken.append(clock() - began)
    return float(np.median(np.frombuffer(taken, dtype=np.int64)))


def _nothing() -> None:
    """Leave the collector alone."""


if __name__ == "__main__":
    sys.exit(main())
