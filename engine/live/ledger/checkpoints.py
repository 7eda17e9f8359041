"""Copying what was committed from the write-ahead log into the ledger's file, beside the work.

SQLite would do it within some commit: every thousand pages, for as long as it takes to write them
all to their places, which on a busy disk is a hundred events' time. Here a thread with a connection
of its own does most of it while commits go on. It cannot finish as long as they do, and only a log
that is copied whole is begun anew; so when the log has grown long, the writer copies the little
that is left itself, between two commits.
"""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Final

from engine.live.ledger.files import connect

_EVERY_BYTES: Final = 8 << 20
_MOST_BYTES: Final = 64 << 20
_COPY: Final = "PRAGMA wal_checkpoint(PASSIVE)"  # waits for nobody, and nobody for it


class Checkpoints:
    """Keeps the write-ahead log of a ledger short.

    A checkpoint that fails, on a full disk say, is no loss: all is in the log, and the next one
    begins where it ended. What it failed of, the next commit will tell.

    Parameters
    ----------
    path
        The ledger.
    connection
        The writer's.
    every
        By how many bytes the log grows from one checkpoint to the next.
    most
        From which length on the writer helps.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        every: int = _EVERY_BYTES,
        most: int = _MOST_BYTES,
    ) -> None:
        self._path = path
        real = path.resolve()  # SQLite puts the log beside the file, not beside a link to it
        self._log = real.with_name(f"{real.name}-wal")
        self._connection = connection
        self._every, self._most = every, most
        self._length = 0  # of the log, when it was last looked at
        self._due = every  # from which length on it is to be copied next
        self._wanted = threading.Event()
        self._is_over = False
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        # A log that is begun anew is cut to what is in it, so that its length tells how much is.
        connection.execute("PRAGMA journal_size_limit = 0")
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def committed(self) -> None:
        """Look whether it is time, after a commit and in the writer's thread."""
        try:
            length = self._log.stat().st_size
        except FileNotFoundError:
            return
        if length < self._length:
            self._due = self._every
        self._length = length
        if length < self._due:
            return
        if length < self._most:
            self._wanted.set()
        elif not _copied(self._connection):
            return  # the thread is at it: after the next commit
        # So too if not all could be copied, for somebody reads what is older.
        self._due = length + self._every

    def end(self) -> None:
        """End the thread; what is not copied yet is when the last connection is closed."""
        self._is_over = True
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(connect(self._path, mode="rw")) as connection:
            while True:
                self._wanted.wait()
                self._wanted.clear()
                if self._is_over:
                    return
                _copied(connection)


def _copied(connection: sqlite3.Connection) -> bool:
    """Copy what can be; whether nobody else was at it."""
    try:
        (is_busy, _, _) = connection.execute(_COPY).fetchone()
    except sqlite3.Error:
        return True
    return not is_busy
