"""Snapshots of the online state beside the ledger: saving one, and restoring the newest."""

from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.backends.online import restore, snapshot
from engine.backends.online.engine import OnlineFeatures
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.events.disk import writing
from engine.live.ledger.snapshot_files import place_of, snapshots_of
from engine.live.notices import Log

_KEPT: Final = 2
_ASIDE: Final = ".of-another-end"  # behind the name, so that it is no snapshot any more


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


def put_aside(ledger: Path, created: int, limit: int, log: Log) -> None:
    """Rename the snapshots that are of later than the end of a ledger that has been put back.

    Were they left, a later start would take one once the ledger has grown beyond it, though it
    holds other events.

    Raises
    ------
    OutputError
        If one cannot be renamed.
    """
    for one in snapshots_of(ledger, created):
        if one.before > limit:
            log.warning("snapshot put aside", before=one.before, why="later than the ledger")
            with writing(one.path):
                one.path.rename(one.path.with_name(one.path.name + _ASIDE))


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
