"""Formats: the steps from one to the next are taken together or not at all."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.live.ledger import schema
from engine.live.ledger.files import recognised
from engine.live.ledger.reader import reading
from engine.live.ledger.schema import APPLICATION_ID, FORMAT, STEPS, migrate
from unit.live.ledger.cases import opened, record

_ADD = ("ALTER TABLE decisions ADD COLUMN channel TEXT", "CREATE TABLE more (x)")
_FILL = ("UPDATE decisions SET channel = 'pos'",)
_FAILS = ("CREATE TABLE again (x)", "CREATE TABLE more (x)")


@pytest.fixture
def old(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger in today's format, with decisions in it."""
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, range(3))
    with closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as connection:
        yield connection


def objects(connection: sqlite3.Connection) -> list[tuple[str]]:
    return connection.execute("SELECT sql FROM sqlite_master ORDER BY name").fetchall()


def test_an_empty_file_gets_all_of_it() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        assert migrate(connection) == 0
        assert connection.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert migrate(connection) == FORMAT


def test_a_ledger_of_an_earlier_format_gets_what_it_lacks(old: sqlite3.Connection) -> None:
    assert migrate(old, (*STEPS, _ADD, _FILL)) == FORMAT
    assert old.execute("PRAGMA user_version").fetchone() == (FORMAT + 2,)
    assert old.execute("SELECT sequence, channel FROM decisions").fetchall() == [
        (0, "pos"),
        (1, "pos"),
        (2, "pos"),
    ]
    assert migrate(old, (*STEPS, _ADD, _FILL)) == FORMAT + 2


def test_labels_of_the_first_format_came_before_all() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, STEPS[:1])
        connection.execute("INSERT INTO labels VALUES ('e0', 1, 5, 6, 'bank')")
        assert migrate(connection) == 1
        assert connection.execute("SELECT event_id, before FROM labels").fetchall() == [("e0", 0)]


def test_a_step_that_fails_leaves_the_format_it_had(old: sqlite3.Connection) -> None:
    before = objects(old)
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(old, (*STEPS, _ADD, _FILL, _FAILS))
    assert objects(old) == before
    assert old.execute("PRAGMA user_version").fetchone() == (FORMAT,)
    assert recognised(old, Path("live.db")) == FORMAT
    assert migrate(old, (*STEPS, _ADD)) == FORMAT


def test_steps_that_a_kill_interrupts_leave_the_format_it_had(
    old: sqlite3.Connection, tmp_path: Path
) -> None:
    old.execute("BEGIN IMMEDIATE")
    for statement in _ADD:
        old.execute(statement)
    old.execute(f"PRAGMA user_version = {FORMAT + 1}")
    copy = tmp_path / "copy.db"
    for suffix in ("", "-wal"):  # what is on disk by now
        path = tmp_path / f"live.db{suffix}"
        if path.exists():
            (tmp_path / f"copy.db{suffix}").write_bytes(path.read_bytes())
    with closing(sqlite3.connect(copy)) as found:
        assert found.execute("PRAGMA user_version").fetchone() == (FORMAT,)
        assert migrate(found, (*STEPS, _ADD)) == FORMAT


def test_later_code_reads_it_when_the_writer_has_brought_it_up_to_date(
    old: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.live.ledger.files.FORMAT", FORMAT + 1)
    hint = "have the live scorer open it once"
    with pytest.raises(InputError, match=hint), reading(tmp_path / "live.db"):
        pass
    monkeypatch.setattr(schema.migrate, "__defaults__", ((*STEPS, _ADD),))
    monkeypatch.setattr("engine.live.ledger.files.recognised.__defaults__", (FORMAT + 1,))
    with opened(tmp_path / "live.db") as ledger:
        assert ledger.next_sequence == 3
    assert old.execute("PRAGMA user_version").fetchone() == (FORMAT + 1,)
    with reading(tmp_path / "live.db") as reader:
        assert reader.rows("SELECT count(*) FROM decisions") == [(3,)]
