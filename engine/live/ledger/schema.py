"""The tables of a ledger, and how one of an earlier format gets them.

=============== =================================================================================
``about``       what the ledger is of, and what was removed from it: names and values
``models``      a row for each model that ever decided, with the sequence from which on
``decisions``   a row for each event, see ``rows.Decision``; only ever appended to, but that
                ``post`` becomes 1, with a ``deadline``, when the stream has what the API had first
``pending``     which of these have a flag to post that has no final outcome
``replies``     what came of each attempt to post, and what expired; only ever appended to
``reasons``     why an event was flagged: a JSON list of objects as ``engine.model.reasons`` has
``labels``      what events turned out to be, and before which sequence that was said; the latest
                of an event counts
``quarantine``  what could not be read, and why
=============== =================================================================================

``pending`` follows from the others. It is there because looking for the few that have no final
outcome among millions that have would take as long as reading them all.

The format is the number of steps that have been taken, and stands in ``PRAGMA user_version``; a
step is never changed once it has been released, and all that are missing are taken in one
transaction. ``PRAGMA application_id`` says that a file is a ledger.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final

from engine.live.ledger.database import one_value, transaction

APPLICATION_ID: Final = int.from_bytes(b"SPos", "big")

_FIRST: Final = (
    "CREATE TABLE about (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """\
    CREATE TABLE models (
        model INTEGER PRIMARY KEY,
        sha256 TEXT NOT NULL,
        run_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        feature_set TEXT NOT NULL,
        threshold REAL NOT NULL,
        since INTEGER NOT NULL,
        UNIQUE (sha256, run_id, threshold)
    )""",
    # The text of an event is behind what is looked at without it.
    """\
    CREATE TABLE decisions (
        sequence INTEGER PRIMARY KEY,
        event_id TEXT NOT NULL UNIQUE,
        arrival_time INTEGER NOT NULL,
        source TEXT NOT NULL,
        score REAL,
        flagged INTEGER NOT NULL CHECK (flagged IN (0, 1)),
        fallback TEXT,
        model INTEGER REFERENCES models,
        decided_at INTEGER NOT NULL,
        deadline INTEGER NOT NULL,
        observed INTEGER NOT NULL CHECK (observed IN (0, 1)),
        post INTEGER NOT NULL CHECK (post IN (0, 1)),
        event TEXT,
        features BLOB,
        CHECK (
            fallback IS NOT NULL
            OR (score IS NOT NULL AND event IS NOT NULL AND features IS NOT NULL)
        )
    )""",
    "CREATE INDEX arrivals ON decisions (arrival_time)",
    "CREATE INDEX alerts ON decisions (sequence) WHERE flagged = 1",
    "CREATE INDEX fallbacks ON decisions (fallback) WHERE fallback IS NOT NULL",
    "CREATE TABLE pending (sequence INTEGER PRIMARY KEY)",
    """\
    CREATE TABLE replies (
        sequence INTEGER NOT NULL,
        attempt INTEGER NOT NULL,
        at INTEGER NOT NULL,
        status INTEGER,
        outcome TEXT NOT NULL CHECK (outcome IN ('recorded', 'refused', 'retry', 'expired')),
        reason TEXT,
        PRIMARY KEY (sequence, attempt)
    ) WITHOUT ROWID""",
    "CREATE TABLE reasons (sequence INTEGER PRIMARY KEY, reasons TEXT NOT NULL)",
    """\
    CREATE TABLE labels (
        event_id TEXT NOT NULL,
        label INTEGER CHECK (label IN (0, 1)),
        at INTEGER NOT NULL,
        known_at INTEGER NOT NULL,
        who TEXT NOT NULL
    )""",
    "CREATE INDEX labels_of_events ON labels (event_id)",
    """\
    CREATE TABLE quarantine (
        sequence INTEGER PRIMARY KEY,
        arrival_time INTEGER NOT NULL,
        event_id TEXT,
        reason TEXT NOT NULL,
        source TEXT NOT NULL
    )""",
)

# Before which decision a label came: windows that were asked before it have not seen it. What was
# labelled before that was noted, no window has: feature sets of labels were not served then.
_PLACES: Final = ("ALTER TABLE labels ADD COLUMN before INTEGER NOT NULL DEFAULT 0",)

# What each format has that the one before had not.
STEPS: Final[tuple[tuple[str, ...], ...]] = (_FIRST, _PLACES)
FORMAT: Final = len(STEPS)


def migrate(connection: sqlite3.Connection, steps: Sequence[Sequence[str]] = STEPS) -> int:
    """Bring an empty file, or a ledger of an earlier format, to the latest one: wholly or not.

    Parameters
    ----------
    connection
        To a file that ``files.recognised`` has been asked about.
    steps
        What each format adds.

    Returns
    -------
    int
        The format that it had; 0 for an empty file.
    """
    before = int(one_value(connection, "PRAGMA user_version"))
    if before == len(steps):
        return before
    with transaction(connection):
        for step in steps[before:]:
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")
    return before
