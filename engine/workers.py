"""Threads that work side by side for one that hears signals."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

from engine.interrupts import at_once, put_off, wait_until

_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asked(Generic[_T]):
    """Work that a thread was asked for."""

    _future: Future[_T]

    def result(self) -> _T:
        """What the work returns, or what it raises; signals are heard while it is waited for.

        Raises
        ------
        concurrent.futures.CancelledError
            If it had not begun when the block of its workers was left.
        """
        wait_until(self._has_ended)
        with put_off():
            return self._future.result()

    def _has_ended(self, seconds: float) -> bool:
        # For what was dropped nobody would be told of its end.
        return self._future.done() or bool(wait([self._future], seconds).done)


@dataclass(frozen=True, slots=True)
class Workers:
    """A few threads, which may be asked for work."""

    _pool: ThreadPoolExecutor

    def ask(self, work: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> Asked[_T]:
        """Ask for ``work`` to be done, with these arguments, once a thread has the time."""
        with put_off():
            return Asked(self._pool.submit(work, *arguments, **named))


@contextmanager
def workers(threads: int, name: str) -> Iterator[Workers]:
    """Threads for the block.

    Its end, however it comes, waits for what has begun and drops what has not.

    Parameters
    ----------
    threads
        How many work side by side.
    name
        What the threads are called.
    """
    with put_off(), ThreadPoolExecutor(threads, thread_name_prefix=name) as pool:
        try:
            with at_once():
                yield Workers(pool)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
