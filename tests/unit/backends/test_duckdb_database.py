"""Limits that hold, and queries that can be interrupted."""

import os
import signal
import threading
from pathlib import Path

import duckdb
import pytest

from engine.backends.duckdb.database import in_memory, interruptible
from engine.errors import OutputError
from engine.interrupts import Terminated, heard

# It would take days.
ENDLESS = "SELECT count(*) FROM range(1_000_000) a, range(1_000_000) b, range(1_000_000) c"


def setting(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    [(value,)] = connection.sql(f"SELECT current_setting('{name}')").fetchall()
    return str(value)


def test_the_limits_are_set(tmp_path: Path) -> None:
    with in_memory(threads=3, memory=600 * 2**20, scratch=tmp_path / "spill") as connection:
        assert setting(connection, "threads") == "3"
        assert setting(connection, "memory_limit") == "600.0 MiB"
        assert setting(connection, "temp_directory") == str(tmp_path / "spill")
        for name in ("autoinstall_known_extensions", "autoload_known_extensions"):
            assert setting(connection, name).lower() == "false"


def test_what_does_not_fit_goes_to_scratch_and_scratch_goes_with_the_database(
    tmp_path: Path,
) -> None:
    scratch = tmp_path / "spill"
    query = "SELECT i, hash(i) AS h FROM range(4_000_000) r(i) ORDER BY h"
    with in_memory(threads=1, memory=32 * 2**20, scratch=scratch) as connection:
        reader = connection.sql(query).to_arrow_reader(100_000)
        assert next(reader).num_rows == 100_000
        assert any(scratch.iterdir())
        del reader
    assert not scratch.exists() or not any(scratch.iterdir())


def test_memory_that_does_not_suffice_is_an_error_with_a_hint() -> None:
    query = "SELECT i, hash(i) AS h FROM range(4_000_000) r(i) ORDER BY h"
    with (
        in_memory(threads=1, memory=32 * 2**20) as connection,
        pytest.raises(OutputError, match=r"(?s)within its memory.*hint: .*--memory"),
    ):
        interruptible(connection, lambda: connection.sql(query).to_arrow_table())


def test_what_fails_fails_as_it_is() -> None:
    with in_memory(threads=1) as connection:
        with pytest.raises(duckdb.ParserException):
            interruptible(connection, lambda: connection.sql("SELEC 1"))
        assert interruptible(connection, lambda: connection.sql("SELECT 1").fetchall()) == [(1,)]


@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_signal_ends_a_query(number: int, raised: type[BaseException]) -> None:
    with heard(), in_memory(threads=1) as connection:
        timer = threading.Timer(0.3, os.kill, (os.getpid(), number))
        timer.start()
        with pytest.raises(raised):
            interruptible(connection, lambda: connection.sql(ENDLESS).fetchall())
        timer.join()
        # The query is given up, not left behind.
        assert connection.sql("SELECT 1").fetchall() == [(1,)]


def test_names_in_sql_are_no_variables_of_python() -> None:
    log = duckdb.sql("SELECT 1")
    assert log
    with in_memory(threads=1) as connection, pytest.raises(duckdb.CatalogException):
        connection.sql("FROM log").fetchall()
