"""Which run is in use: by name, and by what is in the place of that name."""

from dataclasses import dataclass
from pathlib import Path

from engine.model.features_file import sha256_of
from engine.model.run import CURRENT, MANIFEST


@dataclass(frozen=True, slots=True)
class InUse:
    """The run that ``current`` leads to: another one may come to be in the place of its name."""

    name: str
    manifest: str | None  # SHA-256, which tells of all its files


def in_use(runs: Path) -> InUse | None:
    """What ``current`` in a folder of runs leads to; None if it is no link."""
    link = runs / CURRENT
    if not link.is_symlink():
        return None
    target = link.readlink()  # once: it may be switched meanwhile
    manifest = runs / target / MANIFEST  # which may be in another folder of runs
    return InUse(target.name, sha256_of(manifest) if manifest.is_file() else None)


def leads_to(runs: Path, folder: Path) -> bool:
    """Whether ``current`` leads to a run that is there."""
    link = runs / CURRENT
    return link.exists() and folder.exists() and link.samefile(folder)
