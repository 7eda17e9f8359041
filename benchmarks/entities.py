"""Some entities of a key, from all over its range, and the features that their events alone tell.

The events of some cards are a log in which each of these cards has its whole history; so what looks
at nothing but a card's events has the same values there as in the log that they were taken from.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import polars as pl

from engine.definition import FeatureSet
from engine.definition.needs import aggregates_in

# The reference's time grows with the square of a key's rows: about a second for a million.
_MOST_PAIRS: Final = 2_000_000
_MOST_PAIRS_OF_ONE: Final = 4 * _MOST_PAIRS
_MOST_ENTITIES: Final = 64


def told_alone(features: FeatureSet) -> Iterator[tuple[str, FeatureSet]]:
    """Each column that is a key of its own, and the features that the rows with a value in it tell.

    These are all for which rows with equal values in the column are all that matters.
    """
    keys = {
        feature: [aggregate.key for aggregate in aggregates_in(feature.expression)]
        for feature in features.features
    }
    for column in dict.fromkeys(key[0] for of in keys.values() for key in of if len(key) == 1):
        within = tuple(one for one, of in keys.items() if all(column in key for key in of))
        yield column, replace(features, features=within)


def some_entities(log: pl.LazyFrame, column: str) -> pl.Series:
    """Values from all over a column's range, as many as the reference has time for, or none."""
    counts = (
        log.drop_nulls(column)
        .group_by(column)
        .agg(pl.len().cast(pl.Int64).alias("rows"))
        .collect(engine="streaming")
        .sort(column)
    )
    spaced = counts.gather_every(max(1, len(counts) // _MOST_ENTITIES)).head(_MOST_ENTITIES)
    affordable = (spaced["rows"] ** 2).cum_sum() <= _MOST_PAIRS
    if affordable.any():
        return spaced.filter(affordable)[column]
    return spaced.filter(pl.col("rows") ** 2 <= _MOST_PAIRS_OF_ONE)[column].head(1)


def is_of(entities: pl.Series) -> pl.Expr:
    """Whether a row is of one of some entities."""
    return pl.col(entities.name).is_in(entities.implode())
