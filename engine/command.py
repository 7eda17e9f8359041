"""What all commands share: how they refuse, fail and are interrupted."""

import argparse
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from engine.errors import InputError, SentinelError
from engine.interrupts import Terminated, heard

EXIT_DONE: Final = 0
EXIT_REFUSED: Final = 2
# 128 and the signal's number, as shells have it.
EXIT_INTERRUPTED: Final = 130
EXIT_TERMINATED: Final = 143

EXIT_CODES: Final = (
    "exit codes: 0 done, 2 refused or failed with a message, 130 interrupted, 143 terminated"
)


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


def run_command(prepare: Callable[[], Callable[[], None]]) -> int:
    """Run a command and turn how it ends into an exit code.

    Parameters
    ----------
    prepare
        Reads the command line, imports what is heavy, and returns the work. Signals are heard
        while that runs: ``engine.interrupts.heard`` says why only then.

    Returns
    -------
    int
        0 if it is done, 2 if it was refused or failed with a message for people, 130 if it was
        interrupted, 143 if it was terminated. Anything else is a defect of ours and keeps its
        traceback.
    """
    try:
        work = prepare()
        with heard():
            work()
    except SentinelError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    except Terminated:
        sys.stderr.write("terminated: nothing was left half-written\n")
        return EXIT_TERMINATED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was left half-written\n")
        return EXIT_INTERRUPTED
    return EXIT_DONE
