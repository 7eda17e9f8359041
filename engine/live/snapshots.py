"""Snapshots of the online state, files beside the ledger: of which, as of when, and the newest.

``live.db.1758834000000000.000000123456.state`` is of the ledger ``live.db`` that was made at that
microsecond, and holds all that was decided on before sequence 123,456. A ledger that is made anew
in the old one's place takes none of its snapshots.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.backends.online import restore, snapshot
from engine.backends.online.engine import OnlineFeatures
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.events.disk import writing
from engine.live.notices import Log

_KEPT: Final = 2
_NAME: Final = re.compile(r"\.([0-9]{1,20})\.([0-9]{12,20})\.state")


@dataclass(frozen=True, slots=True, order=True)
class Snapshot:
    """A snapshot.

    Parameters
    ----------
    before
        It holds what was decided on before this sequence.
    path
        The file.
    """

    before: int
    path: Path


def place_of(ledger: Path, created: int, before: int) -> Path:
    """Where the snapshot of a ledger is, as of a sequence."""
    return ledger.with_name(f"{ledger.name}.{created}.{before:012}.state")


def before_of(path: Path) -> int:
    """As of which sequence a snapshot is, by its name."""
    return int(path.name.split(".")[-2])


def snapshots_of(ledger: Path, created: int) -> list[Snapshot]:
    """The snapshots of a ledger, the newest first."""
    found = []
    for path in ledger.parent.iterdir():
        if not path.name.startswith(ledger.name):
            continue
        name = _NAME.fullmatch(path.name.removeprefix(ledger.name))
        if name and int(name[1]) == created:
            found.append(Snapshot(int(name[2]), path))
    return sorted(found, reverse=True)


def newest(
    features: FeatureSet, ledger: Path, created: int, limit: int, log: Log
) -> tuple[int, OnlineFeatures] | None:
    """The newest snapshot that can be read: as of when, and the state; None if there is none.

    Parameters
    ----------
    features
        The feature set.
    ledger, created
        Which ledger.
    limit
        The ledger's next sequence: what claims to be of later is none of it.
    log
        Is told of those that are passed over.
    """
    for one in snapshots_of(ledger, created):
        if one.before > limit:
            log.warning("snapshot passed over", before=one.before, why="later than the ledger")
            continue
        try:
            return one.before, restore(features, one.path)
        except InputError as error:
            log.warning("snapshot passed over", before=one.before, why=error.what)
    return None


def save(online: OnlineFeatures, ledger: Path, created: int, before: int) -> Path:
    """Save a state beside its ledger, and remove all but the newest two.

    Raises
    ------
    OutputError
        If it cannot be written; those that were there still are, then.
    """
    path = place_of(ledger, created, before)
    snapshot(online, path)
    for old in snapshots_of(ledger, created)[_KEPT:]:
        with suppress(FileNotFoundError), writing(old.path):
            old.path.unlink()
    return path
