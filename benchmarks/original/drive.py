"""``python -m benchmarks.original.drive``: post events to the original design, one at a time.

Its features are compared with those that a replay of ours has recorded of the same events: equal
but for the last digits, as it computes in floats what is exact here. So it does the same work.
"""

import http.client
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl

from benchmarks.compare import DifferenceError
from benchmarks.original.app import HOST
from benchmarks.servers import server
from benchmarks.spent import cpu_seconds, resident_bytes
from engine.arguments import whole
from engine.clock import elapsed
from engine.command import Parser, run_command
from engine.decide.folder import PARTS
from engine.events.disk import scratch_folder
from replay.judge.wire import as_json, event_ids

QUANTILES: Final = {"p50": 0.5, "p99": 0.99, "max": 1.0}

_MOST: Final = 1_000_000_000
_LISTENS: Final = re.compile(r"^listens on ([0-9]+)$", re.MULTILINE)
_JSON: Final = {"Content-Type": "application/json"}
_CLOSE: Final = 1e-6


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.original.drive", "Post events, one at a time.", "")
    add = parser.add_argument
    add("--stream", required=True, type=Path, metavar="FILE", help="the events")
    add("--events", required=True, metavar="N", help="how many of them")
    add("--run", required=True, type=Path, metavar="DIR", help="a run of a random forest")
    add("--table", required=True, type=Path, metavar="FILE", help="the table of the past")
    add("--replayed", required=True, type=Path, metavar="DIR", help="ledger of a replay")
    options = parser.parse_args(argv)
    events = whole(options.events, "--events", 1, _MOST)

    def work() -> None:
        with scratch_folder(options.stream.parent) as scratch:
            table = scratch / "table.db"
            shutil.copyfile(options.table, table)
            found = drive(options.stream, events, options.run, table, options.replayed)
            sys.stdout.write(json.dumps(found) + "\n")

    return work


def drive(stream: Path, events: int, run: Path, table: Path, replayed: Path) -> dict[str, Any]:
    """Post the first events of a stream, and return what is kept of it.

    Raises
    ------
    DifferenceError
        If its features are others than ours.
    """
    raw = pl.read_parquet(stream, n_rows=events)
    bodies = [text.encode() for text in as_json(raw, event_ids(raw), strings=False)]
    load = os.getloadavg()[0]
    args = ["benchmarks.original.app", "--run", str(run), "--table", str(table)]
    with server("the original", table.with_name("original.txt"), args, {}) as original:
        client = http.client.HTTPConnection(HOST, int(original.until(_LISTENS)[1]), timeout=60)
        before = cpu_seconds(original.pid)
        taken, answers = [], []
        began = elapsed()
        for body in bodies:
            asked = elapsed()
            client.request("POST", "/predict", body, _JSON)
            answers.append(client.getresponse().read())
            taken.append(elapsed() - asked)
        total = elapsed() - began
        after = cpu_seconds(original.pid)
        resident = resident_bytes(original.pid)
        client.close()
        original.ended(lambda process: process.terminate())
    compared = _check([json.loads(answer) for answer in answers], replayed)
    quantiles = 1e3 * np.quantile(taken, list(QUANTILES.values()))
    return {
        "events": events,
        "seconds": {"total": total},
        "latency_ms": dict(zip(QUANTILES, quantiles.tolist(), strict=True)),
        "cpu_seconds": None if before is None or after is None else after - before,
        "resident_bytes": resident,
        "load_before": round(load, 2),
        "compared_with_replay": compared,
    }


def _check(answers: Sequence[dict[str, Any]], replayed: Path) -> int:
    expected = pl.read_parquet(sorted(replayed.glob(PARTS)), columns=["event_id", "features"])
    expected = expected.head(len(answers)).unnest("features")
    told = answers[: len(expected)]
    if [one.get("trans_num") for one in told] != expected["event_id"].to_list():
        raise DifferenceError("the original answers of other events (was not the stream's ids)")
    got = np.array([one["features"] for one in told])
    wanted = expected.drop("event_id").cast(pl.Float64).to_numpy()
    wrong = np.argwhere(~np.isclose(got, wanted, rtol=_CLOSE, atol=_CLOSE))
    if len(wrong):
        row, column = wrong[0]
        name = expected.columns[1 + column]
        raise DifferenceError(
            f"the original's {name} of event {row:,} differs (was {got[row, column]}, ours is "
            f"{wanted[row, column]})"
        )
    return len(told)


if __name__ == "__main__":
    sys.exit(main())
