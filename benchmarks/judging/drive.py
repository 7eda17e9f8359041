"""``python -m benchmarks.judging.drive``: a judge in a process of its own, and its client here.

First the whole stream, as fast as it comes, then a flag for each event of it. The values of the
flags are those of every second event, so that the judge's own count of hits and false alarms can be
held to one that is made here.
"""

import asyncio
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import polars as pl

from benchmarks.compare import DifferenceError
from benchmarks.judging.client import Client, event_ids
from benchmarks.spent import cpu_seconds
from engine.arguments import whole
from engine.clock import elapsed
from engine.command import Parser, run_command
from replay.judge.cli import KEY_VARIABLE

_MOST: Final = 1_000_000_000
_LISTENS: Final = re.compile(r"http://127\.0\.0\.1:([0-9]+)/ judges")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.judging.drive", "Take a judge's stream and flag it.", "")
    add = parser.add_argument
    add("--input", required=True, type=Path, metavar="FILE", help="the log, Parquet")
    add("--connections", required=True, metavar="N", help="connections for flags")
    add("--depth", required=True, metavar="N", help="unanswered flags on each")
    options = parser.parse_args(argv)
    connections = whole(options.connections, "--connections", 1, _MOST)
    depth = whole(options.depth, "--depth", 1, _MOST)

    def work() -> None:
        found = drive(options.input, connections, depth)
        sys.stdout.write(json.dumps(found) + "\n")

    return work


def drive(file: Path, connections: int, depth: int) -> dict[str, Any]:
    """Take the stream of a log and flag it all.

    Returns
    -------
    dict
        Events, bytes, seconds and the judge's processor seconds of both parts; these are None
        where the system does not tell.

    Raises
    ------
    DifferenceError
        If what came, or what the judge makes of the flags, is not what is in the file.
    """
    log = pl.read_parquet(file, columns=["trans_num", "is_fraud"])
    with _judge(file) as (process, client):
        before = cpu_seconds(process.pid)
        began = elapsed()
        content = asyncio.run(client.take(len(log)))
        taken = elapsed() - began
        between = cpu_seconds(process.pid)
        ids = event_ids(content)
        if [one.decode() for one in ids] != log["trans_num"].to_list() or b"is_fraud" in content:
            raise DifferenceError(f"the stream is not the file (was {len(ids):,} events)")
        flags = [
            b'{"trans_num": "%b", "flag_value": %d}' % (one, number % 2)
            for number, one in enumerate(ids)
        ]
        middle = cpu_seconds(process.pid)
        began = elapsed()
        good = asyncio.run(client.post(flags, connections, depth))
        posted = elapsed() - began
        after = cpu_seconds(process.pid)
        printed, _ = process.communicate()
    _check(json.loads(printed), good, log["is_fraud"].to_list())
    return {
        "events": len(log),
        "stream_bytes": len(content),
        "seconds": {"total": taken + posted, "stream": taken, "flags": posted},
        "judge_cpu_seconds": {
            "stream": None if before is None or between is None else between - before,
            "flags": None if middle is None or after is None else after - middle,
        },
    }


def _check(score: dict[str, Any], good: int, labels: Sequence[int]) -> None:
    hits = sum(label for number, label in enumerate(labels) if number % 2)
    alarms = sum(1 - label for number, label in enumerate(labels) if number % 2)
    wanted = (len(labels), len(labels), hits, alarms)
    detection = score["detection"]
    found = (
        good,
        score["events"]["on_time"],
        detection["true_positives"],
        detection["false_positives"],
    )
    if found != wanted:
        raise DifferenceError(f"the judge counts otherwise (was {found}, not {wanted})")


@contextmanager
def _judge(file: Path) -> Iterator[tuple["subprocess.Popen[str]", Client]]:
    key = secrets.token_hex(16)
    options = ("--rate", "max", "--port", "0", "--deadline", "3600", "--until-done", "--json")
    with subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "replay.judge", str(file), *options, "--scratch", str(file.parent)],
        env=os.environ | {KEY_VARIABLE: key},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        try:
            yield process, Client(_port(process), key)
        finally:
            if process.poll() is None:
                process.terminate()


def _port(process: "subprocess.Popen[str]") -> int:
    said = []
    for line in process.stderr or ():
        found = _LISTENS.match(line)
        if found:
            return int(found[1])
        said.append(line)
    raise DifferenceError(f"the judge did not start (was: {''.join(said)})")


if __name__ == "__main__":
    sys.exit(main())
