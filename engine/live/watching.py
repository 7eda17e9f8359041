"""Decisions for whoever watches: bounded, and nobody holds anybody up."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from engine.definition.schema import Schema
from engine.definition.types import Kind
from engine.live.ledger.rows import Decision
from engine.live.service import Shown

_MOST: Final = 1_000
_DIGITS: Final = 4
_SHOWN: Final = (
    "amt",
    "merchant",
    "category",
    "state",
    "merch_lat",
    "merch_long",
    "unix_time",
)
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class Watchers:
    """Those who watch, each with a queue of its own.

    Parameters
    ----------
    schema
        Of the events.
    most
        How many decisions wait for one who is slow; then the oldest are dropped.
    """

    def __init__(self, schema: Schema, most: int = _MOST) -> None:
        self._show = shower(schema)
        self._most = most
        self._watching: set[_Watcher] = set()
        self._closed = False

    def __len__(self) -> int:
        return len(self._watching)

    def tell(self, decisions: Iterable[Decision]) -> None:
        """Tell all who watch."""
        if self._watching:
            shown = [self._show(decision) for decision in decisions]
            for one in self._watching:
                one.tell(shown)

    @contextmanager
    def watch(self) -> Iterator[AsyncIterator[Shown]]:
        """Watch, from now on."""
        one = _Watcher(self._most)
        self._watching.add(one)
        if self._closed:
            one.close()
        try:
            yield one
        finally:
            self._watching.discard(one)

    def close(self) -> None:
        """Nothing comes any more: who watches sees the end of it."""
        self._closed = True
        for one in self._watching:
            one.close()


class _Watcher:
    """One who watches."""

    def __init__(self, most: int) -> None:
        self._queue: deque[Shown] = deque(maxlen=most)
        self._there = asyncio.Event()
        self._closed = False

    def __aiter__(self) -> "_Watcher":
        return self

    async def __anext__(self) -> Shown:
        while not self._queue:
            if self._closed:
                raise StopAsyncIteration
            self._there.clear()
            await self._there.wait()
        return self._queue.popleft()

    def tell(self, shown: list[Shown]) -> None:
        self._queue.extend(shown)
        self._there.set()

    def close(self) -> None:
        self._closed = True
        self._there.set()


def shower(schema: Schema) -> Callable[[Decision], Shown]:
    """What makes of a decision what may be shown of it."""
    cards = [column.name for column in schema.columns if column.type.kind is Kind.CARD]
    names = [name for name in _SHOWN if name in schema.by_name]
    units = {
        name: schema.by_name[name].type.minor_units
        for name in names
        if schema.by_name[name].type.kind is Kind.MONEY
    }

    def show(decision: Decision) -> Shown:
        event = {} if decision.event is None else _decode(decision.event)
        said: dict[str, Any] = {}
        for name in cards:
            said["card"] = f"••••{str(event.get(name, ''))[-_DIGITS:]}"
        for name in names:
            value = event.get(name)
            said[name] = value / units[name] if name in units and value is not None else value
        return Shown(
            sequence=decision.sequence,
            event_id=decision.event_id,
            arrival_time=decision.arrival_time,
            decided_at=decision.decided_at,
            flagged=decision.flagged,
            score=decision.score,
            fallback=decision.fallback,
            event=said,
        )

    return show
