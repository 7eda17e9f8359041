"""The write-ahead log stays short while commits go on, and readers hold nothing up."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.live.ledger.checkpoints import Checkpoints
from engine.live.ledger.files import connect, durable

_EVERY = 64 << 10
_MOST = 256 << 10


def grown(connection: sqlite3.Connection, checkpoints: Checkpoints, log: Path) -> int:
    """The longest that the log was while rows were inserted one by one."""
    longest = 0
    for _ in range(150):
        connection.execute("INSERT INTO rows VALUES (randomblob(10000))")
        checkpoints.committed()
        longest = max(longest, log.stat().st_size)
    return longest


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
        checkpoints = Checkpoints(path, connection, every=_EVERY, most=_MOST)
        with closing(connect(path, mode="ro")) as reader:
            if is_read:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM rows").fetchone()
            longest = grown(connection, checkpoints, log)
            if is_read:
                assert longest > 1_500_000  # what is read must not be overwritten
                assert reader.execute("SELECT count(*) FROM rows").fetchone() == (0,)
                reader.execute("COMMIT")
                longest = grown(connection, checkpoints, log)
                assert log.stat().st_size < 3 * _MOST
            else:
                assert longest < 3 * _MOST
        checkpoints.end()
        rows = connection.execute("SELECT count(*) FROM rows").fetchone()
        assert rows == (300 if is_read else 150,)
    assert not log.exists()
