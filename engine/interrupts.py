"""Signals that end a run, as exceptions of the main thread: one at most, and not everywhere."""

import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final


class Interrupted(KeyboardInterrupt):
    """The process was asked to end by a signal."""


class Terminated(Interrupted):
    """The process was asked to end by SIGTERM."""


class _Listener:
    """A handler of SIGINT and SIGTERM that raises for the first of them alone."""

    def __init__(self) -> None:
        self.held = 0
        self._first: int | None = None
        self._raised: weakref.ref[Interrupted] | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        # What comes after the first would end the clean-up that the first one began. Some come
        # twice by nature: a terminal sends them to a wrapper and to us, and the wrapper does too.
        if self._first is None:
            self._first = number
        self.speak()

    def speak(self) -> None:
        """Raise what was heard, unless it is put off or was raised already."""
        if self._first is None or self.held or self._raised is not None:
            return
        error = Terminated() if self._first == signal.SIGTERM else Interrupted()
        # Not the error itself, which would keep alive whatever its frames hold.
        self._raised = weakref.ref(error)
        raise error

    def lost(self, error: BaseException | None) -> bool:
        """Learn that an error goes no further; if it is what was raised, it is raised again."""
        is_ours = error is not None and self._raised is not None and self._raised() is error
        if is_ours:
            self._raised = None
        return is_ours


_listeners: list[_Listener] = []
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_STEP_SECONDS: Final = 0.05


@contextmanager
def heard() -> Iterator[None]:
    """Raise KeyboardInterrupt for SIGINT and ``Terminated`` for SIGTERM in the block, once.

    If polars is imported within, call ``set_again`` after that. Signals that somebody has set a
    handler for, or wants ignored (``nohup``, a job in the background), are left alone, and so are
    all outside the main thread, where Python hears none.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    taken = {number: was for number, was in usual.items() if signal.getsignal(number) == was}
    listener = _Listener()
    unraisable = sys.unraisablehook

    def lost(what: "sys.UnraisableHookArgs") -> None:
        # Python swallows what is raised where something is let go of, in a finaliser say, and what
        # is raised here.
        here = threading.current_thread() is threading.main_thread()
        listener.held += here
        try:
            if not listener.lost(what.exc_value):
                unraisable(what)
        finally:
            listener.held -= here

    # Who takes no signal puts none off: within another ``heard`` that one does.
    _listeners.extend([listener] if taken else [])
    try:
        if taken:
            sys.unraisablehook = lost
        for number in taken:
            signal.signal(number, listener)
        set_again()
        yield
    except KeyboardInterrupt as error:
        listener.held += 1  # for good: one is enough
        _clear(error)
        raise
    finally:
        listener.held += 1
        if taken:
            _listeners.remove(listener)
        if sys.unraisablehook is lost:
            sys.unraisablehook = unraisable
        # SIGINT comes last, as Python raises for it by itself from then on.
        for number, was in reversed(taken.items()):
            signal.signal(number, was)
        listener.held -= 1
        listener.speak()


def _clear(error: BaseException) -> None:
    """End what its frames still hold, such as blocks that a signal left before they were gone into.

    Otherwise that comes once nobody holds the error any more, which may be after it was told.
    """
    found: list[BaseException] = [error]
    for each in found:  # grows meanwhile; they may go round in a circle
        traceback.clear_frames(each.__traceback__)
        others = (each.__cause__, each.__context__)
        found += [other for other in others if other is not None and other not in found]


def set_again() -> None:
    """Set the handlers of Python's once more, where they have been replaced below Python.

    polars puts a hook of its own there when it is imported, whatever was there before: an
    interrupt while it works makes its threads panic, and one that was to be ignored is not.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _SIGNALS:
        handler = signal.getsignal(number)
        if handler is not None and handler != signal.SIG_DFL:
            signal.signal(number, handler)


@contextmanager
def leaving() -> Iterator[list[str]]:
    """Let an interrupt that ends the block say what it leaves done.

    Yields
    ------
    list of str
        To be filled with sentences without a full stop, each once it is true. The interrupt's
        words are those of the innermost block that has some.
    """
    done: list[str] = []
    try:
        yield done
    except KeyboardInterrupt as error:
        if not done or error.args:
            raise
        raise type(error)("; ".join(done)) from error


@contextmanager
def put_off() -> Iterator[None]:
    """Within ``heard``, let a signal wait until the block has ended.

    For a few steps that belong together and take no time to speak of.
    """
    if not _listeners or threading.current_thread() is not threading.main_thread():
        yield
        return
    listener = _listeners[-1]
    listener.held += 1
    try:
        yield
    finally:
        listener.held -= 1
        listener.speak()


@contextmanager
def at_once() -> Iterator[None]:
    """Undo one ``put_off`` in the block: for what takes long there, or is somebody else's."""
    if not _listeners or threading.current_thread() is not threading.main_thread():
        yield
        return
    listener = _listeners[-1]
    # By how much, and not to what: of generators, the blocks of one need not end in another's.
    undone = min(listener.held, 1)
    listener.held -= undone
    try:
        listener.speak()
        yield
    finally:
        listener.held += undone


def hear() -> None:
    """Hear, within one ``put_off``, what has come meanwhile."""
    with at_once():
        pass


def wait_until(has_come: Callable[[float], object]) -> None:
    """Wait for another thread, a step at a time; signals are heard between two steps.

    What threads of Python meet by (conditions, events, queues, futures) cannot be left by what a
    signal raises: a lock would stay taken, or nobody be told of what is there, and the other thread
    wait for ever.

    Parameters
    ----------
    has_come
        Waits for so many seconds at most; whether it has come.
    """
    while True:
        with put_off():
            if has_come(_STEP_SECONDS):
                return
