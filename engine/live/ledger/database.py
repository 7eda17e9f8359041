"""SQLite as a ledger uses it: what it refuses in words, transactions, many rows in a statement."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final

from engine.errors import InputError, OutputError, SentinelError

# A statement with so many rows is as fast as one with more, measured. With any number up to a few,
# which is what comes at once where little does, and powers of two beyond, there are not many
# different ones, which SQLite compiles once.
_MOST_ROWS: Final = 128
_FEW_ROWS: Final = 16
NAME_NEW: Final = "name a file that the live scorer has made, or one that is not there yet"
STATEMENTS: Final = 256  # that stay compiled

_PRIMARY: Final = 0xFF  # of an extended code, the bits of what it extends


def no_database(path: Path, was: str) -> InputError:
    """What to say of something else where a ledger is to be."""
    return InputError(
        f"{path}: not a ledger, nor any database of SQLite (was: {was})", hint=NAME_NEW
    )


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what SQLite says of a file into an error about it; defects of ours stay as they are."""
    try:
        yield
    except sqlite3.Error as error:
        said = _in_words(path, error)
        if said is None:
            raise
        raise said from error


def _in_words(path: Path, error: sqlite3.Error) -> SentinelError | None:
    # Errors that Python raises by itself have no code.
    match getattr(error, "sqlite_errorcode", 0) & _PRIMARY:
        case sqlite3.SQLITE_FULL:
            return OutputError(
                f"{path}: cannot be written, nothing was changed (was: {error})",
                hint=f"free some space on {path.parent}",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return OutputError(
                f"{path}: another process holds it, nothing was changed (was: {error})",
                hint="end what keeps a transaction open, such as a sqlite3 shell; then try again",
            )
        case (
            sqlite3.SQLITE_IOERR
            | sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_PERM
            | sqlite3.SQLITE_CANTOPEN
        ):
            return OutputError(
                f"{path}: cannot be opened, read or written (was: {error})",
                hint="check that it is there, that you may write to it and to its folder, and "
                "that the disk is well and has space",
            )
        case sqlite3.SQLITE_CORRUPT:
            return InputError(
                f"{path}: damaged (was: {error})",
                hint="put it aside and begin a new ledger; sqlite3's .recover may save what it "
                "holds",
            )
        case sqlite3.SQLITE_NOTADB:
            return no_database(path, str(error))
        case _:
            return None


def begin(connection: sqlite3.Connection) -> None:
    """Begin to write, when nobody else does; SQLite waits as long as the connection says."""
    connection.execute("BEGIN IMMEDIATE")


@contextmanager
def transaction(
    connection: sqlite3.Connection, begin: Callable[[sqlite3.Connection], None] = begin
) -> Iterator[None]:
    """All that is written in the block, or nothing; others may read meanwhile, but not write."""
    begin(connection)
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk ends it by itself
            connection.execute("ROLLBACK")
        raise


def one_value(connection: sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - whatever SQLite holds
    """The first value of the first row; None if there is none."""
    row = connection.execute(sql, values).fetchone()
    return None if row is None else row[0]


def insert(
    connection: sqlite3.Connection, into: str, width: int, rows: Sequence[tuple[Any, ...]]
) -> None:
    """Insert rows, many with each statement.

    Between two statements, and between two rows of ``executemany``, Python's interpreter lock is
    let go of and has to be got back from whoever is busy: one by one, rows take several times as
    long as many at once where another thread is at work.

    Parameters
    ----------
    connection
        In a transaction.
    into
        What the statement says before its values.
    width
        How many values a row has.
    rows
        The rows.
    """
    values = list(chain.from_iterable(rows))
    _by_parts(
        len(rows),
        lambda start, count: connection.execute(
            _insert_sql(into, width, count), values[start * width : (start + count) * width]
        ),
    )


def for_each(
    connection: sqlite3.Connection, sql: str, values: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement that ends in ``IN``, which many values are put behind at a time."""
    start = 0
    while start < len(values):
        part = list(values[start : start + _MOST_ROWS])
        size = _power_of_two(len(part))
        part += part[-1:] * (size - len(part))  # what is asked twice is answered once
        yield from connection.execute(_in_sql(sql, size), part)
        start += _MOST_ROWS


def _by_parts(count: int, work: Callable[[int, int], object]) -> None:
    start = 0
    while start < count:
        left = count - start
        size = left if left <= _FEW_ROWS else min(1 << (left.bit_length() - 1), _MOST_ROWS)
        work(start, size)
        start += size


def _power_of_two(count: int) -> int:
    """The least power of two that is no less."""
    return 1 << (count - 1).bit_length()


@cache
def _insert_sql(into: str, width: int, rows: int) -> str:
    row = f"({', '.join('?' * width)})"
    return f"{into} VALUES {', '.join([row] * rows)}"


@cache
def _in_sql(sql: str, count: int) -> str:
    return f"{sql} ({', '.join('?' * count)})"
