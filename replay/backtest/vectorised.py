"""The vectorised way: features of the whole log in batch, scores of a whole fold in one call."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from engine.model.features_file import FeatureTable
from engine.model.run import Run
from engine.model.split import DAY
from replay.backtest.decisions import SCHEMA
from replay.backtest.folds import Fold, rows_of
from replay.backtest.policies import Policy, act


def decide_at_once(
    table: FeatureTable, folds: Sequence[Fold], runs: Sequence[Run], policy: Policy
) -> pl.DataFrame:
    """Decide on all events of the test windows.

    Parameters
    ----------
    table
        The whole log, in the order of events.
    folds
        The folds, in time order.
    runs
        The run of each fold.
    policy
        Runs on through all folds: a card that is blocked in one stays blocked in the next.

    Returns
    -------
    polars.DataFrame
        See :mod:`replay.backtest.decisions`.
    """
    parts = [_of_fold(table, *pair) for pair in zip(folds, runs, strict=True)]
    decided = pl.concat(parts, rechunk=True)
    rows = decided["sequence"].to_numpy()
    actions = act(
        policy, table.cards[rows], table.times[rows] // DAY, decided["flagged"].to_numpy() == 1
    )
    return decided.with_columns(pl.Series("action", actions)).match_to_schema(SCHEMA)


def _of_fold(table: FeatureTable, fold: Fold, run: Run) -> pl.DataFrame:
    rows = rows_of(table, fold)
    scores = run.scores(table.values[rows]) if len(rows) else np.empty(0)
    return pl.DataFrame(
        {
            "fold": pl.Series([fold.number], dtype=pl.Int32).new_from_index(0, len(rows)),
            "sequence": rows,
            "event_id": table.event_ids[rows],
            "event_time": table.times[rows],
            "score": scores,
            "threshold": np.full(len(rows), run.threshold),
            "flagged": run.flags(scores).astype(np.int8),
        }
    )
