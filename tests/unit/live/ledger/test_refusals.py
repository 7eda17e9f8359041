"""Files that are no ledger of ours, and disks and processes in the way."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import InputError, OutputError
from engine.live.flag import Outcome, Reply
from engine.live.ledger.files import opened as opened_beside
from engine.live.ledger.reader import reading
from engine.live.ledger.rows import Batch
from engine.live.ledger.schema import FORMAT
from processes import ROOT
from unit.live.ledger.cases import (
    ABOUT,
    BEGAN,
    MODEL,
    counts,
    decision,
    opened,
    record,
    recorded,
)


def ledger_file(path: Path) -> None:
    with opened(path) as ledger:
        record(ledger, range(200))


def text(path: Path) -> None:
    path.write_text("cc_num|amt\n" * 1_000)


def other_application(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")
        connection.execute("PRAGMA application_id = 77")


def no_application(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (x)")


def newer(path: Path) -> None:
    ledger_file(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def damaged(path: Path) -> None:
    ledger_file(path)
    content = bytearray(path.read_bytes())
    content[4_096:] = b"\xa5" * (len(content) - 4_096)
    path.write_bytes(content)


REFUSED = [
    (text, "not a ledger, nor any database of SQLite"),
    (other_application, r"a database of something else \(was application 0x4d"),
    (no_application, r"a database of something else \(was application 0x0 with 1 "),
    (newer, rf"a format that this code does not know \(was 99, the latest it knows is {FORMAT}\)"),
    (damaged, r"damaged \(was: database disk image is malformed\)"),
]


@pytest.mark.parametrize(("make", "said"), REFUSED, ids=[make.__name__ for make, _ in REFUSED])
def test_what_is_no_ledger_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "live.db"
    make(path)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(InputError, match=said):
            opened(path)
        with pytest.raises(InputError, match=said), reading(path) as reader:
            reader.about()
    assert path.read_bytes() == before


def test_another_feature_set_is_refused_and_the_ledger_stays_usable(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    ledger_file(path)
    other = replace(ABOUT, feature_set="pos", fingerprint="f" * 64)
    with pytest.raises(InputError, match=r"of another feature set .* not pos ffffffffffff"):
        opened(path, other)
    with opened(path, replace(ABOUT, lateness=60, leap=5, columns=("more",))) as ledger:
        assert ledger.next_sequence == 200
    with reading(path) as reader:
        about = reader.about()
    assert (about["lateness"], about["leap"]) == (60, 5)
    assert about["columns"] == [*ABOUT.columns, "more"]


def test_an_empty_file_is_a_new_ledger_but_nothing_to_read(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    path.touch()
    with pytest.raises(InputError, match="nothing in it"), reading(path):
        pass
    ledger_file(path)
    with reading(path) as reader:
        assert reader.rows("SELECT count(*) FROM decisions") == [(200,)]


def test_what_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    for mode in ("ro", "rw"):
        with (
            pytest.raises(InputError, match="there is no such file"),
            opened_beside(tmp_path / "live.db", mode=mode),
        ):
            pass
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(OutputError, match=r"live\.db\.lock: cannot be written"):
        opened(tmp_path / "nowhere" / "live.db")


def test_beside_what_is_no_ledger_nothing_is_made(tmp_path: Path) -> None:
    other, folder = tmp_path / "README.md", tmp_path / "folder"
    other.write_text("Somebody's own words, a line of them.\n")
    folder.mkdir()
    for path, was in ((other, "something else"), (folder, "a folder")):
        with pytest.raises(InputError, match=rf"nor any database of SQLite \(was: {was}\)"):
            opened(path)
    assert sorted(tmp_path.iterdir()) == [other, folder]


def test_one_process_decides_at_a_time_by_whatever_name(tmp_path: Path) -> None:
    path, alias = tmp_path / "live.db", tmp_path / "alias.db"
    alias.symlink_to(path)
    with opened(path) as ledger:
        record(ledger, [0])
        with pytest.raises(OutputError, match=rf"decides into it \(was process {os.getpid()}\)"):
            opened(alias)
        record(ledger, [1])
    with opened(alias) as ledger:
        assert ledger.next_sequence == 2


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    script = f"""
from pathlib import Path
from engine.errors import OutputError
from engine.live.ledger.files import WriterLock
try:
    WriterLock(Path({str(tmp_path / "live.db")!r}))
except OutputError as error:
    print(error)
"""
    with opened(tmp_path / "live.db"):
        told = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert f"another process decides into it (was process {os.getpid()})\nhint: " in told.stdout


def test_a_full_disk_changes_nothing_and_passes(tmp_path: Path) -> None:
    with opened(tmp_path / "live.db") as ledger:
        record(ledger, range(100))
        pages = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
        ledger._connection.execute(f"PRAGMA max_page_count = {pages}")
        before = counts(ledger, "decisions", "pending", "replies")
        full = Batch([decision(sequence) for sequence in range(100, 600)], stream_id="x")
        for _ in range(2):
            with pytest.raises(OutputError, match=r"nothing was changed \(was: database or disk"):
                ledger.record(full)
            assert not ledger._connection.in_transaction
        many = [Reply(0, n, BEGAN, 503, Outcome.RETRY, "busy" * 50) for n in range(1, 500)]
        with pytest.raises(OutputError, match="free some space"):
            ledger.reply([*many, recorded(1)])
        assert counts(ledger, "decisions", "pending", "replies") == before
        assert (ledger.next_sequence, ledger.stream_id) == (100, None)
        assert len(ledger.known([f"e{n}" for n in range(600)])) == 100
        ledger._connection.execute(f"PRAGMA max_page_count = {pages * 100}")
        ledger.record(full)
        assert (ledger.next_sequence, ledger.stream_id) == (600, "x")
        assert counts(ledger, "decisions", "pending") == [600, 600]


def test_a_lock_of_somebody_else_changes_nothing_and_passes(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger, closing(sqlite3.connect(path)) as other:
        record(ledger, [0])
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutputError, match=r"nothing was changed \(was: database is locked\)"):
            ledger.record(Batch([decision(1)]))
        with pytest.raises(OutputError, match="another process holds it"):
            ledger.reply([recorded(0)])
        with pytest.raises(OutputError, match="another process holds it"):
            ledger.enrol(MODEL._replace(threshold=0.1))
        assert ledger.known(["e0", "e1"]) == {"e0"}
        assert [flag.sequence for flag in ledger.pending(-1, 9)] == [0]
        other.execute("ROLLBACK")
        ledger.record(Batch([decision(1)]))
        assert counts(ledger, "decisions", "models") == [2, 1]


def test_a_ledger_that_may_not_be_written_says_so(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    ledger_file(tmp_path / "live.db")
    (tmp_path / "live.db").chmod(0o444)
    with pytest.raises(OutputError, match="cannot be opened, read or written"):
        opened(tmp_path / "live.db")


def test_it_can_be_read_while_it_is_written_and_after_a_crash(tmp_path: Path) -> None:
    path, copy = tmp_path / "live.db", tmp_path / "copy.db"
    with opened(path) as ledger:
        record(ledger, range(3))
        with reading(path) as reader:
            record(ledger, range(3, 5))
            assert reader.rows("SELECT count(*) FROM decisions") == [(5,)]
            with pytest.raises(OutputError, match="readonly"):
                reader.rows("DELETE FROM decisions")
        for suffix in ("", "-wal"):  # as if the machine had stopped here
            shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
    with reading(copy) as reader:
        assert reader.rows("SELECT count(*) FROM decisions") == [(5,)]
