"""A judge and a live scorer as processes on 127.0.0.1, and their ledger beside them."""

import os
import secrets
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from engine.clock import elapsed, sleep
from engine.live.settings import PREFIX
from processes import PATIENCE_SECONDS, ROOT
from replay.together import HOST, port_near

_LOOK_SECONDS: Final = 0.05

# What has been decided on, answered and explained; the same as how many have come once all is done.
_DONE: Final = """\
SELECT count(*) FROM decisions
WHERE sequence NOT IN (SELECT sequence FROM pending)
AND (flagged = 0 OR fallback IS NOT NULL OR sequence IN (SELECT sequence FROM reasons))"""


def until(done: Callable[[], bool], what: str, patience: float = PATIENCE_SECONDS) -> None:
    """Wait for what nobody tells of."""
    end = elapsed() + patience
    while not done():
        assert elapsed() < end, f"waited {patience:g} s until {what}"
        sleep(_LOOK_SECONDS)


@dataclass
class System:
    """What runs.

    Parameters
    ----------
    folder
        For what the processes say.
    ledger
        Of the live scorer.
    token
        What the dashboard asks for.
    """

    folder: Path
    ledger: Path
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    judge_port: int = field(default_factory=lambda: port_near(0))
    port: int = field(default_factory=lambda: port_near(0))
    expected: int = 0
    cache: Path | None = None
    _running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the dashboard is."""
        return f"http://{HOST}:{self.port}"

    @property
    def judge_url(self) -> str:
        """Where the judge is."""
        return f"http://{HOST}:{self.judge_port}"

    def start_scorer(self, run: Path, *more: str) -> None:
        """Start the live scorer, and wait until it answers."""
        where = ("--stream", f"{self.judge_url}/stream", "--flag", f"{self.judge_url}/api/flag")
        what = ("--run", str(run), "--ledger", str(self.ledger))
        listen = ("--listen", f"{HOST}:{self.port}")
        self._start("scorer", "engine.live", *where, *what, *listen, *more)
        self._await("scorer", f"{self.url}/health")

    def start_judge(self, log: Path, rate: float) -> None:
        """Start a judge over a log, and wait until it listens."""
        self.expected += len(log.read_bytes().splitlines()) - 1
        options = ("--port", str(self.judge_port), "--rate", f"{rate:g}", "--quiet")
        self._start("judge", "replay.judge", str(log), *options)
        self._await("judge", f"{self.judge_url}/score")

    def end(self, name: str) -> None:
        """Ask a process to end, and wait for it; it is killed if it does not."""
        process = self._running.pop(name, None)
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def kill(self) -> None:
        """End all of it at once, whatever it is at."""
        for process in self._running.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()

    def score(self) -> dict[str, Any]:
        """What the judge says."""
        found: dict[str, Any] = httpx.get(f"{self.judge_url}/score").raise_for_status().json()
        return found

    def still(self) -> None:
        """Wait until all that was sent is decided on, answered and explained: nothing moves."""
        until(lambda: self.rows(_DONE) == [(self.expected,)], "all is done")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """What the ledger holds."""
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, parameters).fetchall()

    def _start(self, name: str, module: str, *options: str) -> None:
        usual = {one: value for one, value in os.environ.items() if not one.startswith(PREFIX)}
        own = {"SENTINELPOS_API_KEY": self.key, "SENTINELPOS_TOKEN": self.token}
        cache = {} if self.cache is None else {"XDG_CACHE_HOME": str(self.cache)}
        # In a file: a pipe that nobody reads would hold them up.
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                [sys.executable, "-m", module, *options],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env=usual | own | cache,
                start_new_session=True,
            )

    def _await(self, name: str, url: str) -> None:
        def answers() -> bool:
            code = self._running[name].poll()
            assert code is None, (code, (self.folder / f"{name}.log").read_text("utf-8"))
            try:
                httpx.get(url)  # also that it is not ready: nothing is there to be read yet
            except httpx.TransportError:
                return False
            return True

        until(answers, f"the {name} listens")


@contextmanager
def ending(system: System) -> Iterator[System]:
    """Whatever happens in the block, its processes end with it."""
    with ExitStack() as stack:
        stack.callback(system.kill)
        yield system
