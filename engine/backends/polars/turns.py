"""Work on chunks side by side of which some parts have to be done chunk after chunk."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition


class AbandonedError(Exception):
    """An earlier chunk failed, or nobody wants the chunks any more: no turn will come."""


class Turns:
    """Lets chunks through a number of gates, each of them in the chunks' order.

    Chunks have to be begun in order, and every chunk has to pass every gate.
    """

    def __init__(self) -> None:
        self._next: dict[object, int] = {}
        self._last: float = math.inf  # no chunk after this one gets a turn
        self._moved = Condition()

    @contextmanager
    def turn(self, gate: object, chunk: int) -> Iterator[None]:
        """Wait until all earlier chunks have passed the gate; the block's end passes it.

        Raises
        ------
        AbandonedError
            If they never will.
        """
        with self._moved:
            self._moved.wait_for(lambda: chunk > self._last or self._next.get(gate, 0) == chunk)
            if chunk > self._last:
                raise AbandonedError
        yield
        with self._moved:
            self._next[gate] = chunk + 1
            self._moved.notify_all()

    def abandon(self, last: int = -1) -> None:
        """Let no chunk after ``last`` wait any longer."""
        with self._moved:
            self._last = min(self._last, last)
            self._moved.notify_all()
