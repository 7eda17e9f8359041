"""The write-ahead log stays short while commits go on, and readers hold nothing up."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.clock import elapsed
from engine.live.ledger.checkpoints import Checkpoints
from engine.live.ledger.files import connect, durable
from processes import PATIENCE_SECONDS

_MOST = 256 << 10
_ROW = 10_000
_COMMIT = 8 * 4_096  # more than a row takes in the log
_NUMBER = slice(12, 16)  # in the log's head: it changes when the log is begun anew


@dataclass
class Rows:
    """A table that rows are inserted into one by one."""

    connection: sqlite3.Connection
    checkpoints: Checkpoints
    log: Path
    count: int = 0

    def insert(self) -> None:
        self.connection.execute("INSERT INTO rows VALUES (randomblob(?))", (_ROW,))
        self.checkpoints.committed()
        self.count += 1

    @property
    def number(self) -> bytes:
        with self.log.open("rb") as file:
            return file.read(_NUMBER.stop)[_NUMBER]

    def until_begun_anew(self) -> None:
        until, before = elapsed() + PATIENCE_SECONDS, self.number
        while self.number == before:
            assert elapsed() < until
            self.insert()
        assert self.log.stat().st_size <= 2 * _MOST + _COMMIT


@pytest.mark.parametrize("is_read", [False, True])
@pytest.mark.parametrize("is_linked", [False, True])
def test_the_log_is_begun_anew(tmp_path: Path, is_read: bool, is_linked: bool) -> None:  # noqa: FBT001 - parameters of the test
    path = tmp_path / "live.db"
    if is_linked:
        (tmp_path / "elsewhere").mkdir()
        path.symlink_to(tmp_path / "elsewhere" / "real.db")
    log = path.resolve().with_name(f"{path.resolve().name}-wal")
    with closing(connect(path, mode="rwc")) as connection:
        durable(connection)
        connection.execute("CREATE TABLE rows (content)")
        checkpoints = Checkpoints(path, connection, pause=0.0, most=_MOST)
        rows = Rows(connection, checkpoints, log)
        with closing(connect(path, mode="ro")) as reader:
            if is_read:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM rows").fetchone()
                before = rows.number
                for _ in range(150):
                    rows.insert()
                assert rows.number == before  # what is read must not be overwritten
                assert log.stat().st_size > 150 * _ROW
                assert reader.execute("SELECT count(*) FROM rows").fetchone() == (0,)
                reader.execute("COMMIT")
            for _ in range(3):
                rows.until_begun_anew()
        checkpoints.end()
        assert connection.execute("SELECT count(*) FROM rows").fetchone() == (rows.count,)
    assert not log.exists()


def test_without_the_means_to_copy_there_is_no_ledger(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> sqlite3.Connection:
        raise sqlite3.OperationalError("no more files may be opened")

    path = tmp_path / "live.db"
    with closing(connect(path, mode="rwc")) as connection:
        durable(connection)
        monkeypatch.setattr("engine.live.ledger.checkpoints.connect", refused)
        with pytest.raises(sqlite3.OperationalError):
            Checkpoints(path, connection)
