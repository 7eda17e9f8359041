"""Correctness first: the features of whole customers and terminals against the reference."""

from typing import Final

import polars as pl

from benchmarks.compare import DifferenceError, first_difference
from engine.backends import load_backend
from engine.definition import Feature, FeatureSet
from engine.definition.needs import aggregates_in
from engine.events.canonical import EVENT_ID

SAMPLE: Final = 6  # of each key; the reference looks at all pairs of events of each
_ROW: Final = "|row"


def check_features(features: FeatureSet, events: pl.DataFrame, built: pl.DataFrame) -> int:
    """Compare what was built with the reference, bit by bit, on all events of some entities.

    Those events alone are a log in which an entity that was chosen has its whole history; a feature
    is compared where its key is one that was chosen.

    Parameters
    ----------
    features
        The feature set.
    events
        The log.
    built
        Its features, row by row.

    Returns
    -------
    int
        How many values were compared.

    Raises
    ------
    DifferenceError
        Naming the first feature that differs, and its event.
    """
    keys = {feature.name: _keys(feature) for feature in features.features}
    chosen = {key: _some(events, key) for key in {key for of in keys.values() for key in of}}
    place = pl.int_range(pl.len(), dtype=pl.Int64).alias(_ROW)
    sample = events.with_columns(place).filter(pl.any_horizontal(chosen.values()))
    expected = load_backend("reference").compute(features, sample.drop(_ROW))
    compared = 0
    for name, of in keys.items():
        whole = sample.select(pl.all_horizontal([pl.lit(value=True), *(chosen[key] for key in of)]))
        rows = pl.Series(whole.to_series())
        at = sample.filter(rows)
        got, right = built[name].gather(at[_ROW]), expected[name].filter(rows)
        wrong = first_difference(got, right)
        if wrong is not None:
            raise DifferenceError(
                f"feature {name!r} differs in event {at[EVENT_ID][wrong]} "
                f"(was {got[wrong]!r}, by the reference {right[wrong]!r})"
            )
        compared += len(right)
    return compared


def _keys(feature: Feature) -> frozenset[str]:
    """The columns of its keys; each key of these sets is a column."""
    return frozenset(name for of in aggregates_in(feature.expression) for name in of.key)


def _some(events: pl.DataFrame, key: str) -> pl.Expr:
    """Whether an event is of one of some entities, from all over the range of their numbers."""
    entities = events[key].unique().sort()
    spaced = entities.gather_every(max(1, len(entities) // SAMPLE)).head(SAMPLE)
    return pl.col(key).is_in(spaced.implode())
