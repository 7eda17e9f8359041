"""An online state brought up to date with what the ledger holds after it."""

from collections.abc import Iterable

from engine.backends.online.engine import OnlineFeatures
from engine.definition.needs import needs_labels
from engine.errors import InputError
from engine.live.kept import row_reader
from engine.live.ledger.rows import Noted, Remembered


def catch_up(
    online: OnlineFeatures, parts: Iterable[list[Remembered]], labels: Iterable[Noted]
) -> None:
    """Observe what was observed, and note the labels that were told between.

    Parameters
    ----------
    online
        The state to be brought up to date.
    parts, labels
        What was decided on since, and what was said meanwhile of these events and of those before.

    Raises
    ------
    InputError
        If the ledger cannot be read.
    """
    read = row_reader(online.columns[1:])
    observe = online.observe_row
    said = iter(labels if needs_labels(online.features) else ())
    label = next(said, None)
    for part in parts:
        for sequence, event_id, event, observed in part:
            while label is not None and label.before <= sequence:
                online.observe_label(*label[1:])
                label = next(said, None)
            if observed and event is not None:
                observe((event_id, *read(event)))
    while label is not None:
        online.observe_label(*label[1:])
        label = next(said, None)


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
