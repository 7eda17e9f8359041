"""The event-driven way: each event through the code that runs live, as it comes."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from engine.decide.records import SEQUENCE
from engine.definition import Schema
from engine.definition.types import Kind
from engine.events.canonical import EVENT_ID
from engine.model.run import Run
from engine.model.split import DAY
from engine.progress import Meter
from replay.backtest.decisions import SCHEMA
from replay.backtest.folds import Fold
from replay.backtest.policies import Desk, Policy
from replay.ledger import Ledger
from replay.playback import Manner, Playback, Shift
from replay.source import Source


def decide_one_by_one(
    source: Source,
    folds: Sequence[Fold],
    runs: Sequence[Run],
    policy: Policy,
    ledger: Ledger,
    manner: Manner,
    meter: Meter,
) -> tuple[pl.DataFrame, Playback]:
    """Decide on all events of the test windows, one after the other.

    Parameters
    ----------
    source
        The log.
    folds
        The folds, in time order.
    runs
        The run of each fold; events are observed once, whichever run decides.
    policy
        As for :func:`replay.backtest.vectorised.decide_at_once`.
    ledger
        Where what is decided is recorded, and from where a playback that was stopped goes on.
    manner, meter
        See :class:`replay.playback.Playback`.

    Returns
    -------
    decisions, playback
        See :mod:`replay.backtest.decisions`; and how it went.
    """
    deciding = _Deciding(runs[0].features.schema, folds, policy)
    shifts = [Shift(run, fold.start, fold.end) for fold, run in zip(folds, runs, strict=True)]
    playback = Playback(source, shifts, ledger, [deciding], manner, meter)
    playback.run()
    return deciding.frame(), playback


class _Deciding:
    """Puts a policy to work on decisions as they come."""

    def __init__(self, schema: Schema, folds: Sequence[Fold], policy: Policy) -> None:
        self._card = next(column.name for column in schema.columns if column.type.kind is Kind.CARD)
        self._time = schema.event_time
        self._ticks = schema.ticks_per_second
        self._starts = np.array([fold.start for fold in folds])
        self._numbers = np.array([fold.number for fold in folds])
        self._desk = Desk(policy)
        self._frames = [pl.DataFrame(schema=SCHEMA)]

    def add(self, rows: pl.DataFrame, events: pl.DataFrame) -> None:
        """Take in decisions; see :class:`replay.playback.Sink`."""
        times = events[self._time] // self._ticks
        each = zip(
            events[self._card].to_list(),
            (times // DAY).to_list(),
            (rows["flagged"] == 1).to_list(),
            strict=True,
        )
        actions = [self._desk.act(card, day, flagged=flag) for card, day, flag in each]
        # By their own numbers: a window without events is no fold, but is counted.
        folds = self._numbers[np.searchsorted(self._starts, times.to_numpy(), side="right") - 1]
        self._frames.append(
            pl.DataFrame(
                {
                    "fold": pl.Series(folds, dtype=pl.Int32),
                    "sequence": rows[SEQUENCE],
                    "event_id": rows[EVENT_ID],
                    "event_time": times,
                    "score": rows["score"],
                    "threshold": rows["threshold"],
                    "flagged": rows["flagged"],
                    "action": pl.Series(actions, dtype=pl.Int8),
                }
            ).match_to_schema(SCHEMA)
        )

    def frame(self) -> pl.DataFrame:
        """All that was decided."""
        return pl.concat(self._frames, rechunk=True)
