"""Snapshots of the online state as files beside the ledger: of which, and as of when.

``live.db.1758834000000000.000000123456.state`` is of the ledger ``live.db`` that was made at that
microsecond, and holds all that was decided on before sequence 123,456. A ledger that is made anew
in the old one's place takes none of its snapshots.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

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
