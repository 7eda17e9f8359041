"""Canonical events as they travel: what is looked at of them, and their places."""

import polars as pl

from engine.backends.polars.chunks import prepared_columns
from engine.backends.polars.plan import Plan
from engine.backends.spark.rows import PLACE


def placed(
    plan: Plan, events: pl.DataFrame, passed: tuple[str, ...], places: pl.Series | int
) -> pl.DataFrame:
    """The columns that travel, prepared once, with the events' places in the order of arrival.

    Parameters
    ----------
    plan
        What is computed.
    events
        A canonical frame.
    passed
        What is put before the features.
    places
        The place of each event, or that of the first one of events that came one after the other.
    """
    names = dict.fromkeys((*passed, *plan.columns))
    rows = events.select(name for name in names if name in events.columns)
    if isinstance(places, int):
        places = pl.int_range(places, places + len(rows), dtype=pl.Int64, eager=True)
    return pl.DataFrame([places.alias(PLACE), *prepared_columns(plan, rows)])
