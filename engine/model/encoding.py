"""What models see in the place of texts: codes, of the training part alone, kept with the run.

The code of a text is its place, from 0, among the texts that the training part held, in the order
of their code points. One that it did not hold has the next code after theirs, which no training
has seen: it is in no set of texts that trees split by. Null is NaN, as of a number.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import numpy as np

from engine.errors import InputError
from engine.model.feature_values import FeatureValues, Levels, recoded
from engine.model.ranked import Floats, Integers

# Of a feature. LightGBM tells as many values of a number apart: more texts are names, of which a
# model learns by heart what their history would tell it of new ones too.
MOST_TEXTS: Final = 255

_TEXTS: Final = "texts"
_UNSEEN: Final = "unseen"


@dataclass(frozen=True, slots=True)
class Encoding:
    """The codes of a run.

    Parameters
    ----------
    levels
        By the column of each text feature, the texts that the training part held, in rising order;
        empty of a set without text features.
    """

    levels: Levels = field(default_factory=dict)

    @property
    def columns(self) -> tuple[int, ...]:
        """Which features are texts."""
        return tuple(self.levels)

    @property
    def unseen(self) -> dict[int, int]:
        """By the column of each text feature, the code of a text that training did not hold."""
        return {column: len(levels) for column, levels in self.levels.items()}

    def holds(self, column: int, text: str | None) -> bool:
        """Whether training knew of a text, or of none."""
        return text is None or text in self.levels[column]

    def encoded(self, values: FeatureValues) -> Floats:
        """What the model sees of events: the values themselves of a set without text features."""
        if not self.levels:
            return values.numbers
        numbers = values.numbers.copy(order="K")
        for column, levels in self.levels.items():
            numbers[:, column] = recoded(
                numbers[:, column], values.levels[column], levels, float(len(levels))
            )
        return numbers

    def to_json(self, names: tuple[str, ...]) -> dict[str, Any]:
        """What ``encoding.json`` holds, of features of these names."""
        return {
            names[column]: {_TEXTS: list(levels), _UNSEEN: len(levels)}
            for column, levels in self.levels.items()
        }


def fit_encoding(values: FeatureValues, rows: Integers, names: tuple[str, ...]) -> Encoding:
    """The encoding of what a model is to learn from.

    Parameters
    ----------
    values
        Of all events.
    rows
        Those of the training part, and no others: what these do not hold is unseen.
    names
        Of the features.

    Raises
    ------
    InputError
        If a feature has too many texts.
    """
    levels = {}
    for column, every in values.levels.items():
        codes = values.numbers[rows, column]
        held = np.unique(codes[~np.isnan(codes)]).astype(np.intp)
        if len(held) > MOST_TEXTS:
            raise InputError(
                f"{names[column]}: more different texts than a model tells apart (was "
                f"{len(held):,} in the training part, at most {MOST_TEXTS})",
                hint="leave it out of the set, and tell of its history instead: counts, amounts, "
                "rates of fraud by that key",
            )
        levels[column] = tuple(every[place] for place in held.tolist())
    return Encoding(levels)


def encoding_from_json(
    content: Mapping[str, Any], names: tuple[str, ...], columns: tuple[int, ...], where: str
) -> Encoding:
    """Read what ``to_json`` gave.

    Parameters
    ----------
    content
        It.
    names
        Of the features.
    columns
        Which of them are texts.
    where
        What messages call the file.

    Raises
    ------
    InputError
        If it is not one of these features.
    """
    try:
        return Encoding(_levels(content, {names[column]: column for column in columns}))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{where}: the encoding of texts cannot be read (was {error!r})",
            hint="train anew with python -m engine.train",
        ) from error


def _levels(content: Mapping[str, Any], columns: Mapping[str, int]) -> dict[int, tuple[str, ...]]:
    if content.keys() != columns.keys():
        raise ValueError(f"of {', '.join(content) or 'nothing'}")
    return {column: _texts(content[name]) for name, column in columns.items()}


def _texts(content: Mapping[str, Any]) -> tuple[str, ...]:
    if content.keys() != {_TEXTS, _UNSEEN}:
        raise ValueError(f"{', '.join(content) or 'nothing'} of a feature")
    texts, unseen = content[_TEXTS], content[_UNSEEN]
    if type(texts) is not list or any(type(text) is not str for text in texts):
        raise TypeError("a text that is none")
    if len(texts) > MOST_TEXTS:
        raise ValueError(f"{len(texts):,} texts, more than {MOST_TEXTS}")
    if any(one >= other for one, other in pairwise(texts)):
        raise ValueError("texts that do not rise")
    for text in texts:
        text.encode()  # half of a surrogate pair is in no log
    if type(unseen) is not int or unseen != len(texts):
        raise ValueError(f"{unseen} for what is unseen")
    return tuple(texts)
