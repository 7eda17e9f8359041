"""Connections whose limits are set, and queries that can be interrupted."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TypeVar

import duckdb

from engine.errors import OutputError
from engine.interrupts import put_off

_POLL_SECONDS: Final = 0.05

_T = TypeVar("_T")


@contextmanager
def in_memory(
    *, threads: int, memory: int | None = None, scratch: Path | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database of its own.

    Parameters
    ----------
    threads
        How many threads may compute.
    memory
        How many bytes DuckDB may take; None leaves it to DuckDB.
    scratch
        An empty folder for what is larger than that; None for nowhere.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "threads": threads,
        # What is not built in is not needed; nothing is to be asked of the network.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        # A name in SQL is never a variable of Python.
        "python_enable_replacements": False,
        "temp_directory": "" if scratch is None else str(scratch),
    }
    if memory is not None:
        config["memory_limit"] = f"{memory}B"
    connection = duckdb.connect(":memory:", config=config)
    try:
        yield connection
    finally:
        connection.close()


def interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], _T]) -> _T:
    """What ``work`` returns; it may run queries of the connection, and nothing else may meanwhile.

    It runs on a thread of its own. DuckDB looks for signals now and then, but loses what Python
    made of them; this thread waits in Python, hears them at once and has the query given up.

    Raises
    ------
    OutputError
        If the query needs more memory or disk than it may take.
    """
    outcome: list[_T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(work())
        except BaseException as error:  # noqa: BLE001 - raised again, in the thread that waits
            failure.append(error)
        finally:
            done.set()

    # Not the thread is waited for: one whose waiting was interrupted counts as ended.
    done = threading.Event()
    begun = False
    try:
        with put_off():
            threading.Thread(target=run, daemon=True).start()
            begun = True
        done.wait()
    except BaseException:
        # Asked until it has heard: it may not have begun with the query when it was asked first.
        while begun and not done.is_set():
            connection.interrupt()
            done.wait(_POLL_SECONDS)
        raise
    if failure:
        raise _told(failure[0]) from failure[0]
    return outcome[0]


def _told(error: BaseException) -> BaseException:
    """Limits that were reached, as errors that people can act upon."""
    if isinstance(error, duckdb.OutOfMemoryException):
        reason = str(error).splitlines()[0]
        return OutputError(
            f"DuckDB cannot go on within its memory and the disk (was: {reason})",
            hint="give it more with --memory, or free space on the disk of the output",
        )
    return error
