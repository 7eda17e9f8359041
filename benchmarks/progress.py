"""What a benchmark says while it runs; standard output is for its results."""

import sys


def say(line: str) -> None:
    """A line on standard error, at once."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
