"""One chunk: from its rows and their past to its features."""

import polars as pl

from engine.backends.polars.frame import Frame
from engine.backends.polars.plan import Plan
from engine.backends.polars.scalars import Scalars
from engine.backends.polars.windowed import KeyWindows
from engine.definition.nodes import Aggregate, Call, Expression


def evaluate(plan: Plan, scalars: Scalars, past: pl.DataFrame, core: pl.DataFrame) -> pl.DataFrame:
    """The features of a chunk.

    Parameters
    ----------
    plan, scalars
        The compiled feature set.
    past
        Rows of the log before the chunk, in the order of events: all that its windows can see.
    core
        The chunk's rows, in the order of events.

    Returns
    -------
    polars.DataFrame
        A row for each row of ``core``, a column for each feature.
    """
    return scalars.features.run(core.hstack(_windowed(plan, scalars, past, core)))


def _windowed(
    plan: Plan, scalars: Scalars, past: pl.DataFrame, core: pl.DataFrame
) -> list[pl.Series]:
    """What is computed over windows; layouts and the like are let go of with the return."""
    frame = Frame(plan, scalars, past, core)
    columns: list[pl.Series] = []
    for key in plan.keys:
        columns += _over_key(plan, scalars, frame, key)
    return columns


def _over_key(plan: Plan, scalars: Scalars, frame: Frame, key: tuple[str, ...]) -> list[pl.Series]:
    windows = KeyWindows(plan, frame, key)
    nodes = [node for node in plan.windowed if _key_of(node) == key]
    return [windows.column(node).alias(scalars.name_of(node)) for node in nodes]


def _key_of(expression: Expression) -> tuple[str, ...]:
    match expression:
        case Aggregate(key=key):
            return key
        case Call(_, (first, *_)):
            return _key_of(first)
        case _:
            raise AssertionError(f"not computed over windows (was {expression})")
