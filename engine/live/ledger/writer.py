"""The writing side of a ledger, for the one process that decides, and one thread of it."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Final, Self

from engine.live.flag import FINAL, Reply
from engine.live.ledger.about import About, note, note_about, noted, refuse_another
from engine.live.ledger.checkpoints import Checkpoints
from engine.live.ledger.database import for_each, insert, one_value, told, transaction
from engine.live.ledger.files import PATIENCE_SECONDS, WriterLock, connect, durable, recognised
from engine.live.ledger.places import REMOVED_THROUGH, next_place
from engine.live.ledger.rows import (
    Batch,
    Decided,
    Decision,
    Label,
    Model,
    Noted,
    Pending,
    Quarantined,
    Remembered,
    Unexplained,
    Unposted,
)
from engine.live.ledger.schema import migrate
from engine.live.ledger.tail import labelled, tail
from engine.model.reasons import Reason

_STREAM_ID: Final = "stream_id"
_STREAM_TIME: Final = "stream_time"
_CREATED: Final = "created"
_BEGUN_WITH: Final = "begun_with"

_DECISIONS: Final = f"INSERT INTO decisions ({', '.join(Decision._fields)})"
_QUARANTINE: Final = f"INSERT INTO quarantine ({', '.join(Quarantined._fields)})"
_OF_REPLY: Final = Reply._fields[:-1]  # how much time was left follows from the others
_REPLIES: Final = f"INSERT INTO replies ({', '.join(_OF_REPLY)})"
_LABELS: Final = f"INSERT INTO labels ({', '.join(Label._fields)}, before)"
_LABELS_OF: Final = f"SELECT rowid, {', '.join(Label._fields)} FROM labels WHERE event_id IN"  # noqa: S608 - our own names
_REASONS: Final = "INSERT OR REPLACE INTO reasons (sequence, reasons)"
_TO_POST: Final = """\
INSERT INTO pending SELECT sequence FROM decisions WHERE sequence BETWEEN ? AND ? AND post = 1"""
_PENDING: Final = """\
SELECT sequence, event_id, flagged, deadline, (
    SELECT coalesce(max(attempt), 0) FROM replies WHERE replies.sequence = pending.sequence
), source
FROM pending JOIN decisions USING (sequence)
WHERE sequence > ? ORDER BY sequence LIMIT ?"""
_UNEXPLAINED: Final = """\
SELECT sequence, features, model FROM decisions
WHERE flagged = 1 AND sequence > ? AND fallback IS NULL
    AND sequence NOT IN (SELECT sequence FROM reasons)
ORDER BY sequence LIMIT ?"""
_DECIDED: Final = """\
SELECT event_id, score, threshold, flagged, fallback, features, reasons
FROM decisions LEFT JOIN models USING (model) LEFT JOIN reasons USING (sequence)
WHERE event_id IN"""
_UNPOSTED: Final = """\
SELECT sequence, event_id, flagged, source FROM decisions WHERE post = 0 AND event_id IN"""
_ADOPT: Final = "UPDATE decisions SET post = 1, deadline = ? WHERE sequence = ?"


class Ledger:
    """The ledger in a file, open for what is decided.

    What a method has returned from is on disk, whatever happens then to the process or the
    machine; of replies alone a machine that fails may forget the last ones, whose flags are posted
    once more then, as they were. What a method raises of has changed nothing, and may be tried
    again.

    Parameters
    ----------
    path
        The file; made if it is not there, and brought up to date if its format is an earlier one.
    about
        What it is of.
    patience
        Seconds to wait for another process that writes, before that is an error.

    Attributes
    ----------
    path
        The file.
    next_sequence
        The place of what comes next: higher than any that was ever recorded here.
    stream_id
        The stream's last ``id`` among what is recorded; None if there was none.
    stream_time
        How far the stream had come, as ``Batch`` has it; None if there was none.
    created
        When it was made, in microseconds since 1970 UTC.
    removed_through
        The highest place that was removed when it was opened; -1 if none was.
    begun_with
        The setting that said where the online state came from at the first start; empty if none
        did.

    Raises
    ------
    InputError
        If the file is something else, damaged, in a format of later code, or the ledger of another
        feature set.
    OutputError
        If another process decides into it, or it cannot be written.
    """

    def __init__(self, path: Path, about: About, *, patience: float = PATIENCE_SECONDS) -> None:
        self.path = path
        self.next_sequence = 0
        self.stream_id: str | None = None
        self.stream_time: int | None = None
        self.created = 0
        self.removed_through = -1
        self.begun_with = ""
        self._synchronous = "FULL"  # as ``durable`` has it
        self._lock = WriterLock(path)
        try:
            with told(path):
                self._connection = connect(path, mode="rwc", patience=patience)
                try:
                    self._begin(about)
                    self._checkpoints = Checkpoints(path, self._connection)
                except BaseException:
                    self._connection.close()
                    raise
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        try:
            self._checkpoints.end()
            with told(self.path):
                self._connection.close()
        finally:
            self._lock.release()

    def describe(self, about: About) -> None:
        """Note what it is of anew: of the same feature set, other spans.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        with self._writing() as connection:
            note_about(connection, about)

    def begin_with(self, setting: str) -> None:
        """Note where the online state came from, if nothing has come yet.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if self.next_sequence == 0:
            with self._writing() as connection:
                note(connection, {_BEGUN_WITH: setting})
            self.begun_with = setting

    def enrol(self, model: Model) -> int:
        """The number of a model, which its decisions name; a new one if it has none yet.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        with self._writing():
            number = one_value(
                self._connection,
                "SELECT model FROM models WHERE sha256 = ? AND run_id = ? AND threshold = ?",
                (model.sha256, model.run_id, model.threshold),
            )
            if number is not None:
                return int(number)
            names = ", ".join(Model._fields)
            made = self._connection.execute(
                f"INSERT INTO models ({names}, since) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - our own names
                (*model, self.next_sequence),
            )
            return int(made.lastrowid or 0)

    def known(self, event_ids: Sequence[str]) -> set[str]:
        """Those of some ids that have a decision.

        Raises
        ------
        InputError, OutputError
            If they cannot be looked up.
        """
        sql = "SELECT event_id FROM decisions WHERE event_id IN"
        with told(self.path):
            return {row[0] for row in for_each(self._connection, sql, event_ids)}

    def decided(self, event_ids: Sequence[str]) -> list[Decided]:
        """What was decided on those of some ids that have a decision, in no order.

        Raises
        ------
        InputError, OutputError
            If it cannot be looked up.
        """
        with told(self.path):
            return list(map(Decided._make, for_each(self._connection, _DECIDED, event_ids)))

    def unposted(self, event_ids: Sequence[str]) -> list[Unposted]:
        """Those of some ids that have a decision whose flag is not to be posted, in no order.

        Raises
        ------
        InputError, OutputError
            If they cannot be looked up.
        """
        with told(self.path):
            return list(map(Unposted._make, for_each(self._connection, _UNPOSTED, event_ids)))

    def record(self, batch: Batch) -> None:
        """Record what came and what was decided on it; when this returns, it may be posted.

        Parameters
        ----------
        batch
            Of places from ``next_sequence`` on, and of ids that are not ``known``: SQLite refuses
            others, which is a defect of whoever calls.

        Raises
        ------
        OutputError
            If it cannot be written: the disk is full, or another process holds the ledger.
        """
        decisions, quarantined = batch.decisions, batch.quarantined
        places = [rows[at].sequence for rows in (decisions, quarantined) if rows for at in (0, -1)]
        if places and min(places) < self.next_sequence:
            raise ValueError(f"sequence {min(places)} is before {self.next_sequence}")
        with self._writing() as connection:
            if decisions:
                insert(connection, _DECISIONS, len(Decision._fields), decisions)
                ends = (decisions[0].sequence, decisions[-1].sequence)
                connection.execute(_TO_POST, ends)
            if quarantined:
                insert(connection, _QUARANTINE, len(Quarantined._fields), quarantined)
            for sequence, deadline in batch.adopted:
                connection.execute(_ADOPT, (deadline, sequence))
                connection.execute("INSERT INTO pending VALUES (?)", (sequence,))
            stream = {_STREAM_ID: batch.stream_id, _STREAM_TIME: batch.stream_time}
            note(connection, {name: value for name, value in stream.items() if value is not None})
        self.next_sequence = max(places, default=self.next_sequence - 1) + 1
        self.stream_id = self.stream_id if batch.stream_id is None else batch.stream_id
        self.stream_time = self.stream_time if batch.stream_time is None else batch.stream_time

    def reply(self, replies: Sequence[Reply]) -> None:
        """Record what came of posting; a flag whose outcome is final is not pending any more.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        ended = [reply.sequence for reply in replies if reply.outcome in FINAL]
        # The word itself: SQLite's module takes three times as long over a subclass of str.
        rows = [(*reply[:4], reply.outcome.value, reply.reason) for reply in replies]
        # Deciding need not wait for the disk here: with the next batch, replies are on it too.
        with self._writing(synchronous="NORMAL") as connection:
            insert(connection, _REPLIES, len(_OF_REPLY), rows)
            for _ in for_each(connection, "DELETE FROM pending WHERE sequence IN", ended):
                pass

    def reasons(self, why: Sequence[tuple[int, Sequence[Reason]]]) -> None:
        """Record why events were flagged, by their sequence; told again, it replaces what was.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        rows = [
            (sequence, json.dumps([asdict(reason) for reason in reasons], ensure_ascii=False))
            for sequence, reasons in why
        ]
        with self._writing() as connection:
            insert(connection, _REASONS, 2, rows)

    def label(self, labels: Sequence[Label]) -> None:
        """Record what events turned out to be; of one event the label that came last counts.

        All of them, or none.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        before = self.next_sequence
        rows = [(*label, before) for label in labels]
        with self._writing() as connection:
            insert(connection, _LABELS, len(Label._fields) + 1, rows)

    def labels_of(self, event_ids: Sequence[str]) -> list[Label]:
        """What was recorded of some events, each named once, in the order in which it came.

        Raises
        ------
        InputError, OutputError
            If it cannot be looked up.
        """
        with told(self.path):
            rows = sorted(for_each(self._connection, _LABELS_OF, event_ids))
        return [Label(*row) for _, *row in rows]

    def pending(self, after: int, limit: int) -> list[Pending]:
        """The first flags after a place that have no final outcome, by sequence.

        Raises
        ------
        InputError, OutputError
            If they cannot be read.
        """
        with told(self.path):
            rows = self._connection.execute(_PENDING, (after, limit)).fetchall()
        return [Pending(*row) for row in rows]

    def unexplained(self, after: int, limit: int) -> list[Unexplained]:
        """The first flagged events after a place that lack their reasons, by sequence.

        Raises
        ------
        InputError, OutputError
            If they cannot be read.
        """
        with told(self.path):
            rows = self._connection.execute(_UNEXPLAINED, (after, limit)).fetchall()
        return list(map(Unexplained._make, rows))

    def tail(self, after: int) -> Iterator[list[Remembered]]:
        """What was decided on after a place, in order and by parts; -1 for all of it.

        Raises
        ------
        InputError, OutputError
            If it cannot be read.
        """
        return tail(self._connection, self.path, after)

    def labelled(self, before: int) -> Iterator[Noted]:
        """The labels that came before a decision or later, in their order.

        Raises
        ------
        InputError, OutputError
            If they cannot be read.
        """
        return labelled(self._connection, self.path, before)

    @contextmanager
    def _writing(self, synchronous: str = "FULL") -> Iterator[sqlite3.Connection]:
        with told(self.path):
            if synchronous != self._synchronous:
                self._connection.execute(f"PRAGMA synchronous = {synchronous}")
                self._synchronous = synchronous
            with transaction(self._connection):
                yield self._connection
        self._checkpoints.committed()

    def _begin(self, about: About) -> None:
        connection = self._connection
        if recognised(connection, self.path):
            refuse_another(connection, about, self.path)
        durable(connection)
        migrate(connection)
        with transaction(connection):
            note_about(connection, about)
        self.next_sequence = next_place(connection)
        self.stream_id = noted(connection, _STREAM_ID)
        self.stream_time = noted(connection, _STREAM_TIME)
        self.created = int(noted(connection, _CREATED))
        self.begun_with = noted(connection, _BEGUN_WITH) or ""
        removed = noted(connection, REMOVED_THROUGH)
        self.removed_through = -1 if removed is None else int(removed)
