"""Read ahead: the next item is made by a thread while this one is used."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from engine.interrupts import at_once, put_off, wait_until

Item = TypeVar("Item")

_POLL_SECONDS: Final = 0.2


@contextmanager
def read_ahead(items: Iterator[Item], depth: int = 1) -> Iterator[Iterator[Item]]:
    """Items of an iterator, the next of them made ahead by a thread of its own.

    What the iterator raises is raised where the item is asked for. The block's end, however it
    comes, ends the thread and closes the iterator.

    Parameters
    ----------
    items
        Where items come from; nobody else may use it meanwhile.
    depth
        How many items may wait.
    """
    reader = _Reader(items, depth)
    # A thread that is in native code when Python ends aborts the process: a signal must not come
    # before what ends it.
    with put_off():
        reader.start()
        try:
            with at_once():
                yield reader.taken()
        finally:
            reader.end()


@dataclass(frozen=True, slots=True)
class _End:
    """The items have come to an end, or to an error."""

    error: BaseException | None


class _Reader(Generic[Item]):
    """The thread, and what it hands over; to be started and ended within ``put_off``."""

    def __init__(self, items: Iterator[Item], depth: int) -> None:
        self._items = items
        self._ready: queue.Queue[Item | _End] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read ahead", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stopped.set()
        with suppress(queue.Empty):
            self._ready.get_nowait()  # for which it may be waiting
        self._thread.join()

    def taken(self) -> Iterator[Item]:
        while True:
            item = self._next()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def _next(self) -> Item | _End:
        taken: list[Item | _End] = []

        def has_come(seconds: float) -> bool:
            with suppress(queue.Empty):
                taken.append(self._ready.get(timeout=seconds))
            return bool(taken)

        wait_until(has_come)
        return taken[0]

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as raised:  # noqa: BLE001 - raised again where the item is asked for
            error = raised
        finally:
            close = getattr(self._items, "close", None)
            if close is not None:
                close()
        self._put(_End(error))

    def _put(self, item: Item | _End) -> bool:
        """Hand an item over, or learn that nobody wants it any more."""
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            return not self._stopped.is_set()  # it may have been taken to be thrown away
        return False
