"""A signal at whichever line: what waits for a thread is left whole, and nothing waits for ever."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator
from concurrent.futures import CancelledError

import pytest

from engine.interrupts import Terminated, at_once, hear, heard, put_off
from engine.workers import Workers, workers
from processes import PATIENCE_SECONDS, ROOT
from signalled import PIECES


@pytest.mark.parametrize("piece", PIECES)
def test_a_signal_at_each_line_while(piece: str) -> None:
    ended = subprocess.run(  # noqa: S603 - our own interpreter and modules
        [sys.executable, "-m", "tests.signalled", piece],
        capture_output=True,
        cwd=ROOT,
        timeout=3 * PATIENCE_SECONDS,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 50  # lines at which a signal came


def test_what_workers_fail_of_is_raised_where_it_is_asked_for() -> None:
    with workers(1, "divisions") as one:
        asked = one.ask(divmod, 1, 0)
        with pytest.raises(ZeroDivisionError):
            asked.result()


def test_what_was_dropped_is_not_waited_for() -> None:
    begin = threading.Event()
    with workers(1, "waits") as one:
        one.ask(begin.wait, PATIENCE_SECONDS)
        dropped = one.ask(begin.wait, PATIENCE_SECONDS)
        dropped._future.add_done_callback(lambda _: begin.set())  # not by time
    with pytest.raises(CancelledError):
        dropped.result()


def test_work_that_has_not_begun_is_dropped_where_the_block_is_left() -> None:
    over = threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        over.wait(PATIENCE_SECONDS)
        done.append("first")

    begun = threading.Event()

    def leave(one: Workers) -> None:
        one.ask(first)
        second = one.ask(done.append, "second")
        begun.wait(PATIENCE_SECONDS)
        second._future.add_done_callback(lambda _: over.set())  # not by time
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), workers(1, "words") as one:
        leave(one)
    assert done == ["first"]


def test_a_signal_is_heard_where_one_put_off_is_undone() -> None:
    done: list[str] = []

    def work(come: Callable[[], None]) -> None:
        with put_off(), put_off():
            come()
            with at_once():
                done.append("one of two")
            hear()
            done.append("still")
            with at_once(), at_once():
                done.append("never")

    with pytest.raises(Terminated), heard():
        work(lambda: signal.raise_signal(signal.SIGTERM))
    assert done == ["one of two", "still"]


def test_blocks_of_generators_need_not_end_in_one_another() -> None:
    def numbers() -> Generator[int]:
        with put_off(), at_once():
            yield 1
            yield 2

    done: list[str] = []
    with pytest.raises(Terminated), heard():  # noqa: PT012 - where it is raised is the point
        made = numbers()
        with put_off():
            with at_once():
                assert next(made) == 1
            made.close()
            signal.raise_signal(signal.SIGTERM)
            done.append("put off")
        done.append("never")
    assert done == ["put off"]


def test_a_signal_is_heard_where_nothing_is_put_off() -> None:
    done: list[str] = []

    def work() -> None:
        with at_once():
            signal.raise_signal(signal.SIGTERM)
            done.append("put off")

    with pytest.raises(Terminated), heard():
        work()
    assert not done


class Dropped:
    """Is sent a signal where Python swallows whatever is raised."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("late", [False, True])
def test_what_python_swallows_is_raised_again(*, late: bool) -> None:
    done: list[str] = []

    def work() -> None:
        Dropped()
        done.append("swallowed")
        if not late:
            hear()
            done.append("never")

    with pytest.raises(Terminated), heard():
        work()
    assert done == ["swallowed"]


def test_what_others_lose_is_told_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def __init__(self, error: BaseException) -> None:
            self.error = error

        def __del__(self) -> None:
            raise self.error

    told: list[BaseException | None] = []
    hook = lambda what: told.append(what.exc_value)  # noqa: E731 - to be compared
    monkeypatch.setattr(sys, "unraisablehook", hook)
    errors = [ValueError(), KeyboardInterrupt()]
    with heard():
        for error in errors:
            Failing(error)
    assert told == errors
    assert sys.unraisablehook is hook
