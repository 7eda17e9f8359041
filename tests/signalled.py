"""A signal at each line of a piece of work, to see that none of them makes it wait for ever.

``python -m tests.signalled NAME`` does one piece, in a process of its own: an exception that a
tracer raises may leave traces in the interpreter, such as an exception that counts as being handled
from then on.
"""

import faulthandler
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any, Final

import polars as pl

from engine.ahead import read_ahead
from engine.aside import interruptible
from engine.backends.spark.watching import watched
from engine.interrupts import Terminated, heard
from engine.sink import write_frames
from engine.workers import workers

PATIENCE_SECONDS: Final = 20  # for what takes some milliseconds
# Where the threads of Python meet, and our own: what is raised within may leave a lock taken.
MEETING: Final = (
    "/queue.py",
    "/threading.py",
    "/contextlib.py",
    "/weakref.py",
    "/concurrent/futures/_base.py",
    "/concurrent/futures/thread.py",
    "/engine/ahead.py",
    "/engine/aside.py",
    "/engine/backends/spark/watching.py",
    "/engine/interrupts.py",
    "/engine/sink.py",
    "/engine/workers.py",
)


def at_each_line(work: Callable[[], None], check: Callable[[bool], None]) -> int:
    """Do the work with SIGTERM at its first line in ``MEETING``, at its second, until none is left.

    Parameters
    ----------
    work
        Is done anew each time, in this thread.
    check
        Looks at what the work left, and is told whether it was ended by a signal. Besides, no
        thread may be left.

    Returns
    -------
    int
        At how many lines a signal came.
    """
    line = 0
    while True:
        before = set(threading.enumerate())
        where: list[str] = []
        error = _signalled(work, line, where)
        # While the error is there still: what its frames hold is to have been ended.
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith("Dummy"):  # somebody else's, which Python has but met
                continue
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), f"a signal at {where} leaves {thread}"
        check(error is not None)
        if error is None:
            return line
        line += 1


def _signalled(work: Callable[[], None], line: int, where: list[str]) -> Terminated | None:
    passed = 0

    def of_line(frame: FrameType, event: str, _: object) -> Callable[..., Any]:
        nonlocal passed
        if event == "line":
            if passed == line:
                where.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
                os.kill(os.getpid(), signal.SIGTERM)
            passed += 1
        return of_line

    def of_call(frame: FrameType, _event: str, _: object) -> Callable[..., Any] | None:
        return of_line if frame.f_code.co_filename.endswith(MEETING) else None

    faulthandler.dump_traceback_later(PATIENCE_SECONDS, exit=True)
    try:
        with heard():
            sys.settrace(of_call)
            try:
                work()
            finally:
                sys.settrace(None)
    except Terminated as error:
        return error
    finally:
        faulthandler.cancel_dump_traceback_later()
    assert not where, f"a signal at {where} is not heard"
    return None


def a_file_is_written() -> int:
    frame = pl.DataFrame({"x": range(1000)})
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "made.parquet"

        def work() -> None:
            assert write_frames((frame for _ in range(4)), out) == 4 * len(frame)

        def check(ended: bool) -> None:  # noqa: FBT001 - what has become of the work
            # If the signal came when it was in its place, it is whole.
            assert {*out.parent.iterdir()} <= {out}
            assert out.exists() or ended
            if out.exists():
                assert len(pl.read_parquet(out)) == 4 * len(frame)
                out.unlink()

        return at_each_line(work, check)


def items_are_read_ahead() -> int:
    def work() -> None:
        with read_ahead(iter(range(4))) as items:
            assert list(items) == [0, 1, 2, 3]

    return at_each_line(work, lambda _: None)


def work_is_done_aside() -> int:
    def work() -> None:
        over = threading.Event()
        interruptible(lambda: over.wait(0.01), over.set)

    return at_each_line(work, lambda _: None)


def workers_work() -> int:
    def work() -> None:
        with workers(2, "squares") as both:
            asked = [both.ask(pow, number, 2) for number in range(4)]
            assert [one.result() for one in asked] == [0, 1, 4, 9]

    return at_each_line(work, lambda _: None)


def spark_is_watched() -> int:
    tracker = SimpleNamespace(getActiveStageIds=list)
    session: Any = SimpleNamespace(sparkContext=SimpleNamespace(statusTracker=lambda: tracker))

    def work() -> None:
        with watched(session, "compute", 4, lambda _doing, _part: None):
            pass

    return at_each_line(work, lambda _: None)


PIECES: Final = {
    piece.__name__: piece
    for piece in (
        a_file_is_written,
        items_are_read_ahead,
        work_is_done_aside,
        workers_work,
        spark_is_watched,
    )
}

if __name__ == "__main__":
    sys.stdout.write(f"{PIECES[sys.argv[1]]()}\n")
