"""The table of the original design: every transaction, and the question for a card's last day."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

DAY_SECONDS: Final = 86_400


class Row(NamedTuple):
    """A transaction, as far as features of later ones are computed from it."""

    cc_num: int
    unix_time: int
    amt: float
    merchant: str
    category: str
    merch_lat: float
    merch_long: float


COLUMNS: Final = Row._fields

_TABLE: Final = """\
CREATE TABLE transactions (
    id INTEGER PRIMARY KEY,
    cc_num INTEGER NOT NULL,
    unix_time INTEGER NOT NULL,
    amt REAL NOT NULL,
    merchant TEXT NOT NULL,
    category TEXT NOT NULL,
    merch_lat REAL NOT NULL,
    merch_long REAL NOT NULL
)"""
_INDEX: Final = "CREATE INDEX of_a_card ON transactions (cc_num, unix_time)"
_NAMES: Final = ", ".join(COLUMNS)
_INSERT: Final = f"INSERT INTO transactions ({_NAMES}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - our own names
_LAST_DAY: Final = f"""\
SELECT {_NAMES} FROM transactions WHERE cc_num = ? AND unix_time >= ? ORDER BY unix_time, id"""  # noqa: S608 - the same
_LAST: Final = f"""\
SELECT {_NAMES} FROM transactions WHERE cc_num = ? ORDER BY unix_time DESC, id DESC LIMIT 1"""  # noqa: S608 - the same


class Table:
    """The table in a file.

    Parameters
    ----------
    file
        The file; made if it is not there.
    """

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")

    def make(self, rows: Iterable[tuple[object, ...]]) -> None:
        """Make it of transactions, in the order in which they came."""
        connection = self._connection
        connection.execute("BEGIN")
        connection.execute(_TABLE)
        connection.executemany(_INSERT, rows)
        connection.execute(_INDEX)
        connection.execute("COMMIT")

    def last_day(self, card: int, now: int) -> list[Row]:
        """The transactions of a card within a day of an instant, and the one before them if none.

        Without the latter, what is counted from a card's previous transaction would be wrong.
        """
        ask = self._connection.execute
        rows = ask(_LAST_DAY, (card, now - DAY_SECONDS)).fetchall()
        return list(map(Row._make, rows or ask(_LAST, (card,)).fetchall()))

    def insert(self, row: Row) -> None:
        """Insert a transaction; it is on disk then."""
        self._connection.execute(_INSERT, row)

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
