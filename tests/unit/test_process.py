"""The collector of a process that serves events from memory."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import process
from engine.process import manage_collector, use_large_pages


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()
    gc.unfreeze()


def test_what_is_there_is_not_looked_at_again() -> None:
    kept = [[number] for number in range(1_000)]
    manage_collector()
    assert not gc.isenabled()
    assert gc.get_freeze_count() >= len(kept)
    assert not any(one is kept for one in gc.get_objects())


def test_garbage_made_since_is_found_by_the_next_call() -> None:
    manage_collector()
    found: list[int] = []

    class Node:
        def __del__(self) -> None:
            found.append(1)

    for _ in range(10):
        node = Node()
        node.itself = node  # type: ignore[attr-defined]  # a cycle
        del node
    assert not found
    manage_collector()
    assert len(found) == 10


def test_what_is_dropped_without_cycles_is_freed_though_it_is_frozen() -> None:
    freed: list[int] = []

    class State:
        def __del__(self) -> None:
            freed.append(1)

    held = {1: State()}
    manage_collector()
    held.clear()
    assert freed == [1]


def test_large_pages_change_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = [[number] for number in range(200_000)]
    use_large_pages()
    assert kept == [[number] for number in range(200_000)]
    monkeypatch.setattr(process, "_MAPS", tmp_path / "absent")
    use_large_pages()
