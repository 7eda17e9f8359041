"""What a ledger is of, and keeping to it."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from engine.catalog import told_of
from engine.clock import utc_second
from engine.decide.records import event_columns
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.live.ledger.database import one_value

_MICROSECONDS: Final = 1_000_000
# What people are by name or trade; a ledger keeps it only if a feature is computed from it.
_NOT_KEPT: Final = frozenset({"job"})


@dataclass(frozen=True, slots=True)
class About:
    """What a ledger is of.

    Parameters
    ----------
    feature_set, fingerprint
        The name of the feature set, and its fingerprint: a ledger is of one.
    definitions
        The definitions, as JSON, of a set that does not come with the project; else None.
    features
        The names of the features, in order.
    columns
        The columns that are kept of an event.
    lateness, leap
        Those of the online state, in ticks; they may be others when the ledger is opened again.
    """

    feature_set: str
    fingerprint: str
    definitions: str | None
    features: tuple[str, ...]
    columns: tuple[str, ...]
    lateness: int
    leap: int | None

    @classmethod
    def of(cls, features: FeatureSet, *, lateness: int, leap: int | None) -> Self:
        """What a ledger of a feature set is of."""
        told = told_of(features)
        definitions = told.get("definitions")
        return cls(
            feature_set=told["feature_set"],
            fingerprint=told["fingerprint"],
            definitions=None if definitions is None else json.dumps(definitions),
            features=features.names,
            columns=kept_columns(features),
            lateness=lateness,
            leap=leap,
        )


def kept_columns(features: FeatureSet) -> tuple[str, ...]:
    """The columns that are kept of an event: all the schema has but labels, and what none needs.

    So that a ledger can be built, trained on and replayed with other feature sets than its own.
    """
    schema = features.schema
    needed = event_columns(features)
    hidden = (_NOT_KEPT - set(needed)) | {schema.label, schema.label_time}
    names = dict.fromkeys((*needed, *(column.name for column in schema.columns)))
    return tuple(name for name in names if name not in hidden)


def note(connection: sqlite3.Connection, notes: Mapping[str, Any]) -> None:
    """Have values stand under names in ``about``, in place of those that did."""
    sql = "INSERT OR REPLACE INTO about (name, value) VALUES (?, ?)"
    connection.executemany(sql, notes.items())


def noted(connection: sqlite3.Connection, name: str) -> Any:  # noqa: ANN401 - whatever was noted
    """The value of a name in ``about``; None if there is none."""
    return one_value(connection, "SELECT value FROM about WHERE name = ?", (name,))


def note_about(connection: sqlite3.Connection, about: About) -> None:
    """Note what a ledger is of; the columns that were kept before are not forgotten."""
    kept = json.loads(noted(connection, "columns") or "[]")
    note(
        connection,
        {
            "feature_set": about.feature_set,
            "fingerprint": about.fingerprint,
            "definitions": about.definitions,
            "features": json.dumps(about.features),
            "columns": json.dumps(list(dict.fromkeys((*kept, *about.columns)))),
            "lateness": about.lateness,
            "leap": about.leap,
        },
    )
    created = int(utc_second().timestamp()) * _MICROSECONDS
    connection.execute("INSERT OR IGNORE INTO about VALUES ('created', ?)", (created,))


def refuse_another(connection: sqlite3.Connection, about: About, path: Path) -> None:
    """Refuse the ledger of another feature set.

    Raises
    ------
    InputError
        If it is one.
    """
    was = noted(connection, "fingerprint")
    if was != about.fingerprint:
        raise InputError(
            f"{path}: the ledger of another feature set (was {noted(connection, 'feature_set')} "
            f"{str(was)[:12]}…, not {about.feature_set} {about.fingerprint[:12]}…)",
            hint="name another file for this one; the old ledger can still be exported",
        )
