"""A signal at whichever line: what waits for a thread is left whole, and nothing waits for ever."""

import signal
import threading
from collections.abc import Callable, Generator
from pathlib import Path

import polars as pl
import pytest

from engine.ahead import read_ahead
from engine.aside import interruptible
from engine.interrupts import Terminated, at_once, hear, heard, put_off
from engine.sink import write_frames
from engine.workers import Workers, workers
from tests.signalled import at_each_line

FRAME = pl.DataFrame({"x": range(1000)})
# Where the threads of Python meet: what is raised within may leave a lock taken.
MEETING = (
    "/queue.py",
    "/threading.py",
    "/concurrent/futures/_base.py",
    "/concurrent/futures/thread.py",
    "/engine/interrupts.py",
)


def test_while_a_file_is_written(tmp_path: Path) -> None:
    out = tmp_path / "made.parquet"

    def work() -> None:
        assert write_frames((FRAME for _ in range(4)), out) == 4 * len(FRAME)

    def check(ended: bool) -> None:  # noqa: FBT001 - what has become of the work
        # If the signal came when it was in its place, it is whole.
        assert {*tmp_path.iterdir()} <= {out}
        assert out.exists() or ended
        if out.exists():
            assert len(pl.read_parquet(out)) == 4 * len(FRAME)
            out.unlink()

    assert at_each_line(work, (*MEETING, "/engine/sink.py"), check) > 100


def test_while_items_are_read_ahead() -> None:
    def work() -> None:
        with read_ahead(iter(range(4))) as items:
            assert list(items) == [0, 1, 2, 3]

    assert at_each_line(work, (*MEETING, "/engine/ahead.py"), lambda _: None) > 100


def test_while_work_is_done_aside() -> None:
    def work() -> None:
        over = threading.Event()
        assert interruptible(lambda: over.wait(0.01), over.set) in (False, True)

    assert at_each_line(work, (*MEETING, "/engine/aside.py"), lambda _: None) > 50


def test_while_workers_work() -> None:
    def work() -> None:
        with workers(2, "squares") as both:
            asked = [both.ask(pow, number, 2) for number in range(4)]
            assert [one.result() for one in asked] == [0, 1, 4, 9]

    assert at_each_line(work, (*MEETING, "/engine/workers.py"), lambda _: None) > 100


def test_what_workers_fail_of_is_raised_where_it_is_asked_for() -> None:
    with workers(1, "divisions") as one:
        asked = one.ask(divmod, 1, 0)
        with pytest.raises(ZeroDivisionError):
            asked.result()


def test_work_that_has_not_begun_is_dropped_where_the_block_is_left() -> None:
    over = threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        over.wait()
        done.append("first")

    begun = threading.Event()

    def leave(one: Workers) -> None:
        one.ask(first)
        one.ask(done.append, "second")
        begun.wait()
        threading.Timer(0.05, over.set).start()
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
