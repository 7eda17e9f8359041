"""``python -m benchmarks.live.drive_spark``: a judge, and Spark's live scorer that flags it all.

As ``benchmarks.live.drive``, with the same checks: each event flagged once and in time, with the
value that the outbox has, and the first decisions those of a replay, to the bit.
"""

import json
import os
import re
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.compare import DifferenceError
from benchmarks.live.inputs import SET
from benchmarks.live.recorded import check_ledger, check_replayed, check_score, times_of
from benchmarks.servers import Server, server
from benchmarks.spent import cpu_seconds, resident_bytes
from engine.arguments import whole
from engine.clock import elapsed, sleep
from engine.command import Parser, run_command
from engine.events.disk import scratch_folder
from replay.judge.cli import KEY_VARIABLE

_MOST: Final = 1_000_000_000
_LONGEST_DEADLINE: Final = 3_600
_LOOK_SECONDS: Final = 0.5
_JUDGES: Final = re.compile(r"^http://127\.0\.0\.1:([0-9]+)/ judges", re.MULTILINE)
_READY: Final = re.compile(r'^(\{.*"event": "ready".*\})$', re.MULTILINE)
_RECORDED: Final = re.compile(r'^(\{.*"event": "recorded".*\})$', re.MULTILINE)
_LEAST_RATE: Final = 100.0
_PATIENCE_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Drive:
    """What is driven.

    Parameters
    ----------
    stream, events
        The file, and how many of its events are sent.
    rate
        Events a second.
    run, state
        What the scorer begins with.
    replayed
        The ledger of a replay of the first events.
    master
        Spark's master.
    deadline
        Seconds to flag an event in, for judge and scorer alike.
    """

    stream: Path
    events: int
    rate: int
    run: Path
    state: Path
    replayed: Path
    master: str = "local[2]"
    deadline: int = 30


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser(
        "python -m benchmarks.live.drive_spark", "Have Spark's live scorer flag a stream.", ""
    )
    add = parser.add_argument
    add("--stream", required=True, type=Path, metavar="FILE", help="the events")
    add("--events", required=True, metavar="N", help="how many of them")
    add("--rate", required=True, metavar="R", help="events a second")
    add("--run", required=True, type=Path, metavar="DIR", help="the run")
    add("--state", required=True, type=Path, metavar="FILE", help="the online state")
    add("--replayed", required=True, type=Path, metavar="DIR", help="ledger of a replay")
    add("--master", default="local[2]", metavar="MASTER", help="Spark's (%(default)s)")
    add("--deadline", default="30", metavar="SECONDS", help="to flag an event in")
    options = parser.parse_args(argv)
    asked = Drive(
        stream=options.stream,
        events=whole(options.events, "--events", 1, _MOST),
        rate=whole(options.rate, "--rate", 1, _MOST),
        run=options.run,
        state=options.state,
        replayed=options.replayed,
        master=options.master,
        deadline=whole(options.deadline, "--deadline", 1, _LONGEST_DEADLINE),
    )

    def work() -> None:
        with scratch_folder(asked.stream.parent) as scratch:
            sys.stdout.write(json.dumps(drive(asked, scratch)) + "\n")

    return work


def drive(asked: Drive, scratch: Path) -> dict[str, Any]:
    """Have a scorer flag a judge's stream, check it, and return what is kept of it.

    Raises
    ------
    DifferenceError
        If an event was not flagged once and in time, or another decision was made than in a replay.
    RunError
        If judge or scorer end too soon, or it takes too long.
    """
    key = {KEY_VARIABLE: secrets.token_hex(16)}
    outbox = scratch / "outbox.db"
    load = os.getloadavg()[0]
    with server("the judge", scratch / "judge.txt", _judge(asked, scratch), key) as judge:
        args = _scorer(asked, outbox, judge.until(_JUDGES)[1])
        began = elapsed()
        with server("the scorer", scratch / "scorer.txt", args, key) as scorer:
            scorer.until(_READY)
            start = elapsed() - began
            took = _watched(asked, judge, scorer)
            printed, _ = judge.process.communicate()
            code = scorer.ended(lambda process: process.send_signal(signal.SIGTERM))
            if code:
                raise DifferenceError(f"the scorer did not end well (was exit code {code})")
            batches = _RECORDED.findall(scorer.said.read_text("utf-8"))
    score = json.loads(printed)
    check_score(score, asked.events)
    counts = check_ledger(outbox, asked.stream, score, asked.events)
    compared = check_replayed(outbox, asked.replayed, SET)
    times = times_of(outbox)
    return {
        "master": asked.master,
        "rate": asked.rate,
        "events": asked.events,
        "batches": sum(json.loads(line)["decided"] > 0 for line in batches),
        "seconds": {"start": start, "total": times["seconds"]},
        "latency_ms": times["latency_ms"]
        | {"sent_flagged": {name: 1e3 * s for name, s in score["latency_seconds"].items()}},
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
        "counts": counts,
        "compared_with_replay": compared,
        "checkpoint_bytes": _size_of(scratch / "checkpoint"),
        **took,
    }


def _judge(asked: Drive, scratch: Path) -> list[str]:
    options = ["--rate", str(asked.rate), "--events", str(asked.events), "--port", "0"]
    options += ["--until-done", "--deadline", str(asked.deadline), "--json"]
    return ["replay.judge", str(asked.stream), *options, "--scratch", str(scratch)]


def _scorer(asked: Drive, outbox: Path, port: str) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    where = ["--stream", f"{url}/stream", "--flag", f"{url}/api/flag", "--master", asked.master]
    what = ["--run", str(asked.run), "--state", str(asked.state), "--outbox", str(outbox)]
    folders = ["--files", str(outbox.parent / "events")]
    folders += ["--checkpoint", str(outbox.parent / "checkpoint")]
    return ["engine.live_spark", *where, *what, *folders, "--deadline", str(asked.deadline)]


def _watched(asked: Drive, judge: Server, scorer: Server) -> dict[str, Any]:
    """Wait until the judge has ended; what the scorer's processes have taken meanwhile."""
    late = elapsed() + _PATIENCE_SECONDS + asked.events / min(asked.rate, _LEAST_RATE)
    first = _spent(scorer.pid)
    now, peak = dict(first), 0
    while judge.process.poll() is None:
        scorer.check(late)
        now |= _spent(scorer.pid)
        peak = max(peak, sum(resident_bytes(pid) or 0 for pid in _processes(scorer.pid)))
        sleep(_LOOK_SECONDS)
    spent = sum(seconds - first.get(pid, 0.0) for pid, seconds in now.items())
    return {"cpu_seconds": spent, "resident_bytes": {"peak": peak}}


def _spent(pid: int) -> dict[int, float]:
    return {one: cpu_seconds(one) or 0.0 for one in _processes(pid)}


def _processes(pid: int) -> list[int]:
    """A process, and all that it has started: Java, and Python's workers."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        parents.setdefault(int(words[1]), []).append(int(stat.parent.name))
    found, at = [pid], 0
    while at < len(found):
        found += parents.get(found[at], [])
        at += 1
    return found


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


if __name__ == "__main__":
    sys.exit(main())
