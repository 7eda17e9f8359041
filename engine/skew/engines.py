"""Which engines are compared."""

from typing import Final

from engine.backends import BACKENDS, usual_backends
from engine.errors import InputError

REFERENCE: Final = "reference"
# It looks at all earlier events of an event's key: 20,000 events of one card take a minute or two.
REFERENCE_ROWS: Final = 20_000
_LEAST: Final = 2


def parse_engines(text: str | None) -> tuple[str, ...] | None:
    """The engines that ``--engines`` names, the first of them the one the others are held to.

    Raises
    ------
    InputError
        If one is unknown or named twice, or there are fewer than two.
    """
    if text is None:
        return None
    names = tuple(text.split(","))
    for name in names:
        if name not in BACKENDS:
            raise InputError(
                f"--engines: no such engine (was {name!r})", hint=f"there are {','.join(BACKENDS)}"
            )
    if len(set(names)) < len(names):
        raise InputError(
            f"--engines: an engine is named twice (was {text!r})", hint="name each of them once"
        )
    if len(names) < _LEAST:
        raise InputError(
            f"--engines: one engine alone is not compared (was {text!r})",
            hint=f"name two or more of {','.join(BACKENDS)}",
        )
    return names


def default_engines(rows: int) -> tuple[str, ...]:
    """The usual engines, but for the reference where a log has too many rows for it."""
    others = tuple(name for name in usual_backends() if name != REFERENCE)
    return others if rows > REFERENCE_ROWS and len(others) >= _LEAST else (REFERENCE, *others)
