"""Copies of states, for looking at what will not be."""

from array import array
from typing import Any


def copied(state: Any) -> Any:  # noqa: ANN401 - a generated class
    """A state that may change while the other stays; what both hold never changes by itself."""
    copy = object.__new__(type(state))
    for name in type(state).__slots__:
        value = getattr(state, name)
        if isinstance(value, list | array):
            value = value[:]
        setattr(copy, name, value.copy() if isinstance(value, dict) else value)
    return copy
