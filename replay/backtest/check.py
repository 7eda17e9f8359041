"""Whether both ways of testing decide alike: on each event, to the last bit of its score."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from replay.backtest.decisions import SCHEMA
from replay.backtest.policies import Action

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Difference:
    """A decision that differs.

    Parameters
    ----------
    event_id
        Of the event; of the vectorised way if it is another event altogether.
    fold
        Where it was tested.
    column
        What of the decision differs.
    vectorised, event_driven
        What either says.
    """

    event_id: str
    fold: int
    column: str
    vectorised: Any
    event_driven: Any

    def __str__(self) -> str:
        return (
            f"fold {self.fold}, event {self.event_id}: {self.column} is {self.vectorised!r} "
            f"vectorised, {self.event_driven!r} event-driven"
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of the check.

    Parameters
    ----------
    decisions
        How many were compared: as many as the longer of the two has.
    differing
        How many of them differ in anything.
    examples
        The first of them.
    """

    decisions: int
    differing: int
    examples: tuple[Difference, ...]


def check(vectorised: pl.DataFrame, event_driven: pl.DataFrame) -> Checked:
    """Compare two sets of decisions, event by event in their order."""
    both = min(len(vectorised), len(event_driven))
    longer = max(len(vectorised), len(event_driven))
    one, other = vectorised[:both], event_driven[:both]
    differs = {name: _differs(one[name], other[name]) for name in SCHEMA}
    any_differs = np.logical_or.reduce(list(differs.values()))
    places = np.flatnonzero(any_differs)[:_SHOWN].tolist()
    return Checked(
        longer,
        int(any_differs.sum()) + longer - both,
        tuple(_examples(one, other, differs, places)),
    )


def _differs(one: pl.Series, other: pl.Series) -> NDArray[np.bool_]:
    if one.dtype == pl.Float64:  # bits: 0.0 is not -0.0, and NaN equals itself
        bits = [column.to_numpy().view(np.uint64) for column in (one, other)]
        return np.asarray(bits[0] != bits[1])
    return one.ne_missing(other).to_numpy()


def _examples(
    one: pl.DataFrame,
    other: pl.DataFrame,
    differs: dict[str, NDArray[np.bool_]],
    places: list[int],
) -> Iterator[Difference]:
    for place in places:
        column = next(name for name, where in differs.items() if where[place])
        said = [frame[column][place] for frame in (one, other)]
        if column == "action":
            said = [Action(action).word for action in said]
        yield Difference(one["event_id"][place], one["fold"][place], column, *said)
