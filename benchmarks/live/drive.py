"""``python -m benchmarks.live.drive``: a judge, and a live scorer that flags all that it sends.

Both are processes of their own; this one waits, looks now and then at how much memory the scorer
has, and afterwards asks the judge's score and the scorer's ledger how it went. It refuses to tell
how fast anything was that is not right.

Latency. From the ledger: from when the scorer had an event's bytes to when it had the reply to its
flag. What waits in the system's buffers while the scorer is busy is not in that; so the judge's
own figure stands beside it, from when it wrote an event to when the flag came in: that has all but
the reply's way back. Whoever is late cannot hide from the second.

With ``--kill`` the scorer is killed at the end, as by a lost machine but for the disk, and started
again: the time until it is ready to read on is its recovery.
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

MAX: Final = "max"
LONGEST_DEADLINE: Final = 3_600  # seconds

_MOST: Final = 1_000_000_000
_LOOK_SECONDS: Final = 0.1
_JUDGES: Final = re.compile(r"^http://127\.0\.0\.1:([0-9]+)/ judges", re.MULTILINE)
_STATE: Final = re.compile(r'^(\{.*"event": "state ready".*\})$', re.MULTILINE)
_READY: Final = re.compile(r'^(\{.*"event": "ready".*\})$', re.MULTILINE)
# However slow the machine is, it ends: at a hundredth of what is asked for.
_LEAST_RATE: Final = 100.0
_PATIENCE_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Drive:
    """What is driven.

    Parameters
    ----------
    stream, events
        The file, and how many of its events are sent.
    rate
        Events a second, or ``max``.
    run, state
        What the scorer begins with.
    replayed
        The ledger of a replay of the first events.
    kill
        Whether the scorer is killed in the end, and started again.
    listen
        Where the scorer's API listens, or ``off``.
    deadline
        Seconds to flag an event in, for judge and scorer alike.
    """

    stream: Path
    events: int
    rate: str
    run: Path
    state: Path
    replayed: Path
    kill: bool = False
    listen: str = "off"
    deadline: int = 30


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], None]:
    parser = Parser("python -m benchmarks.live.drive", "Have a live scorer flag a stream.", "")
    add = parser.add_argument
    add("--stream", required=True, type=Path, metavar="FILE", help="the events")
    add("--events", required=True, metavar="N", help="how many of them")
    add("--rate", required=True, metavar="R", help="events a second, or max")
    add("--run", required=True, type=Path, metavar="DIR", help="the run")
    add("--state", required=True, type=Path, metavar="FILE", help="the online state")
    add("--replayed", required=True, type=Path, metavar="DIR", help="ledger of a replay")
    add("--kill", action="store_true", help="kill the scorer in the end, and start it again")
    add("--listen", default="off", metavar="HOST:PORT", help="where its API listens, or off")
    add("--deadline", default="30", metavar="SECONDS", help="to flag an event in")
    options = parser.parse_args(argv)
    asked = Drive(
        stream=options.stream,
        events=whole(options.events, "--events", 1, _MOST),
        rate=options.rate,
        run=options.run,
        state=options.state,
        replayed=options.replayed,
        kill=options.kill,
        listen=options.listen,
        deadline=whole(options.deadline, "--deadline", 1, LONGEST_DEADLINE),
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
    ledger = scratch / "live.db"
    load = os.getloadavg()[0]
    with server("the judge", scratch / "judge.txt", _judge(asked, scratch), key) as judge:
        args = _scorer(asked, ledger, judge.until(_JUDGES)[1])
        with server("the scorer", scratch / "scorer.txt", args, key) as scorer:
            scorer.until(_READY)
            took = _watched(asked, judge, scorer)
            printed, _ = judge.process.communicate()
            keys = json.loads(scorer.until(_STATE)[1])["keys"]
            _end(scorer, kill=asked.kill)
        recovery = None
        if asked.kill:
            recovery = _recovery(args, scratch, key, asked.events)
    score = json.loads(printed)
    check_score(score, asked.events)
    counts = check_ledger(ledger, asked.stream, score, asked.events)
    compared = check_replayed(ledger, asked.replayed, SET)
    times = times_of(ledger)
    return {
        "rate": asked.rate,
        "events": asked.events,
        "seconds": {"total": times["seconds"]},
        "latency_ms": times["latency_ms"]
        | {"sent_flagged": {name: 1e3 * s for name, s in score["latency_seconds"].items()}},
        "keys": keys,
        "load_before": round(load, 2),
        "counts": counts | {"posts_repeated": score["flags"]["duplicate"]},
        "compared_with_replay": compared,
        "ledger_bytes": ledger.stat().st_size,
        "recovery": recovery,
        **took,
    }


def _judge(asked: Drive, scratch: Path) -> list[str]:
    options = ["--rate", asked.rate, "--events", str(asked.events), "--port", "0", "--until-done"]
    options += ["--deadline", str(asked.deadline), "--json", "--scratch", str(scratch)]
    return ["replay.judge", str(asked.stream), *options]


def _scorer(asked: Drive, ledger: Path, port: str) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    where = ["--stream", f"{url}/stream", "--flag", f"{url}/api/flag", "--listen", asked.listen]
    what = ["--run", str(asked.run), "--state", str(asked.state), "--ledger", str(ledger)]
    return ["engine.live", *where, *what, "--deadline", str(asked.deadline)]


def _watched(asked: Drive, judge: Server, scorer: Server) -> dict[str, Any]:
    """Wait until the judge has ended; what scorer and judge have taken meanwhile."""
    rate = _LEAST_RATE if asked.rate == MAX else min(float(asked.rate), _LEAST_RATE)
    late = elapsed() + _PATIENCE_SECONDS + asked.events / rate
    first = peak = resident_bytes(scorer.pid)
    spent = {one.name: cpu_seconds(one.pid) for one in (judge, scorer)}
    now = dict(spent)
    while judge.process.poll() is None:
        scorer.check(late)
        now = {one.name: cpu_seconds(one.pid) or now[one.name] for one in (judge, scorer)}
        resident = resident_bytes(scorer.pid)
        peak = None if peak is None or resident is None else max(peak, resident)
        sleep(_LOOK_SECONDS)
    cpu = {name: _less(now[name], before) for name, before in spent.items()}
    return {
        "cpu_seconds": cpu[scorer.name],
        "judge_cpu_seconds": cpu[judge.name],
        "resident_bytes": {"ready": first, "peak": peak},
    }


def _less(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


def _end(scorer: Server, *, kill: bool) -> None:
    number = signal.SIGKILL if kill else signal.SIGTERM
    code = scorer.ended(lambda process: process.send_signal(number))
    if code not in {0, -signal.SIGKILL}:
        raise DifferenceError(f"the scorer did not end well (was exit code {code})")


def _recovery(
    args: Sequence[str], scratch: Path, key: dict[str, str], events: int
) -> dict[str, Any]:
    """Start a scorer that was killed once more, and time it until it would read on."""
    began = elapsed()
    with server("the scorer", scratch / "again.txt", args, key) as again:
        found = json.loads(again.until(_READY)[1])
        took = elapsed() - began
        state = json.loads(again.until(_STATE)[1])
        _end(again, kill=False)
    if found["next"] != events:
        raise DifferenceError(f"the scorer goes on elsewhere (was {found['next']:,})")
    return {
        "seconds": took,
        "state_seconds": state["seconds"],
        "caught_up": state["caught_up"],
        "of": state["of"],
    }


if __name__ == "__main__":
    sys.exit(main())
