"""Reading a ledger beside the process that decides, and what it says of itself."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.catalog import set_of
from engine.definition import FeatureSet
from engine.errors import DefinitionError, InputError
from engine.live.ledger.database import told
from engine.live.ledger.files import opened


@dataclass(frozen=True, slots=True)
class Reader:
    """A ledger that is open to be read.

    What it is asked, it answers as of then. Nothing that is written waits for it, but what is
    written is kept twice while an answer is being read: what is long is asked for by parts.

    Parameters
    ----------
    path
        The file.
    connection
        To it.
    """

    path: Path
    connection: sqlite3.Connection

    def rows(
        self, sql: str, values: tuple[Any, ...] | dict[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """All rows of an answer.

        Raises
        ------
        InputError, OutputError
            If they cannot be read.
        """
        with told(self.path):
            return self.connection.execute(sql, values).fetchall()

    def row(self, sql: str, values: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        """The one row of an answer."""
        (row,) = self.rows(sql, values)
        return row

    def about(self) -> dict[str, Any]:
        """What the ledger says of itself, by name; what is written as JSON is read."""
        notes: dict[str, Any] = dict(self.rows("SELECT name, value FROM about"))
        written = [name for name in ("features", "columns", "definitions") if notes.get(name)]
        try:
            return notes | {name: json.loads(notes[name]) for name in written}
        except ValueError as error:
            raise InputError(
                f"{self.path}: what the ledger says of itself cannot be read (was: {error})",
                hint="take a copy of it that is whole",
            ) from error

    def features(self) -> FeatureSet:
        """The feature set that it is of.

        Raises
        ------
        DefinitionError
            If there is none of that name, or what is written of it cannot be read.
        """
        try:
            return set_of(self.about())
        except DefinitionError as error:
            raise DefinitionError(f"{self.path}: {error.what}", hint=error.hint) from error


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """A ledger, to be read; the process that decides goes on meanwhile.

    Raises
    ------
    InputError
        If there is no such file, it is no ledger, or one of another format.
    OutputError
        If it cannot be opened.
    """
    with opened(path, mode="ro") as connection:
        yield Reader(path, connection)
