"""Why an event scored high: the features that raised its score most, in words.

What the log tells of the card holder is not shown, so that it takes no place from what can be
looked into: all of it together is one reason, the last, if there is room for it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.model.feature_values import FeatureValues
from engine.model.kinds import Floats
from engine.model.phrases import is_hidden, phrase, text_phrase
from engine.model.run import Run, Usual

# Contributions take milliseconds a row: so many rows at a time, to be interrupted in between.
_ROWS: Final = 2_000

# What a reason calls all features together whose values are not shown.
HOLDER: Final = "(card holder)"
_OF_HOLDER: Final = "what the log tells of the card holder, which is not shown"


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature's part in a score.

    Parameters
    ----------
    feature
        Its name; ``(card holder)`` for all those together that are not shown.
    contribution
        By how much it raised the score, or below 0 lowered it: in log-odds for ``lightgbm``, in
        the score itself for ``random_forest``. Of several, by how much those together that did.
    words
        What it says of the event, and what it usually says.
    """

    feature: str
    contribution: float
    words: str


def reasons(
    run: Run, values: FeatureValues, most: int, *, against: bool = False
) -> list[list[Reason]]:
    """The features that raised the score of each row, the strongest first, the card holder's last.

    Parameters
    ----------
    run
        The model, with the values that are usual.
    values
        Of each event its features.
    most
        How many to name; those that lowered the score are not named.
    against
        Name those that lowered the score, and not those that raised it.
    """
    schema = run.features.schema
    of_holder = [is_hidden(feature, schema) for feature in run.features.features]
    hidden = np.array([*of_holder, *(False for _ in run.model.added)], dtype=bool)
    numbers = run.encoding.encoded(values)
    found: list[list[Reason]] = []
    for start in range(0, len(values), _ROWS):
        some = numbers[start : start + _ROWS]
        inputs = run.model.inputs(some)
        for row, contributions in zip(inputs, run.model.contributions(some), strict=True):
            texts = {column: values.text(len(found), column) for column in values.levels}
            sign = -1.0 if against else 1.0
            found.append(_of_row(run, row, texts, contributions, hidden, most, sign))
    return found


def _of_row(
    run: Run,
    row: Floats,
    texts: Mapping[int, str | None],
    contributions: Floats,
    hidden: NDArray[np.bool_],
    most: int,
    sign: float,
) -> list[Reason]:
    strengths = sign * contributions
    shown = np.flatnonzero((strengths > 0) & ~hidden)
    # Of equal ones in the order of the features.
    strongest = shown[np.argsort(-strengths[shown], kind="stable")][:most]
    names = run.input_names
    found = [
        Reason(
            names[place],
            float(contributions[place]),
            _words(run, place, float(row[place]), texts, run.usual.get(names[place], math.nan)),
        )
        for place in strongest.tolist()
    ]
    of_holder = contributions[(strengths > 0) & hidden]
    if len(of_holder) and len(found) < most:
        found.append(Reason(HOLDER, float(of_holder.sum()), _OF_HOLDER))
    return found


def _words(
    run: Run, place: int, value: float, texts: Mapping[int, str | None], usual: Usual
) -> str:
    features, schema = run.features.features, run.features.schema
    if place in texts:
        known = usual if isinstance(usual, str) else None
        return text_phrase(
            features[place],
            texts[place],
            known,
            schema,
            is_seen=run.encoding.holds(place, texts[place]),
        )
    number = math.nan if isinstance(usual, str) else usual
    if place < len(features):
        return phrase(features[place], value, number, schema)
    return f"unlike past transactions: anomaly score {value:.2f} of 1; usual is {number:.2f}"
