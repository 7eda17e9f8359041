"""How work in an event loop ends: by a signal, by being cancelled, and by what it failed of."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def stopped_by_signals(stop: Callable[[], object]) -> Iterator[None]:
    """Call ``stop`` for SIGTERM and SIGINT; after the block they mean what they did before."""
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number, was in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, was)


async def ended(tasks: "Sequence[asyncio.Task[Any]]") -> None:
    """Cancel what still runs, and wait for its end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def raise_of(task: "asyncio.Task[Any]") -> None:
    """Raise what a task has ended with, if it was not asked to end."""
    with suppress(asyncio.CancelledError):
        task.result()
