"""Processes that serve while something is measured: started, heard until they are ready, ended."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measure import RunError
from engine.clock import elapsed, sleep

_LOOK_SECONDS: Final = 0.01
_START_SECONDS: Final = 300.0
_END_SECONDS: Final = 60.0
_LAST_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Server:
    """A process that serves.

    Parameters
    ----------
    name
        What messages call it.
    process
        It.
    said
        The file that its standard error goes to, so that it never waits for whoever reads that.
    """

    name: str
    process: "subprocess.Popen[str]"
    said: Path

    @property
    def pid(self) -> int:
        """The process's number."""
        return self.process.pid

    def until(self, line: re.Pattern[str]) -> re.Match[str]:
        """Wait until it has said a line.

        Raises
        ------
        RunError
            If it ends before, or takes too long.
        """
        late = elapsed() + _START_SECONDS
        while True:
            found = line.search(self.said.read_text("utf-8", errors="replace"))
            if found is not None:
                return found
            self.check(late)
            sleep(_LOOK_SECONDS)

    def check(self, late: float) -> None:
        """See that it runs, and that there is time.

        Raises
        ------
        RunError
            If it has ended, or it is later than ``late``.
        """
        if self.process.poll() is not None:
            raise self._failed(f"ended (was exit code {self.process.returncode})")
        if elapsed() > late:
            raise self._failed("takes too long (was not done in time)")

    def ended(self, stop: Callable[["subprocess.Popen[str]"], object]) -> int:
        """Have it end, and say with what code.

        Raises
        ------
        RunError
            If it does not.
        """
        stop(self.process)
        try:
            return self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            raise self._failed("does not end (was asked to)") from None

    def _failed(self, what: str) -> RunError:
        lines = self.said.read_text("utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        return RunError(
            "\n".join([f"{self.name} {what}", *lines]), hint="it may say more when run by itself"
        )


@contextmanager
def server(
    name: str, said: Path, args: Sequence[str], environment: Mapping[str, str]
) -> Iterator[Server]:
    """``python -m args`` as a server; if the block ends before it does, it is killed.

    Parameters
    ----------
    name
        What messages call it.
    said
        Where what it says goes.
    args
        The module and its options. What it prints can be read in the end, if that is little.
    environment
        Besides what is in this process's.
    """
    with (
        said.open("w", encoding="utf-8") as err,
        subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", *args],
            env=os.environ | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        try:
            yield Server(name, process, said)
        finally:
            if process.poll() is None:
                process.kill()
