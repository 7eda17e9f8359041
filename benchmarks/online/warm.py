"""``python -m benchmarks.online.warm``: the state after a part of a log, and whether it is right.

The state is made in batch (``engine.backends.warm``), kept in a file, read again and run on over
the next events, whose features are compared with the polars engine's over the whole log.
"""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks.online.check import difference
from benchmarks.online.log import EventLog
from engine.backends.online.snapshot import restore
from engine.backends.online.state import write_state
from engine.backends.warm import WarmStart
from engine.catalog import load_feature_set
from engine.clock import elapsed
from engine.command import Parser, run_command

_HOUR_SECONDS: Final = 3_600


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.online.warm", "Make and check an online state.", "")
    add = parser.add_argument
    add("--set", required=True, metavar="NAME", help="the feature set")
    add("--input", required=True, type=Path, metavar="FILE", help="the log")
    add("--rows", required=True, type=int, metavar="N", help="how many events the state has seen")
    add("--check", required=True, type=int, metavar="N", help="how many events more to compare")
    add("--state", required=True, type=Path, metavar="FILE", help="where the state goes")
    options = parser.parse_args(argv)
    return lambda: _work(options.set, options.input, options.rows, options.check, options.state)


def _work(name: str, source: Path, rows: int, checked: int, state: Path) -> None:
    features = load_feature_set(name)
    log = EventLog(source, features)
    time = features.schema.event_time
    began = elapsed()
    warm = WarmStart(features)
    first = last = None
    for frame in log.frames(0, rows):
        warm.append(frame)
        first, last = frame[time][0] if first is None else first, frame[time][-1]
    write_state(features, warm.state(), state)
    spent = elapsed() - began
    ticks = _HOUR_SECONDS * features.schema.ticks_per_second
    online = restore(features, state)
    made = {
        "rows": rows,
        "hours": 0.0 if first is None or last is None else (last - first) / ticks,
        "keys_held": online.keys_held,
        "state_bytes": state.stat().st_size,
        "seconds": {"total": spent},
        "difference": difference(online, log, rows, checked, state.parent),
    }
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    sys.exit(main())
