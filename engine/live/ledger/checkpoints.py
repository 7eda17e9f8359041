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

from engine.live.ledger.database import one_value
from engine.live.ledger.files import connect

_EVERY_COMMITS: Final = 16
_PAUSE_SECONDS: Final = 0.5
_MOST_BYTES: Final = 64 << 20
_HEAD_BYTES: Final = 24  # before each page of the log: https://www.sqlite.org/walformat.html
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
    pause
        Seconds between two checkpoints, at least.
    most
        From how many bytes of the log on the writer helps.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        pause: float = _PAUSE_SECONDS,
        most: int = _MOST_BYTES,
    ) -> None:
        self._connection = connection
        self._pause = pause
        page = int(one_value(connection, "PRAGMA page_size"))
        self._most = most // (_HEAD_BYTES + page)  # pages
        self._commits = 0  # since a checkpoint was asked for
        self._is_long = False
        self._wanted = threading.Event()
        self._over = threading.Event()
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        # A log that is begun anew keeps its length, unless it grew while somebody read what is
        # older: to cut it would hold up the next commit, measured at 2 ms for each MB.
        connection.execute(f"PRAGMA journal_size_limit = {2 * most}")
        beside = connect(path, mode="rw")
        self._thread = threading.Thread(
            target=self._run, args=(beside,), name="checkpoints", daemon=True
        )
        self._thread.start()

    def committed(self) -> None:
        """Look whether it is time, after a commit and in the writer's thread."""
        self._commits += 1
        if self._is_long:
            # If the thread is at it, after the next commit. If not all can be copied, as somebody
            # reads what is older, when the thread has looked again.
            self._is_long = _copied(self._connection) is None
        elif self._commits >= _EVERY_COMMITS:
            self._commits = 0
            self._wanted.set()

    def end(self) -> None:
        """End the thread; what is not copied yet is when the last connection is closed."""
        self._over.set()
        self._wanted.set()
        self._thread.join()

    def _run(self, connection: sqlite3.Connection) -> None:
        with closing(connection):
            while True:
                self._wanted.wait()
                self._wanted.clear()
                if self._over.is_set():
                    return
                pages, copied = _copied(connection) or (0, 0)
                # Only where little is left, or the commit would have to wait for the rest.
                if pages >= self._most and pages - copied <= self._most // 4:
                    self._is_long = True
                self._over.wait(self._pause)


def _copied(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Copy what can be; how many pages the log has, and how many were copied.

    None if somebody else was at it.
    """
    try:
        (is_busy, pages, copied) = connection.execute(_COPY).fetchone()
    except sqlite3.Error:
        return 0, 0
    return None if is_busy else (int(pages), int(copied))
