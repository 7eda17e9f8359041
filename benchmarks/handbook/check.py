"""Correctness first: the features of whole customers and terminals against the reference."""

import polars as pl

from benchmarks.compare import DifferenceError, first_unequal
from benchmarks.entities import is_of, some_entities, told_alone
from engine.backends import load_backend
from engine.definition import FeatureSet
from engine.events.canonical import EVENT_ID


def check_features(features: FeatureSet, events: pl.DataFrame, built: pl.DataFrame) -> int:
    """Compare what was built with the reference, bit by bit, on all events of some entities.

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
    compared = 0
    for column, told in told_alone(features):
        chosen = is_of(some_entities(events.lazy(), column))
        places = events.select(pl.arg_where(chosen)).to_series()
        theirs = events[places]
        expected = load_backend("reference").compute(told, theirs)
        if unequal := first_unequal(built.select(told.names)[places], expected):
            raise DifferenceError(
                f"feature {unequal.name!r} differs in event {theirs[EVENT_ID][unequal.row]} "
                f"(was {unequal.got}, by the reference {unequal.expected})"
            )
        compared += expected.height * expected.width
    return compared
