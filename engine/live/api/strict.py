"""JSON as it can be meant: whoever gives a name twice has said two things."""

import json
from typing import Any


class _TwiceError(Exception):
    """A name is given twice."""


def given_twice(text: bytes) -> str | None:
    """The first name that an object in a JSON text gives twice; None if each gives all once.

    Decoders take the last, and tell nobody: which was meant nobody can tell.
    """
    try:
        json.loads(text, object_pairs_hook=_each_once)
    except _TwiceError as error:
        return str(error)
    return None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    names = set()
    for name, _ in pairs:
        if name in names:
            raise _TwiceError(name)
        names.add(name)
