"""Processes that run together: started in turn, and stopped the other way round."""

import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.clock import elapsed, sleep
from engine.errors import OutputError
from engine.interrupts import put_off

HOST: Final = "127.0.0.1"
_LOOK_SECONDS: Final = 0.1
_START_SECONDS: Final = 120.0
_STOP_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """A process that listens.

    Parameters
    ----------
    name
        What messages call it.
    command
        What to run.
    port
        Where it listens once it is there, on 127.0.0.1.
    log
        What gets its standard error; None for our own.
    """

    name: str
    command: Sequence[str]
    port: int
    log: Path | None = None


def run_together(
    parts: Sequence[Part],
    environment: Mapping[str, str],
    done: Callable[[], bool],
) -> int:
    """Run parts until one ends or somebody interrupts, then stop those that run; the exit code.

    Each is started when the one before listens. They do not get the terminal's interrupts: what
    posts to another has to end before that one does.

    Parameters
    ----------
    parts, environment
        What to run, and in which environment.
    done
        Asked now and then whether all is done: then they are stopped too.

    Raises
    ------
    OutputError
        If a part does not come to listen, or does not end.
    """
    with ExitStack() as stack:
        try:
            running: list[tuple[Part, subprocess.Popen[bytes]]] = []
            for part in parts:
                running.append((part, stack.enter_context(_started(part, environment))))
                _await(*running[-1])
            return _first_end(running, done)
        except KeyboardInterrupt:  # the usual way to end it
            return 0


def port_near(wanted: int) -> int:
    """A port of 127.0.0.1 that nobody listens on: the wanted one if it is free."""
    try:
        return _bound(wanted)
    except OSError:
        return _bound(0)


def _bound(port: int) -> int:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trial.bind((HOST, port))
        return int(trial.getsockname()[1])


@contextmanager
def _started(part: Part, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with ExitStack() as stack:
        log = None if part.log is None else stack.enter_context(part.log.open("wb"))
        with put_off():
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                part.command, stderr=log, env=dict(environment), start_new_session=True
            )
            stack.callback(_stop, part, process)
        yield process


def _stop(part: Part, process: "subprocess.Popen[bytes]") -> None:
    # Not an interrupt, which what was begun in the background of a script does not hear.
    process.terminate()  # nothing, if it has ended
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.wait()
        raise OutputError(
            f"the {part.name} did not end (was given {_STOP_SECONDS:g} s)",
            hint="it was killed; what it had recorded stands",
        ) from error


def _await(part: Part, process: "subprocess.Popen[bytes]") -> None:
    """Wait until a part listens, or has ended."""
    until = elapsed() + _START_SECONDS
    while process.poll() is None:
        with socket.socket() as trial:
            if trial.connect_ex((HOST, part.port)) == 0:
                return
        if elapsed() > until:
            raise OutputError(
                f"the {part.name} does not listen (was given {_START_SECONDS:g} s)",
                hint="see what it has said above",
            )
        sleep(_LOOK_SECONDS)


def _first_end(
    running: "Sequence[tuple[Part, subprocess.Popen[bytes]]]", done: Callable[[], bool]
) -> int:
    while not done():
        for part, process in running:
            code = process.poll()
            if code is None:
                continue
            if code and part.log is not None:
                said = part.log.read_text("utf-8", "replace").strip()
                raise OutputError(
                    f"the {part.name} has ended (was: {said or code})",
                    hint=f"see {part.log}",
                )
            return code
        sleep(_LOOK_SECONDS)
    return 0
