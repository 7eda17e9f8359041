"""The file of a ledger: whether it is one, connections to it, and its one writer."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from engine.errors import InputError, OutputError
from engine.events.disk import writing
from engine.events.lock import locked, sign, signed_by
from engine.live.ledger.database import NAME_NEW, STATEMENTS, no_database, one_value, told
from engine.live.ledger.schema import APPLICATION_ID, FORMAT

# How long to wait for another process that writes, such as a retention, before giving up.
PATIENCE_SECONDS: Final = 5.0
# Ids come in no order, so that each new one is written on another page of their index.
_CACHE_KIBIBYTES: Final = 65_536

_LOCK: Final = ".lock"

_NAME_ONE: Final = "name a file that the live scorer has made"
_HEAD: Final = b"SQLite format 3\0"


def connect(path: Path, *, mode: str, patience: float = PATIENCE_SECONDS) -> sqlite3.Connection:
    """A connection in which transactions begin and end where it is said.

    Parameters
    ----------
    path
        The file.
    mode
        ``ro`` to read, ``rw`` to write too, ``rwc`` to make the file if it is not there.
    patience
        Seconds to wait for another process.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=patience,
        isolation_level=None,
        cached_statements=STATEMENTS,
        check_same_thread=False,  # it may be opened in one thread and used in another
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
    return connection


def durable(connection: sqlite3.Connection) -> None:
    """Have what is committed on disk when that returns, and readers never wait for it."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def recognised(connection: sqlite3.Connection, path: Path, latest: int = FORMAT) -> int:
    """The format of a ledger; 0 for a file with nothing in it.

    Raises
    ------
    InputError
        If it is something else, or of a format that this code does not know yet.
    """
    application = int(one_value(connection, "PRAGMA application_id"))
    version = int(one_value(connection, "PRAGMA user_version"))
    tables = int(one_value(connection, "SELECT count(*) FROM sqlite_master"))
    if application == version == tables == 0:
        return 0
    if application != APPLICATION_ID:
        raise InputError(
            f"{path}: a database of something else (was application {application:#x} with "
            f"{tables} tables and indexes)",
            hint=NAME_NEW,
        )
    if not 1 <= version <= latest:
        raise InputError(
            f"{path}: a ledger in a format that this code does not know (was {version}, the "
            f"latest it knows is {latest})",
            hint="use the version of the code that wrote it, or a later one",
        )
    return version


@contextmanager
def opened(
    path: Path, *, mode: str, patience: float = PATIENCE_SECONDS
) -> Iterator[sqlite3.Connection]:
    """A connection to a ledger of this code's format, beside the process that decides.

    Parameters
    ----------
    path, mode, patience
        As for :func:`connect`.

    Raises
    ------
    InputError
        If there is no such file, or it is no ledger, or one of another format.
    OutputError
        If it cannot be opened.
    """
    if not path.is_file():
        raise InputError(f"{path}: there is no such file (was no ledger)", hint=_NAME_ONE)
    with told(path):
        connection = connect(path, mode=mode, patience=patience)
        try:
            version = recognised(connection, path)
            if version == 0:
                raise InputError(f"{path}: there is nothing in it (was empty)", hint=_NAME_ONE)
            if version != FORMAT:
                raise InputError(
                    f"{path}: a ledger in an earlier format (was {version}, not {FORMAT})",
                    hint="have the live scorer open it once, which brings it up to date",
                )
            yield connection
        finally:
            connection.close()


def _refuse_another(path: Path) -> None:
    """Refuse what is there and cannot be a ledger, before anything is made beside it."""
    if path.is_dir():
        raise no_database(path, "a folder")
    if not path.exists():
        return
    with writing(path), path.open("rb") as file:
        head = file.read(len(_HEAD))
    if head and head != _HEAD:
        raise no_database(path, "something else")


def is_lock(path: Path) -> bool:
    """Whether a file beside a ledger is its lock, which stays where it is."""
    return path.suffix == _LOCK


class WriterLock:
    """Makes a process the only one that decides into a ledger, while it lives and holds this.

    The lock is the system's, on a file beside the ledger that stays: one on the ledger itself would
    be lost with the first of SQLite's own that is let go of.

    Parameters
    ----------
    path
        The ledger.

    Raises
    ------
    OutputError
        If another process holds it, or there can be no such file.
    """

    def __init__(self, path: Path) -> None:
        _refuse_another(path)  # beside which a lock would be litter
        real = path.resolve()  # by whatever name it is called
        lock = real.with_name(f"{real.name}{_LOCK}")
        with writing(lock):
            self._descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._take(path, lock)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let another process decide."""
        os.close(self._descriptor)

    def _take(self, path: Path, lock: Path) -> None:
        if not locked(self._descriptor):
            raise OutputError(
                f"{path}: another process decides into it (was process "
                f"{signed_by(self._descriptor)})",
                hint="end that one first, or name another ledger; reading, exporting and "
                "retention need not wait",
            )
        with writing(lock):
            sign(self._descriptor)
