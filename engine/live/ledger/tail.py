"""What was decided after a place, for whoever brings an online state up to date."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.live.ledger.database import told
from engine.live.ledger.rows import Noted, Remembered

_ROWS: Final = 8_192
_LAST: Final = 2**63 - 1
_TAIL: Final = """\
SELECT sequence, event_id, event, observed FROM decisions
WHERE sequence > ? AND sequence < ? ORDER BY sequence LIMIT ?"""
_LABELS: Final = """\
SELECT rowid, before, event_id, label, known_at FROM labels
WHERE rowid > ? AND before BETWEEN ? AND ? ORDER BY rowid LIMIT ?"""


def tail(
    connection: sqlite3.Connection, path: Path, after: int, end: int = _LAST
) -> Iterator[list[Remembered]]:
    """What was decided on after a place and before an end, in order and by parts; -1 for all of it.

    Raises
    ------
    InputError, OutputError
        If it cannot be read.
    """
    while True:
        with told(path):
            rows = connection.execute(_TAIL, (after, end, _ROWS)).fetchall()
        if not rows:
            return
        yield list(map(Remembered._make, rows))
        after = rows[-1][0]


def labelled(
    connection: sqlite3.Connection, path: Path, before: int, end: int = _LAST
) -> Iterator[Noted]:
    """The labels that came from right before a decision to right before an end, in their order.

    Right before and no earlier is what a state as of then may have seen or not; to be told the same
    twice changes nothing.

    Raises
    ------
    InputError, OutputError
        If they cannot be read.
    """
    last = -1
    while True:
        with told(path):
            rows = connection.execute(_LABELS, (last, before, end, _ROWS)).fetchall()
        if not rows:
            return
        for last, *noted in rows:  # noqa: B007 - the place to go on from
            yield Noted(*noted)
