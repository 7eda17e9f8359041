"""A contender, tested."""

from dataclasses import dataclass

import polars as pl

from engine.model.run import Run
from replay.backtest.check import Checked
from replay.backtest.options import Contender


@dataclass(frozen=True, slots=True)
class Tested:
    """One contender, tested.

    Parameters
    ----------
    contender
        The contender.
    runs
        The run of each fold.
    decisions
        What was decided; see :mod:`replay.backtest.decisions`.
    digest
        Of the decisions.
    checked
        How both ways compare; None unless both were gone.
    events_per_second, resumed
        How fast it was event by event, and how many decisions were recorded before; None if it was
        not.
    """

    contender: Contender
    runs: list[Run]
    decisions: pl.DataFrame
    digest: str
    checked: Checked | None = None
    events_per_second: float | None = None
    resumed: int | None = None
