"""The places of what came: given once, in order, and never again."""

import sqlite3
from typing import Final

from engine.live.ledger.database import one_value

REMOVED_THROUGH: Final = "removed_through"

_NEXT: Final = """\
SELECT max(
    coalesce((SELECT max(sequence) FROM decisions), -1),
    coalesce((SELECT max(sequence) FROM quarantine), -1),
    coalesce((SELECT value FROM about WHERE name = ?), -1)
) + 1"""


def next_place(connection: sqlite3.Connection) -> int:
    """The place of what comes next: higher than any that is there, or was removed."""
    return int(one_value(connection, _NEXT, (REMOVED_THROUGH,)))
