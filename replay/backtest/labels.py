"""Which events have a label, and when it is known: what is made of labels must wait until then.

An event without a label is one of which nobody knows. It is history to others and is decided on as
any other, but nothing is learnt from it, no threshold is chosen on it, and no figure counts it as
right or wrong.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.definition import Feature, FeatureSet
from engine.definition.needs import aggregates_in, columns_in
from engine.errors import InputError
from engine.model.features_file import FeatureTable
from engine.model.labels import UNLABELLED
from engine.model.ranked import Integers


def with_unlabelled(table: FeatureTable) -> FeatureTable:
    """A table whose labels are there for each event: ``UNLABELLED`` where the log has none.

    Raises
    ------
    InputError
        If no event has a label, or one cannot be read.
    """
    rows, known = table.labelled
    if not len(rows):
        raise InputError(
            f"{table.name}: no event has a label (was {len(table):,} without)",
            hint=f"name a log with the column {table.features.schema.label}: 1 for fraud, 0 for "
            "not, nothing where it is not known",
        )
    labels = np.full(len(table), UNLABELLED, dtype=np.int8)
    labels[rows] = known
    return replace(table, labels=labels)


def is_labelled(table: FeatureTable) -> NDArray[np.bool_]:
    """Whether each event of a backtest's table has a label."""
    labelled: NDArray[np.bool_] = table.known_labels != UNLABELLED
    return labelled


def known_at(table: FeatureTable, delay: int) -> Integers:
    """When each label is known: a delay after its event, and not before the log says.

    Parameters
    ----------
    table
        The events.
    delay
        Seconds until a label is known.

    Returns
    -------
    numpy.ndarray
        int64, seconds since 1970 UTC.
    """
    known = table.times + delay
    return known if table.label_times is None else np.maximum(known, table.label_times)


def refuse_early_labels(features: FeatureSet, delay: int) -> None:
    """Refuse a feature that would see labels before they are known.

    A batch takes a label for known when it enters a window: at t + the window's own delay.

    Parameters
    ----------
    features
        The feature set.
    delay
        Seconds until a label is known.

    Raises
    ------
    InputError
        If a window over labels has a shorter delay.
    """
    for feature in features.features:
        shortest = _shortest_delay(feature, features.schema.label)
        if shortest is not None and shortest < delay * 1_000_000:
            raise InputError(
                f"{features.name}: {feature.name} sees labels before they are known (was after "
                f"{shortest / 86_400e6:g} days, --delay is {delay / 86_400:g})",
                hint="give the --delay that the features were defined for, or another --set",
            )


def _shortest_delay(feature: Feature, label: str | None) -> int | None:
    """The shortest delay of its windows over labels, in microseconds; None if it has none."""
    delays = [
        aggregate.window.delay
        for aggregate in aggregates_in(feature.expression)
        for inner in (aggregate.argument, aggregate.where)
        if inner is not None and label in set(columns_in(inner))
    ]
    return min(delays, default=None)
