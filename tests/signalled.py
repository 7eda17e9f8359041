"""A signal at each line of a piece of work, to see that none of them makes it wait for ever."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from engine.interrupts import Terminated, heard

PATIENCE_SECONDS = 20  # for what takes some milliseconds


def at_each_line(
    work: Callable[[], None], files: tuple[str, ...], check: Callable[[bool], None]
) -> int:
    """Do the work with SIGTERM at its first line of some files, at its second, until none is left.

    Parameters
    ----------
    work
        Is done anew each time, in this thread.
    files
        How the names of the files end that are looked at.
    check
        Looks at what the work left, and is told whether it was ended by a signal. Besides, no
        thread may be left.

    Returns
    -------
    int
        At how many lines a signal came.
    """
    line = 0
    ended = True
    while ended:
        before = set(threading.enumerate())
        where: list[str] = []
        ended = _ended_by_signal(work, files, line, where)
        left = set(threading.enumerate()) - before
        assert not left, f"a signal at {where} leaves {left}"
        check(ended)
        line += ended
    return line


def _ended_by_signal(
    work: Callable[[], None], files: tuple[str, ...], line: int, where: list[str]
) -> bool:
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
        return of_line if frame.f_code.co_filename.endswith(files) else None

    with _patience(f"a signal at line {line} of those passed"):
        try:
            with heard():
                was = sys.gettrace()
                sys.settrace(of_call)
                try:
                    work()
                finally:
                    sys.settrace(was)
        except Terminated:
            return True
    assert not where, f"a signal at {where} is not heard"
    return False


@contextmanager
def _patience(what: str) -> Iterator[None]:
    def over(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"{what}: it waits for ever")

    was = signal.signal(signal.SIGALRM, over)
    signal.alarm(PATIENCE_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, was)
