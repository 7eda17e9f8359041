"""Forgetting what is old, while the process that decides goes on.

How long an event is known
    An event that comes twice is decided on once as long as its first decision is in the ledger: for
    ``keep`` after it came, at least, since nothing younger is removed. That is the horizon. What
    comes again after it would be a new event; no stream sends again what it sent a day ago, hence
    nothing younger than ``LEAST_SECONDS`` can be removed, whatever is asked.

Beside whom
    The other process writes nearly all the time when it is busy. SQLite, waiting for it, looks ever
    more seldom whether it may; so this looks a thousand times a second, and then takes no more time
    than that process can spare. Nor does it wait for the disk: if the machine stops, something may
    be there again that was removed, and is removed the next time.

What stays
    A decision whose flag is pending, however old. What no snapshot of the online state holds yet,
    if there are any beside the ledger: a start would lack it. Places are never given again: the
    highest one that was removed is kept, with how many rows were.

The file does not get smaller; what is free in it is what the next rows are written on. What was
removed is overwritten with zeros.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from engine.clock import elapsed, sleep
from engine.errors import InputError
from engine.live.ledger.about import noted
from engine.live.ledger.database import begin, for_each, one_value, told, transaction
from engine.live.ledger.files import opened
from engine.live.ledger.places import REMOVED_THROUGH, next_place
from engine.live.ledger.snapshot_files import snapshots_of

LEAST_SECONDS: Final = 86_400

_MICROSECONDS: Final = 1_000_000
# Few enough for a transaction to take some milliseconds, which the other process may have to wait.
_ROWS: Final = 256
_LOOK_SECONDS: Final = 0.001
_PATIENCE_SECONDS: Final = 60.0
_NO_END: Final = 2**63 - 1

_OLD: Final = """\
SELECT sequence, event_id FROM decisions INDEXED BY arrivals
WHERE arrival_time < ? AND sequence < ? AND sequence NOT IN (SELECT sequence FROM pending)
ORDER BY arrival_time LIMIT ?"""
_OLD_QUARANTINE: Final = """\
SELECT sequence FROM quarantine WHERE arrival_time < ? AND sequence < ? LIMIT ?"""
_NOTE: Final = "INSERT INTO about VALUES (?, ?) ON CONFLICT (name) DO UPDATE"
_ADD: Final = f"{_NOTE} SET value = value + excluded.value"
_RAISE: Final = f"{_NOTE} SET value = max(value, excluded.value)"


@dataclass(slots=True)
class Removed:
    """How many rows were removed of each table."""

    decisions: int = 0
    replies: int = 0
    reasons: int = 0
    labels: int = 0
    quarantine: int = 0


def retain(
    path: Path,
    keep: int,
    now: int,
    *,
    progress: Callable[[int], object] = lambda _: None,
    pause: Callable[[float], object] = sleep,
) -> Removed:
    """Remove what came longer ago than it is to be kept, a few rows at a time.

    Whoever interrupts it leaves what was not removed yet.

    Parameters
    ----------
    path
        The ledger.
    keep
        How many seconds an event is kept, at least ``LEAST_SECONDS``.
    now
        The present, in microseconds since 1970 UTC.
    progress
        Called with the number of decisions that were removed last.
    pause
        Called after each transaction with the seconds that it took: the other process writes then.

    Returns
    -------
    Removed
        How many rows it removed.

    Raises
    ------
    InputError
        If it is no ledger, ``keep`` is too short, or nothing at all would remain.
    OutputError
        If it cannot be written.
    """
    if keep < LEAST_SECONDS:
        raise InputError(
            f"--keep: too short a time (was {keep:,} seconds)",
            hint="keep a day or more: an event that comes again has to be known",
        )
    before = now - keep * _MICROSECONDS
    total = Removed()
    with opened(path, mode="rw", patience=0.0) as connection, told(path):
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA secure_delete = ON")
        _refuse_all(connection, path, before)
        end = _held_by_snapshots(connection, path)
        while True:
            with transaction(connection, _begin_patiently):
                began = elapsed()
                removed = _remove_some(connection, before, end)
                _note(connection, removed)
            if removed == Removed():
                return total
            for name, count in asdict(removed).items():
                setattr(total, name, getattr(total, name) + count)
            progress(removed.decisions)
            pause(elapsed() - began)


def _begin_patiently(connection: sqlite3.Connection) -> None:
    until = elapsed() + _PATIENCE_SECONDS
    while True:
        try:
            begin(connection)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or elapsed() > until:
                raise
            sleep(_LOOK_SECONDS)
        else:
            return


def _refuse_all(connection: sqlite3.Connection, path: Path, before: int) -> None:
    latest = one_value(connection, "SELECT max(arrival_time) FROM decisions")
    if latest is not None and latest < before:
        raise InputError(
            f"{path}: nothing would remain, so perhaps the clock is wrong (was: the last event "
            f"came {(before - latest) // _MICROSECONDS:,} seconds before what is kept)",
            hint="look at the clock; to be rid of all of it, remove the file",
        )


def _held_by_snapshots(connection: sqlite3.Connection, path: Path) -> int:
    """Before which place the newest snapshot holds all; after all places if there is none.

    One that claims to hold more than there is, of a ledger that was put back, holds other events.
    """
    snapshots = snapshots_of(path, int(noted(connection, "created")))
    end = next_place(connection)
    held = [one.before for one in snapshots if one.before <= end]
    return max(held, default=0 if snapshots else _NO_END)


def _remove_some(connection: sqlite3.Connection, before: int, end: int) -> Removed:
    old = connection.execute(_OLD, (before, end, _ROWS)).fetchall()
    places, ids = [row[0] for row in old], [row[1] for row in old]
    unread = [row[0] for row in connection.execute(_OLD_QUARANTINE, (before, end, _ROWS))]
    if places or unread:
        connection.execute(_RAISE, (REMOVED_THROUGH, max(places + unread)))

    def remove(table: str, column: str, values: Sequence[Any]) -> int:
        was = connection.total_changes
        for _ in for_each(connection, f"DELETE FROM {table} WHERE {column} IN", values):  # noqa: S608 - our own names
            pass
        return connection.total_changes - was

    return Removed(
        replies=remove("replies", "sequence", places),
        reasons=remove("reasons", "sequence", places),
        labels=remove("labels", "event_id", ids),
        decisions=remove("decisions", "sequence", places),
        quarantine=remove("quarantine", "sequence", unread),
    )


def _note(connection: sqlite3.Connection, removed: Removed) -> None:
    for name, count in asdict(removed).items():
        if count:
            connection.execute(_ADD, (f"removed_{name}", count))
