"""Processes that tests start: with signals as in the foreground, and gone when a test fails."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60  # for what takes one or two
_LAST_WORDS_SECONDS = 5


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its messages in a pipe, in a session of its own; a failure ends them all.

    What it says then, and where its threads are, is in the test's own messages.
    """
    with subprocess.Popen(  # noqa: S603 - our own interpreter and modules
        command,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        start_new_session=True,
        env=os.environ | {"PYTHONFAULTHANDLER": "1"},
    ) as process:
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError, subprocess.TimeoutExpired):
                process.send_signal(signal.SIGABRT)
                _, said = process.communicate(timeout=_LAST_WORDS_SECONDS)
                sys.stderr.write(said.decode(errors="replace"))
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def usual_signals() -> None:
    """Signals as in the foreground: what starts in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
