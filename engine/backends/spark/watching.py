"""How far Spark is with what it was asked for, told while somebody waits for it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from engine.clock import elapsed
from engine.interrupts import at_once, put_off, wait_until

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Watch = Callable[[str, float], None]  # what is done, and which part of it has been

_EVERY_SECONDS: Final = 0.5
_MOMENT_SECONDS: Final = 5.0


@contextmanager
def watched(session: "SparkSession", doing: str, tasks: int, watch: Watch | None) -> Iterator[None]:
    """While the block asks something of Spark, tell how many of its tasks have ended.

    Parameters
    ----------
    session
        The session that is asked; what others ask of it meanwhile is counted with it.
    doing
        What it is about.
    tasks
        How many tasks there will be.
    watch
        Is told, on a thread of its own, now and then and at the beginning; None for nobody.
    """
    if watch is None:
        yield
        return
    watch(doing, 0.0)
    begun, ended = threading.Event(), threading.Event()

    def look() -> None:
        tracker = session.sparkContext.statusTracker()
        before = set(tracker.getActiveStageIds())
        begun.set()
        seen: set[int] = set()
        most = 0
        while not ended.wait(_EVERY_SECONDS):
            seen.update(set(tracker.getActiveStageIds()) - before)
            told = [tracker.getStageInfo(stage) for stage in seen]
            done = sum(each.numCompletedTasks for each in told if each is not None)
            most = max(most, done)  # Spark may forget stages
            if not ended.is_set():
                watch(doing, min(1.0, most / tasks))

    def look_until_it_fails() -> None:
        # Whoever waits for Spark hears of what has become of it.
        with suppress(Exception):
            look()
        begun.set()

    thread = threading.Thread(target=look_until_it_fails, daemon=True)
    with put_off():
        thread.start()
        try:
            with at_once():
                until = elapsed() + _MOMENT_SECONDS
                wait_until(lambda seconds: begun.wait(seconds) or elapsed() > until)
                yield
        finally:
            ended.set()
            # Nothing of this is told once something else is being done.
            thread.join(_MOMENT_SECONDS)
    watch(doing, 1.0)
