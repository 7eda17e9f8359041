"""One chunk: from its rows and their past to its features."""

import polars as pl

from engine.backends.polars.frame import Frame
from engine.backends.polars.plan import Plan
from engine.backends.polars.scalars import Scalars
from engine.backends.polars.windowed import KeyWindows
from engine.definition.nodes import Aggregate, Call, Expression


def over_halo(
    plan: Plan, scalars: Scalars, past: pl.DataFrame, core: pl.DataFrame
) -> list[pl.Series]:
    """The columns of a chunk that are computed anew from it and its halo.

    Parameters
    ----------
    plan, scalars
        The compiled feature set.
    past
        Rows of the log before the chunk, in the order of events: all that these windows can see.
    core
        The chunk's rows, in the order of events.

    Returns
    -------
    list of polars.Series
        A value for each row of ``core``, named as ``scalars`` expects it. Layouts and the like are
        let go of with the return.
    """
    if not plan.in_halo:
        return []
    frame = Frame(plan, scalars, past, core)
    columns: list[pl.Series] = []
    for key in dict.fromkeys(aggregate.key for aggregate in plan.halo_aggregates):
        columns += _over_key(plan, scalars, frame, key)
    return columns


def _over_key(plan: Plan, scalars: Scalars, frame: Frame, key: tuple[str, ...]) -> list[pl.Series]:
    windows = KeyWindows(plan, frame, key)
    nodes = [node for node in plan.in_halo if key_of(node) == key]
    return [windows.column(node).alias(scalars.name_of(node)) for node in nodes]


def key_of(expression: Expression) -> tuple[str, ...]:
    """The key of a windowed expression."""
    match expression:
        case Aggregate(key=key):
            return key
        case Call(_, (first, *_)):
            return key_of(first)
        case _:
            raise AssertionError(f"not computed over windows (was {expression})")
