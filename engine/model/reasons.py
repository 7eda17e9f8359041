"""Why an event scored high: the features that raised its score most, in words."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.model.kinds import Floats
from engine.model.phrases import phrase
from engine.model.run import Run

# Contributions take milliseconds a row: so many rows at a time, to be interrupted in between.
_ROWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature's part in a score.

    Parameters
    ----------
    feature
        Its name.
    contribution
        By how much it raised the score, or below 0 lowered it: in log-odds for ``lightgbm``, in
        the score itself for ``random_forest``.
    words
        What it says of the event, and what it usually says.
    """

    feature: str
    contribution: float
    words: str


def reasons(run: Run, values: Floats, most: int, *, against: bool = False) -> list[list[Reason]]:
    """The features that raised the score of each row, the strongest first.

    Parameters
    ----------
    run
        The model, with the values that are usual.
    values
        float64, a row of features for each event.
    most
        How many to name; those that lowered the score are not named.
    against
        Name those that lowered the score, and not those that raised it.
    """
    return [
        _of_row(run, row, contributions, most, -1.0 if against else 1.0)
        for start in range(0, len(values), _ROWS)
        for row, contributions in zip(
            run.model.inputs(values[start : start + _ROWS]),
            run.model.contributions(values[start : start + _ROWS]),
            strict=True,
        )
    ]


def _of_row(run: Run, row: Floats, contributions: Floats, most: int, sign: float) -> list[Reason]:
    # Of equal ones in the order of the features.
    strongest = np.argsort(-sign * contributions, kind="stable")[:most]
    names = run.input_names
    return [
        Reason(
            names[place],
            float(contributions[place]),
            _words(run, place, float(row[place]), run.usual.get(names[place], float("nan"))),
        )
        for place in strongest.tolist()
        if sign * contributions[place] > 0
    ]


def _words(run: Run, place: int, value: float, usual: float) -> str:
    features = run.features.features
    if place < len(features):
        return phrase(features[place], value, usual, run.features.schema)
    return f"unlike past transactions: anomaly score {value:.2f} of 1; usual is {usual:.2f}"
