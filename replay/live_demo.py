"""``python -m replay.live_demo``: a judge and the live scorer on a simulated stream."""

import os
import secrets
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import httpx

from engine.arguments import whole
from engine.command import EXIT_CODES, Parser, run_command
from engine.errors import InputError, OutputError
from engine.events.disk import writing
from engine.live.ledger.files import WriterLock, is_lock
from engine.live.settings import KEY_VARIABLE, PREFIX
from replay.together import HOST, Part, port_near, run_together

_DESCRIPTION = """\
Start a judge, which sends the last transactions of the demo as a stream, and the live scorer, which
decides on each by the demo's model and flags it; the transactions before them are its history. The
demo is made if it is not there. Ctrl-C ends both, the scorer first, and the judge tells the score.

Each start begins anew: the ledger of the one before is removed."""

_TRANSACTIONS: Final = "transactions.csv"
_RUN: Final = Path("runs") / "current"
_JUDGE_PORT: Final = 8765
_API_PORT: Final = 8000
_MOST_EVENTS: Final = 10_000_000


@dataclass(frozen=True, slots=True)
class LiveDemo:
    """What is started.

    Parameters
    ----------
    demo
        The folder of the demo.
    events
        How many transactions are sent.
    judge
        Further options of the judge.
    until_done
        Whether to end when the judge has heard of every event.
    """

    demo: Path
    events: int
    judge: tuple[str, ...]
    until_done: bool

    @property
    def folder(self) -> Path:
        """What it makes is there."""
        return self.demo / "live"

    @property
    def history(self) -> Path:
        """The transactions before those of the stream."""
        return self.folder / "history.csv"

    @property
    def stream(self) -> Path:
        """The transactions that are sent."""
        return self.folder / "stream.csv"

    @property
    def ledger(self) -> Path:
        """What is decided."""
        return self.folder / "live.db"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    return run_command(lambda: _prepare(argv))


def _prepare(argv: Sequence[str] | None) -> Callable[[], int]:
    parser = Parser("python -m replay.live_demo", _DESCRIPTION, EXIT_CODES)
    add = parser.add_argument
    add("--demo", default="demo", metavar="DIR", help="the demo's folder (default: %(default)s)")
    add("--events", default="20000", metavar="N", help="to send (default: %(default)s)")
    add("--rate", default="50", metavar="R", help="events a second, or max (default: %(default)s)")
    add("--faults", default="", metavar="LIST", help="what goes wrong, as replay.judge has it")
    add("--until-done", action="store_true", help="end when all events were sent and flagged")
    options = parser.parse_args(argv)
    judge = ("--rate", options.rate, "--faults", options.faults)
    events = whole(options.events, "--events", 1, _MOST_EVENTS)
    return lambda: _run(LiveDemo(Path(options.demo), events, judge, options.until_done))


def _run(live: LiveDemo) -> int:
    if not (live.demo / _TRANSACTIONS).exists() or not (live.demo / _RUN).exists():
        made = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", "replay.demo", "--out", str(live.demo)], check=False
        )
        if made.returncode:
            raise OutputError(
                f"{live.demo}: the demo could not be made (was exit code {made.returncode})",
                hint="see what it has said above",
            )
    with writing(live.folder):
        live.folder.mkdir(exist_ok=True)
    alone = WriterLock(live.ledger)  # or one that still runs would lose its ledger
    try:
        with writing(live.folder):
            _begin_anew(live)
    finally:
        alone.release()
    return _started(live)


def _begin_anew(live: LiveDemo) -> None:
    """Lay out the history and the stream, and remove what a start before has decided."""
    with (live.demo / _TRANSACTIONS).open("rb") as file:
        header = next(file, b"")
        last = deque(file, live.events + 1)
    if len(last) <= live.events:
        raise InputError(
            f"--events: there is no history before them (was {live.events:,})",
            hint=f"give fewer than the {len(last):,} transactions that the demo has",
        )
    for old in live.folder.glob(f"{live.ledger.name}*"):
        if not is_lock(old):
            old.unlink()
    stream = list(last)[1:]
    live.stream.write_bytes(header + b"".join(stream))
    with (live.demo / _TRANSACTIONS).open("rb") as file, live.history.open("wb") as history:
        count = sum(1 for _ in file) - live.events
        file.seek(0)
        history.writelines(islice(file, count))


def _started(live: LiveDemo) -> int:
    judge_port, api_port = port_near(_JUDGE_PORT), port_near(_API_PORT)
    for wanted, port in ((_JUDGE_PORT, judge_port), (_API_PORT, api_port)):
        if port != wanted:
            sys.stdout.write(f"port {wanted} is taken: {port} instead\n")
    judge, api = f"http://{HOST}:{judge_port}", f"http://{HOST}:{api_port}"
    sys.stdout.write(
        f"{live.events:,} transactions are sent; those before them are history\n"
        f"  the score      {judge}/\n"
        f"  the dashboard  {api}/\n"
        f"  decisions      curl -sN {api}/api/stream\n"
        f"  the ledger     python -m engine.ledger show {live.ledger}\n"
        "Ctrl-C ends it.\n"
    )
    sys.stdout.flush()
    python = (sys.executable, "-m")
    log = live.folder / "judge.log"
    parts = (
        Part(
            "judge",
            (*python, "replay.judge", str(live.stream), "--port", str(judge_port), *live.judge),
            judge_port,
            log,
        ),
        Part(
            "live scorer",
            (
                *(*python, "engine.live", "--stream", f"{judge}/stream"),
                *("--flag", f"{judge}/api/flag", "--run", str(live.demo / _RUN)),
                *("--ledger", str(live.ledger), "--warm", str(live.history)),
                *("--listen", f"{HOST}:{api_port}"),
            ),
            api_port,
        ),
    )
    # Nobody's settings but these, and a key that nobody else has.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    key = secrets.token_hex(16)
    done = partial(_is_done, f"{judge}/score", key) if live.until_done else lambda: False
    return run_together(parts, environment | {KEY_VARIABLE: key}, done)


def _is_done(url: str, key: str) -> bool:
    """Whether a judge has heard of every event.

    It is not to end by itself: flags whose answers were lost are posted once more, to the one that
    has them already.
    """
    try:
        return bool(httpx.get(url, headers={"X-API-Key": key}, trust_env=False).json()["done"])
    except (httpx.HTTPError, ValueError):
        return False  # an answer that is late, or was broken off: it is asked again


if __name__ == "__main__":
    sys.exit(main())
