"""``python -m benchmarks.online.hot``: one card with all the events, a tenth of them at a time.

The card's history grows from nothing to all of it, and none of it leaves the longest window: were
an event's time to depend on the history, the last tenth would tell. Few events are taken several
times, each time by a new state, and a tenth's time is the median.
"""

import json
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.online.check import difference
from benchmarks.online.log import EventLog
from engine.backends.online.engine import OnlineFeatures
from engine.catalog import load_feature_set
from engine.clock import elapsed_ns
from engine.command import Parser, run_command
from engine.definition import FeatureSet
from engine.process import let_go_of_collector, manage_collector

TENTHS: Final = 10

_ENOUGH_EVENTS: Final = 200_000


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.online.hot", "Serve the events of one card.", "")
    add = parser.add_argument
    add("--set", required=True, metavar="NAME", help="the feature set")
    add("--input", required=True, type=Path, metavar="FILE", help="the card's events")
    add("--faster", required=True, type=int, metavar="N", help="how many times as fast they come")
    add("--check", type=int, default=0, metavar="N", help="compare the first N and time nothing")
    options = parser.parse_args(argv)

    def work() -> None:
        features = load_feature_set(options.set)
        log = EventLog(options.input, features, faster=options.faster)
        if options.check:
            rows = min(options.check, log.rows)
            found = difference(OnlineFeatures(features), log, 0, rows, options.input.parent)
            done: dict[str, object] = {"seconds": {"total": 0.0}, "difference": found}
        else:
            done = serve(features, log)
        sys.stdout.write(json.dumps(done) + "\n")

    return work


def serve(features: FeatureSet, log: EventLog) -> dict[str, object]:
    """Serve all events, and return what is kept of it."""
    rows = log.rows
    rounds = max(1, _ENOUGH_EVENTS // rows)
    taken = [_round(features, log, rows) for _ in range(rounds)]
    tenths = [statistics.median(times) for times in zip(*taken, strict=True)]
    return {
        "events": rows,
        "rounds": rounds,
        "seconds": {"total": statistics.fmean(tenths) * rows / 1e9},
        "ns_per_event": tenths,
    }


def _round(features: FeatureSet, log: EventLog, rows: int) -> list[float]:
    """Nanoseconds an event, for each tenth of the events."""
    online = OnlineFeatures(features)
    observe = online.observe_row
    ends = [rows * (tenth + 1) // TENTHS for tenth in range(TENTHS)]
    times = []
    start = 0
    manage_collector()
    try:
        for end in ends:
            spent = 0
            for batch in log.batches(online.columns, start, end - start):
                began = elapsed_ns()
                for row in batch:
                    observe(row)
                spent += elapsed_ns() - began
                batch.clear()
            times.append(spent / max(end - start, 1))
            start = end
    finally:
        let_go_of_collector()
    return times


if __name__ == "__main__":
    sys.exit(main())
