"""An online state brought up to date with what the ledger holds after it."""

from collections.abc import Iterable

from engine.backends.online.engine import OnlineFeatures
from engine.errors import InputError
from engine.live.kept import row_reader
from engine.live.ledger.rows import Remembered


def catch_up(online: OnlineFeatures, parts: Iterable[list[Remembered]]) -> int | None:
    """Observe what was observed; the last sequence that there was, None if there was none.

    Raises
    ------
    InputError
        If the ledger cannot be read.
    """
    read = row_reader(online.columns[1:])
    observe = online.observe_row
    last = None
    for part in parts:
        for sequence, event_id, event, observed in part:
            if observed and event is not None:
                observe((event_id, *read(event)))
            last = sequence
    return last


def refuse_gap(removed_through: int, before: int, ledger: str, *, accepted: bool) -> None:
    """Refuse to go on from a state after which events were removed from the ledger.

    Parameters
    ----------
    removed_through
        The highest sequence that was removed; -1 if none was.
    before
        The state holds what was decided on before this sequence.
    ledger
        What messages call it.
    accepted
        Whether somebody has said that it may be so.

    Raises
    ------
    InputError
        If there is a gap that nobody has accepted.
    """
    if removed_through >= before and not accepted:
        raise InputError(
            f"{ledger}: the online state lacks events that were removed from the ledger (was a "
            f"state as of sequence {before:,}, removed was up to {removed_through:,})",
            hint="put a later snapshot back beside the ledger, or accept with --accept-gap that "
            "features are computed without them",
        )
