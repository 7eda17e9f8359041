"""Reading ahead changes nothing but the time: items, errors and the end come as they are."""

import signal
import threading
from collections.abc import Iterator

import pytest

from engine.ahead import read_ahead
from engine.interrupts import Terminated, heard


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "read ahead"]


def test_items_come_in_order_and_end() -> None:
    with read_ahead(iter(range(100))) as items:
        assert list(items) == list(range(100))
    assert not _threads()


def test_an_error_is_raised_where_its_item_is_asked_for() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("torn")

    with read_ahead(failing()) as items:
        assert next(items) == 1
        with pytest.raises(ValueError, match="torn"):
            next(items)
    assert not _threads()


def test_leaving_early_closes_the_iterator_and_ends_the_thread() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    with read_ahead(endless()) as items:
        assert [next(items), next(items)] == [0, 1]
    assert closed.is_set()
    assert not _threads()


def test_a_signal_while_it_starts_ends_the_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    begin = threading.Thread.start

    def interrupted(thread: threading.Thread) -> None:
        begin(thread)
        signal.raise_signal(signal.SIGTERM)

    def endless() -> Iterator[int]:
        while True:
            yield 1

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with heard(), pytest.raises(Terminated), read_ahead(endless()):
        pytest.fail("a signal came before it was entered")
    assert not _threads()
