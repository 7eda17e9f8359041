"""Read ahead: the next item is made by a thread while this one is used."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from engine.interrupts import put_off

Item = TypeVar("Item")

_POLL_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class _End:
    """The items have come to an end, or to an error."""

    error: BaseException | None


class ReadAhead(Generic[Item]):
    """Items of an iterator, the next of them made ahead by a thread of its own.

    What the iterator raises is raised where the item is asked for. Use it in a ``with`` block: its
    end, however it comes, ends the thread and closes the iterator.

    Parameters
    ----------
    items
        Where items come from; nobody else may use it meanwhile.
    depth
        How many items may wait.
    """

    def __init__(self, items: Iterator[Item], depth: int = 1) -> None:
        self._items = items
        self._ready: queue.Queue[Item | _End] = queue.Queue(depth)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="read ahead", daemon=True)

    def __enter__(self) -> Iterator[Item]:
        try:
            with put_off():
                self._thread.start()
        except BaseException:
            # A signal came meanwhile. Python does not end what is not entered, and a thread that is
            # in native code when Python ends aborts the process.
            self._end()
            raise
        return self._taken()

    def __exit__(self, *_: object) -> None:
        self._end()

    def _end(self) -> None:
        with put_off():
            self._stopped.set()
            self._thread.join()

    def _taken(self) -> Iterator[Item]:
        while True:
            item = self._ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

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
            return True
        return False
