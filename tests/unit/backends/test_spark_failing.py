"""What fails in a task, as whoever asked for it hears of it."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backends import why_no_spark
from engine.backends.spark.failing import TaskError, failure_of, left_at, refusals
from engine.errors import InputError, OutputError, SentinelError

SAID = """
  An exception was thrown from the Python worker. Please see the stack trace below.
Traceback (most recent call last):
  File "worker.py", line 3, in run
    write()
OSError: [Errno 28] No space left on device

\tat org.apache.spark.api.python.BasePythonRunner$ReaderIterator.handlePythonException
"""


@pytest.mark.parametrize("kind", [InputError, OutputError])
def test_an_error_of_ours_keeps_its_words(kind: type[SentinelError]) -> None:
    with pytest.raises(TaskError) as left, refusals():
        raise kind("out: cannot be\nwritten (was {5})", hint="do 'this'")
    heard = failure_of(
        RuntimeError(SAID.replace("OSError: [Errno 28]", f"TaskError: {left.value}"))
    )
    assert type(heard) is kind
    assert (heard.what, heard.hint) == ("out: cannot be\nwritten (was {5})", "do 'this'")


def test_of_others_it_is_said_what_python_says() -> None:
    heard = failure_of(RuntimeError(SAID))
    assert "(was: OSError: [Errno 28] No space left on device)" in heard.what


def test_of_spark_itself_it_is_said_what_that_says() -> None:
    lost = "Job aborted: Lost task 0.0\nCaused by: SparkException: Python worker exited\n\tat org"
    assert "Python worker exited" in failure_of(RuntimeError(lost)).what


def test_what_a_task_has_left_and_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="is not there") as refused:
        left_at(tmp_path / "found.arrow")
    assert "the same folder" in refused.value.hint


@pytest.mark.skipif(why_no_spark() is not None, reason=str(why_no_spark()))
def test_through_spark_words_come_back() -> None:
    from engine.backends.spark.job import by_spark
    from engine.backends.spark.session import shared_session

    # Made here, they go to the tasks whole, who know nothing of tests.
    class Refusing:
        doing = "refuse"

        def __call__(self, _: Iterable[Any]) -> Iterator[Any]:
            raise InputError("of piece 0", hint="look")

    class Dividing:
        doing = "divide"

        def __call__(self, _: Iterable[Any]) -> Iterator[Any]:
            raise ZeroDivisionError("by nothing")

    moves = by_spark(shared_session())
    with pytest.raises(InputError, match="of piece 0") as refused:
        list(moves(1, Refusing(), []))
    assert refused.value.hint == "look"
    with pytest.raises(OutputError, match="ZeroDivisionError: by nothing"):
        list(moves(1, Dividing(), []))
