"""Events that become history, of which none ends the work, whatever features make of it."""

import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.backends.online.engine import OnlineFeatures
from engine.decide.decider import Decider
from engine.model.feature_values import FeatureValues

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """The features of some events.

    Parameters
    ----------
    values
        Of each event; null where they could not be computed.
    observed
        Of each event 1 if it became history, else 0.
    failures
        By place why features could not be computed.
    """

    values: FeatureValues
    observed: list[int]
    failures: dict[int, str] = field(default_factory=dict)


def observe(
    decider: Decider, online: OnlineFeatures, rows: Sequence[Row], barred: Collection[int] = ()
) -> Observed:
    """Let events become history that are none yet, and tell the features of all.

    Those that are came before the ledger began, as those of a warm start: nobody was answered then.

    Parameters
    ----------
    decider, online
        Who observes, and the state.
    rows
        Events as the values of ``OnlineFeatures.columns``.
    barred
        The places of those that must not become history.
    """
    failures: dict[int, str] = {}
    admitted = [place for place in range(len(rows)) if place not in barred]

    def failed(place: int, error: Exception) -> None:
        failures[admitted[place]] = _words(error)

    found, values = decider.observe([rows[place] for place in admitted], failed=failed)
    if len(found) == len(rows):
        return Observed(values, [1] * len(rows))
    places = [admitted[place] for place in found.tolist()]
    became = set(places)
    others = [place for place in range(len(rows)) if place not in became and place not in failures]
    seen = look(decider, online, [rows[place] for place in others])
    # What is of neither is the last: nothing.
    known = FeatureValues.joined([values, seen.values, decider.values_of([None])])
    order = np.full(len(rows), -1)
    order[[*places, *others]] = np.arange(len(places) + len(others))
    failures |= {others[place]: why for place, why in seen.failures.items()}
    return Observed(known[order], [int(place in became) for place in range(len(rows))], failures)


def joined(decider: Decider, parts: Sequence[Observed]) -> Observed:
    """What a decider observed one after the other, as one."""
    if len(parts) == 1:
        return parts[0]
    failures: dict[int, str] = {}
    observed: list[int] = []
    for part in parts:
        failures |= {len(observed) + place: why for place, why in part.failures.items()}
        observed += part.observed
    values = [part.values for part in parts]
    return Observed(FeatureValues.joined([decider.values_of([]), *values]), observed, failures)


def look(decider: Decider, online: OnlineFeatures, rows: Sequence[Row]) -> Observed:
    """The features that events would have now; nothing changes."""
    computed: list[Row | None] = []
    failures: dict[int, str] = {}
    for place, row in enumerate(rows):
        try:
            computed.append(online.read_row(row))
        except Exception as error:  # noqa: BLE001 - whatever it is, the event is answered
            computed.append(None)
            failures[place] = _words(error)
    return Observed(decider.values_of(computed), [0] * len(rows), failures)


def _words(error: Exception) -> str:
    """What happened and where; what an error says itself may be of somebody's event."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}:{frame.lineno}"
    return f"features cannot be computed (was {type(error).__name__} in {where})"
