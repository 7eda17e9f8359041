"""Events that become history, of which none ends the work, whatever features make of it."""

import traceback
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.backends.online.engine import OnlineFeatures
from engine.decide.decider import Decider

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """The features of some events.

    Parameters
    ----------
    values
        float64, a row for each event; NaN where they could not be computed.
    observed
        Of each event 1 if it became history, else 0.
    failures
        By place why features could not be computed.
    """

    values: NDArray[np.float64]
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
    seen = look(online, [rows[place] for place in others])
    whole = np.full((len(rows), values.shape[1]), np.nan)
    whole[places] = values
    whole[others] = seen.values
    failures |= {others[place]: why for place, why in seen.failures.items()}
    return Observed(whole, [int(place in became) for place in range(len(rows))], failures)


def joined(parts: Sequence[Observed], width: int) -> Observed:
    """What was observed one after the other, as one."""
    if len(parts) == 1:
        return parts[0]
    failures: dict[int, str] = {}
    observed: list[int] = []
    for part in parts:
        failures |= {len(observed) + place: why for place, why in part.failures.items()}
        observed += part.observed
    values = np.concatenate([np.empty((0, width)), *(part.values for part in parts)])
    return Observed(values, observed, failures)


def look(online: OnlineFeatures, rows: Sequence[Row]) -> Observed:
    """The features that events would have now; nothing changes."""
    values = np.full((len(rows), len(online.features.features)), np.nan)
    failures: dict[int, str] = {}
    for place, row in enumerate(rows):
        try:
            values[place] = online.read_row(row)
        except Exception as error:  # noqa: BLE001 - whatever it is, the event is answered
            failures[place] = _words(error)
    return Observed(values, [0] * len(rows), failures)


def _words(error: Exception) -> str:
    """What happened and where; what an error says itself may be of somebody's event."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{frame.name}:{frame.lineno}"
    return f"features cannot be computed (was {type(error).__name__} in {where})"
