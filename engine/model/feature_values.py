"""Features of events as they were computed, so that any run can look at them.

Numbers stay as they are. A text stands as its place among the texts of its column that these values
have: a code of these values alone. What a run sees in its place, its encoding says.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.definition import FeatureSet
from engine.definition.infer import type_of
from engine.definition.types import Kind
from engine.model.ranked import Floats, Integers

Levels = Mapping[int, tuple[str, ...]]
Row = Sequence[Any]

_NULL: Final = math.nan


@dataclass(frozen=True, slots=True, eq=False)
class FeatureValues:
    """Features of some events.

    Parameters
    ----------
    numbers
        float64, a row for each event, a column for each feature; null is NaN, and a text its place
        among the levels of its column.
    levels
        By the column of each text feature texts that these and perhaps other events have, in rising
        order; empty of a set without any.
    """

    numbers: Floats
    levels: Levels = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, rows: slice | Integers | NDArray[np.bool_]) -> Self:
        """Some of the events."""
        return type(self)(self.numbers[rows], self.levels)

    def columns(self, places: Sequence[int]) -> Self:
        """Some of the features, in the order in which they are named."""
        kept = {at: self.levels[place] for at, place in enumerate(places) if place in self.levels}
        return type(self)(self.numbers[:, places], kept)

    def text(self, row: int, column: int) -> str | None:
        """The value of a text feature for an event."""
        code = self.numbers[row, column]
        return None if math.isnan(code) else self.levels[column][int(code)]

    def texts(self, column: int) -> list[str | None]:
        """The values of a text feature."""
        return [self.text(row, column) for row in range(len(self))]

    def records(self, names: Sequence[str]) -> list[dict[str, float | str | None]]:
        """Of each event its features by name, null as None."""
        columns: list[list[float | str | None]] = [
            [*self.texts(column)]
            if column in self.levels
            else [None if math.isnan(value) else value for value in self.numbers[:, column]]
            for column in range(len(names))
        ]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]

    def to_frame(self, names: Sequence[str]) -> pl.DataFrame:
        """As columns of those names: Float64, in which null is NaN, and String."""
        frame = pl.DataFrame(self.numbers, schema=list(names), orient="row")
        return frame.with_columns(
            pl.Series(names[column], self.texts(column), dtype=pl.String) for column in self.levels
        )

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The events of several, one after the other; all are of one set of features."""
        numbers = np.concatenate([part.numbers for part in parts])
        levels = {
            column: tuple(sorted(set().union(*(part.levels[column] for part in parts))))
            for column in parts[0].levels
        }
        for column, joint in levels.items():
            numbers[:, column] = np.concatenate(
                [
                    recoded(part.numbers[:, column], part.levels[column], joint, _NULL)
                    for part in parts
                ]
            )
        return cls(numbers, levels)


def usual_among(values: Floats, levels: Sequence[str] | None) -> float | str | None:
    """What is usual of a feature: the median, or the most common text, of several the first.

    Of an even number of values it is the lower of the two in the middle, as a value between them,
    such as that of no transaction before and a minute, would be none that an event could have.

    Parameters
    ----------
    values
        Of some events; of a text feature the places of its texts among ``levels``.
    levels
        Its texts; None if it is a number.

    Returns
    -------
    float or str or None
        None if none of the events has a value.
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    if levels is None:
        middle = (len(known) - 1) // 2
        return float(np.partition(known, middle)[middle])
    return levels[int(np.bincount(known.astype(np.intp)).argmax())]


def recoded(codes: Floats, levels: Sequence[str], others: Iterable[str], unknown: float) -> Floats:
    """Codes among some levels as those among others; NaN stays, and what is not there gets one."""
    places = {level: float(place) for place, level in enumerate(others)}
    table = np.array([*(places.get(level, unknown) for level in levels), _NULL])
    found: Floats = table[np.where(np.isnan(codes), len(levels), codes).astype(np.intp)]
    return found


def coded(texts: Sequence[str | None]) -> tuple[list[float], tuple[str, ...]]:
    """Codes of texts, NaN of None, and the levels that they are places among."""
    levels = tuple(sorted({text for text in texts if text is not None}))
    places: dict[str | None, float] = {None: _NULL}
    places |= {level: float(place) for place, level in enumerate(levels)}
    return [places[text] for text in texts], levels


def text_columns(features: FeatureSet) -> tuple[int, ...]:
    """Which features of a set are texts."""
    schema = features.schema
    return tuple(
        column
        for column, feature in enumerate(features.features)
        if type_of(feature.expression, schema).kind is Kind.TEXT
    )


def values_of_rows(rows: Sequence[Row], width: int, texts: Sequence[int]) -> FeatureValues:
    """The values of rows as the online state has them.

    Parameters
    ----------
    rows
        Of each event its features in order, null as None.
    width
        How many features there are.
    texts
        Which of them are texts, as of :func:`text_columns`.
    """
    levels: dict[int, tuple[str, ...]] = {}
    for column in texts:
        codes, levels[column] = coded([row[column] for row in rows])
        rows = [
            (*row[:column], code, *row[column + 1 :]) for row, code in zip(rows, codes, strict=True)
        ]
    numbers = np.array(rows, dtype=np.float64).reshape(len(rows), width)
    return FeatureValues(numbers, levels)


def values_of_frame(
    frame: pl.DataFrame, names: Sequence[str], texts: Sequence[int]
) -> FeatureValues:
    """The values of the columns of a frame; it is filled a column at a time, not copied twice."""
    numbers = np.empty((len(frame), len(names)), order="F")
    levels: dict[int, tuple[str, ...]] = {}
    for column, name in enumerate(names):
        series = frame[name]
        if column in texts:
            series = series.cast(pl.String)  # a Categorical, say, sorts in its own way
            known = series.drop_nulls().unique().sort()
            levels[column] = tuple(known.to_list())
            series = series.cast(pl.Enum(known)).to_physical()
        numbers[:, column] = series.cast(pl.Float64).fill_null(_NULL).to_numpy()
    return FeatureValues(numbers, levels)
