"""When decisions are made and posted: a model of one decider, before whom events queue.

It decides in the order of arrival, one event after the other, each as soon as it is there and the
one before is decided. What is decided is posted at once; no post waits for another. None of it
changes a decision. Instants are whole microseconds, so that nothing depends on how decisions were
cut into frames.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from engine.decide.records import ARRIVAL_TIME
from engine.definition import Schema

MICROSECONDS: Final = 1_000_000
_HALF, _MOST = 50, 99  # per cent

_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Spread:
    """How long something takes, in microseconds: anything from ``low`` to ``high``, as likely."""

    low: int = 0
    high: int = 0

    def seconds(self) -> list[float]:
        """The same in seconds, for people."""
        return [self.low / MICROSECONDS, self.high / MICROSECONDS]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long deciding and posting take, and how long they may.

    Parameters
    ----------
    score, post
        How long a decision takes, and from it to its being posted.
    deadline
        How long after its arrival an event may be posted, in microseconds.
    seed
        What the spreads are drawn from.
    """

    score: Spread = Spread()
    post: Spread = Spread()
    deadline: int = 30 * MICROSECONDS
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """What decides about it."""
        return {
            "score_time": self.score.seconds(),
            "post_time": self.post.seconds(),
            "deadline": self.deadline / MICROSECONDS,
            "seed": self.seed,
        }


class Queue:
    """When events are decided on and posted.

    Parameters
    ----------
    timing
        How long it takes.
    """

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._draws = [np.random.default_rng([timing.seed, place]) for place in range(2)]
        self._free: np.int64 | None = None  # when the last event was decided on

    def pass_through(self, arrivals: _Ints) -> tuple[_Ints, _Ints]:
        """When the next events are decided on, and when that is posted.

        Parameters
        ----------
        arrivals
            When they arrive, in microseconds and in order.
        """
        takes = self._drawn(0, self._timing.score, len(arrivals))
        # An event is decided on when all from some event on are, which found nobody before it: the
        # latest of these ends counts.
        all_take = takes.cumsum()
        decided = np.maximum.accumulate(arrivals - (all_take - takes)) + all_take
        if self._free is not None:
            decided = np.maximum(decided, self._free + all_take)
        if len(decided):
            self._free = decided[-1]
        return decided, decided + self._drawn(1, self._timing.post, len(arrivals))

    def _drawn(self, place: int, spread: Spread, count: int) -> _Ints:
        if spread.low == spread.high:
            return np.full(count, spread.low, dtype=np.int64)
        width = spread.high - spread.low + 1
        drawn = spread.low + (self._draws[place].random(count) * width).astype(np.int64)
        return np.minimum(drawn, spread.high)


class Promptness:
    """Counts what is posted in time; a sink of :mod:`replay.playback`.

    Parameters
    ----------
    timing
        How long it takes, and may.
    schema
        Of the events: its label tells which flags count.
    """

    def __init__(self, timing: Timing, schema: Schema) -> None:
        self._timing = timing
        self._queue = Queue(timing)
        self._tick = MICROSECONDS // schema.ticks_per_second
        self._label = schema.label
        self._took: list[_Ints] = []
        self._labelled = 0
        self._fraud = 0
        self._found = 0  # fraud that was flagged in time

    def add(self, rows: pl.DataFrame, events: pl.DataFrame) -> None:
        """Take in decisions, with the events that they are on."""
        arrivals = rows[ARRIVAL_TIME].to_numpy() * self._tick
        _, posted = self._queue.pass_through(arrivals)
        took = posted - arrivals
        self._took.append(took)
        if self._label is None or self._label not in events.columns:
            return
        label = events[self._label]
        in_time = (rows["flagged"] == 1) & pl.Series(took <= self._timing.deadline)
        self._labelled += len(label) - label.null_count()
        self._fraud += int((label == 1).sum())
        self._found += int(((label == 1) & in_time).sum())

    def summary(self) -> dict[str, Any]:
        """What was posted in time, how long it took, and what was flagged by then."""
        took = np.concatenate([np.empty(0, dtype=np.int64), *self._took])
        in_time = int((took <= self._timing.deadline).sum())
        counts: dict[str, Any] = {
            **self._timing.to_json(),
            "in_time": in_time,
            "missed": len(took) - in_time,
            "share_in_time": in_time / len(took) if len(took) else None,
            "p50_seconds": _percentile(took, _HALF),
            "p99_seconds": _percentile(took, _MOST),
        }
        if not self._labelled:
            return counts
        return counts | {
            "fraud_flagged_in_time": self._found,
            "recall_in_time": self._found / self._fraud if self._fraud else None,
        }


def _percentile(took: _Ints, per_cent: int) -> float | None:
    """In seconds, the least of which so many per cent are no longer."""
    if not len(took):
        return None
    return float(np.percentile(took, per_cent, method="inverted_cdf")) / MICROSECONDS
