"""How long the garbage collector stops a process."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from engine.clock import elapsed_ns

_MS: Final = 1e6


class Pauses:
    """The collections while :meth:`watching`, whoever asked for them."""

    def __init__(self) -> None:
        self._lengths: list[int] = []
        self._began = 0

    @property
    def total_seconds(self) -> float:
        """How long they took together."""
        return sum(self._lengths) / 1e9

    def as_json(self) -> dict[str, float]:
        """What is kept of them."""
        return {
            "collections": len(self._lengths),
            "total_ms": sum(self._lengths) / _MS,
            "longest_ms": max(self._lengths, default=0) / _MS,
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note the collections within the block."""
        gc.callbacks.append(self._note)
        try:
            yield
        finally:
            gc.callbacks.remove(self._note)

    def _note(self, phase: str, _info: dict[str, Any]) -> None:
        now = elapsed_ns()
        if phase == "start":
            self._began = now
        else:
            self._lengths.append(now - self._began)
