"""What all commands share: how they refuse, fail and are interrupted."""

import argparse
import sys
from collections.abc import Callable
from typing import Final, NoReturn

from engine.errors import InputError, SentinelError

EXIT_DONE: Final = 0
EXIT_REFUSED: Final = 2
EXIT_INTERRUPTED: Final = 130


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


def run_command(command: Callable[[], None]) -> int:
    """Run a command and turn how it ends into an exit code.

    Returns
    -------
    int
        0 if it is done, 2 if it was refused or failed with a message for people, 130 if it was
        interrupted. Anything else is a defect of ours and keeps its traceback.
    """
    try:
        command()
    except SentinelError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was left half-written\n")
        return EXIT_INTERRUPTED
    return EXIT_DONE
