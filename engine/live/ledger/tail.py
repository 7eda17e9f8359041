"""What was decided after a place, for whoever brings an online state up to date."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.live.ledger.database import told
from engine.live.ledger.rows import Remembered

_ROWS: Final = 8_192
_TAIL: Final = """\
SELECT sequence, event_id, event, observed FROM decisions
WHERE sequence > ? ORDER BY sequence LIMIT ?"""


def tail(connection: sqlite3.Connection, path: Path, after: int) -> Iterator[list[Remembered]]:
    """What was decided on after a place, in order and by parts; -1 for all of it.

    Raises
    ------
    InputError, OutputError
        If it cannot be read.
    """
    while True:
        with told(path):
            rows = connection.execute(_TAIL, (after, _ROWS)).fetchall()
        if not rows:
            return
        yield list(map(Remembered._make, rows))
        after = rows[-1][0]
