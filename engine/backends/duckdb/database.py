"""Connections whose limits are set, and queries that can be interrupted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import duckdb

from engine import aside
from engine.errors import OutputError

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

    Raises
    ------
    OutputError
        If the query needs more memory or disk than it may take.
    """
    try:
        return aside.interruptible(work, connection.interrupt)
    except duckdb.Error as error:
        raise _told(error) from error


def _told(error: duckdb.Error) -> Exception:
    """Limits that were reached, as errors that people can act upon."""
    if isinstance(error, duckdb.OutOfMemoryException):
        reason = str(error).splitlines()[0]
        return OutputError(
            f"DuckDB cannot go on within its memory and the disk (was: {reason})",
            hint="give it more with --memory, or free space on the disk of the output",
        )
    return error
