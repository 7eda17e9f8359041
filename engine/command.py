"""What all commands share: how they refuse, fail and are interrupted."""

import argparse
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, NoReturn

from engine.errors import InputError, OutputError, SentinelError
from engine.interrupts import Terminated, heard, put_off, set_again

EXIT_DONE: Final = 0
EXIT_FOUND: Final = 1  # what a check looks for
EXIT_REFUSED: Final = 2
# 128 and the signal's number, as shells have it.
EXIT_INTERRUPTED: Final = 130
EXIT_CLOSED: Final = 141  # as if by SIGPIPE
EXIT_TERMINATED: Final = 143

OTHER_EXIT_CODES: Final = """\
2 refused or failed with a message,
  130 interrupted, 143 terminated, 141 whoever was to read the standard output has closed it"""
EXIT_CODES: Final = f"exit codes: 0 done, {OTHER_EXIT_CODES}"


class Parser(argparse.ArgumentParser):
    """A parser whose errors look like all others of this project."""

    def __init__(self, prog: str, description: str, epilog: str) -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise InputError(
            f"{self.prog}: cannot read the command line (was: {message})",
            hint="see --help for the options",
        )


def run_command(prepare: Callable[[], Callable[[], int | None]]) -> int:
    """Run a command and turn how it ends into an exit code.

    Parameters
    ----------
    prepare
        Reads the command line, imports what is heavy, and returns the work, which may return an
        exit code of its own. A signal meanwhile waits until it has returned, as modules are not
        made to be imported by halves.

    Returns
    -------
    int
        0, or what the work returns, if it is done, 2 if it was refused or failed with a message for
        people, 130 if it was interrupted, 143 if it was terminated; 141, without a word, if
        standard output was closed by who reads it. A full one is a failure like others. Anything
        else is a defect of ours and keeps its traceback.
    """
    try:
        with _told(), heard():
            try:
                with put_off():
                    work = prepare()
            finally:
                set_again()
            code = work()
    except SentinelError as error:
        return _ended(EXIT_REFUSED, str(error))
    except BrokenPipeError:  # standard error alike
        return EXIT_CLOSED
    except Terminated as signal:
        return _ended(EXIT_TERMINATED, f"terminated: {_left(signal)}")
    except KeyboardInterrupt as signal:
        return _ended(EXIT_INTERRUPTED, f"interrupted: {_left(signal)}")
    return EXIT_DONE if code is None else code


def _left(signal: KeyboardInterrupt) -> str:
    """What a signal left done, where that is known, see :func:`engine.interrupts.leaving`."""
    return str(signal) or "nothing was left half-written"


def _ended(code: int, message: str) -> int:
    with suppress(OSError):  # the code says it all the same
        if sys.stderr is not None:
            sys.stderr.write(f"{message}\n")
    return code


class _Stdout:
    """Standard output, of which a failure to write is told from that of any other file."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - whatever stands in for it
        self._stream = stream

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - see above
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        with self._checked():
            return int(self._stream.write(text))

    def flush(self) -> None:
        with self._checked():
            self._stream.flush()

    @contextmanager
    def _checked(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._give_up()
            if isinstance(error, BrokenPipeError):
                raise
            raise OutputError(
                f"standard output: cannot be written (was: {error.strerror or error})",
                hint="send it elsewhere or add --quiet; files are complete before they are told of",
            ) from error

    def _give_up(self) -> None:
        """Let what is still in the buffer go nowhere, or Python fails at it again at its end."""
        if sys.__stdout__ is not None and self._stream is sys.__stdout__:
            with suppress(OSError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, sys.__stdout__.fileno())
                os.close(nowhere)


@contextmanager
def _told() -> Iterator[None]:
    """Within the block, standard output says what is wrong with it; it is flushed at the end."""
    was, error_was = sys.stdout, sys.stderr
    # Python has none where they were closed when it started.
    told: Any = _Stdout(io.StringIO() if was is None else was)
    sys.stdout = told
    if error_was is None:
        sys.stderr = io.StringIO()
    try:
        try:
            yield
        except SystemExit:  # argparse has told its help
            told.flush()
            raise
        told.flush()
    finally:
        sys.stdout, sys.stderr = was, error_was
