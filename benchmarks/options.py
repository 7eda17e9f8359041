"""What the suites' options have in common: how they are read and where things go by default."""

import os
from pathlib import Path
from typing import Final

from engine.errors import InputError

RESULTS: Final = Path(__file__).with_name("results")


def whole(option: str, text: str, *, least: int, most: int) -> int:
    """The whole number that an option was given; ``_`` may stand between its digits.

    Raises
    ------
    InputError
        If it is none, or not from ``least`` to ``most``.
    """
    try:
        number = int(text)
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        raise InputError(
            f"{option}: not a number this can be measured with (was {text!r})",
            hint=f"give a whole number from {least:,} to {most:,}",
        )
    return number


def wholes(option: str, text: str, *, least: int, most: int) -> tuple[int, ...]:
    """The different whole numbers that an option was given, between commas, in ascending order.

    Raises
    ------
    InputError
        If one is none, or not from ``least`` to ``most``.
    """
    numbers = {whole(option, part.strip(), least=least, most=most) for part in text.split(",")}
    return tuple(sorted(numbers))


def cache_folder() -> Path:
    """Where simulated inputs go unless an option says otherwise: within the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sentinelpos" / "benchmarks"
