"""Processes that tests start: with signals as in the foreground, and gone when a test fails."""

import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE_SECONDS = 60  # for what takes one or two


@contextmanager
def started(command: Sequence[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process with its messages in a pipe, in a session of its own; a failure ends them all."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter and modules
        command, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True
    ) as process:
        try:
            yield process
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise


def usual_signals() -> None:
    """Signals as in the foreground: what starts in the background ignores interrupts."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
