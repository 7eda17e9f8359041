"""What a rate of events takes, computed from what was measured of the stream on Spark.

Nothing of it is measured: what takes so much of one event is taken to take as much of each, and
what is divided among tasks to be divided evenly.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.suites.engines_options import EVENTS_PER_CARD_AND_DAY
from benchmarks.suites.spark_stream_parts import DECIDING, KEPT, RECORDING, SEQUENCING
from engine.live_spark.journal import MOST_ENTRIES

RATES: Final = (1_000, 10_000, 65_000)
BUCKET_BYTES: Final = 64 << 20  # a snapshot is one value of Spark's, which has to be moved whole

# What one task or process does for all events, and who that is.
ALONE: Final = {SEQUENCING: "the task that puts events into order", RECORDING: "the outbox"}

_US: Final = 1e6
_DAY_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Size:
    """What a rate takes.

    Parameters
    ----------
    rate
        Events a second.
    alone
        By part that one process does, how much of a core it takes; above 1 it is too much.
    deciding
        Cores that decide.
    batches
        Micro-batches a second.
    spark
        Cores for what Spark does around them.
    cards
        How many there are at so many events.
    state_bytes
        What their states take in snapshots.
    buckets
        How many there have to be for snapshots of ``BUCKET_BYTES``.
    appended, snapshots
        Bytes a second into the checkpoint: of what micro-batches did, and of snapshots anew.
    """

    rate: int
    alone: Mapping[str, float]
    deciding: float
    batches: float
    spark: float
    cards: float
    state_bytes: float
    buckets: int
    appended: float
    snapshots: float


def full_at(parts: Mapping[str, Any]) -> dict[str, float]:
    """By part that one process does, the rate at which it takes all of a core; the lowest first."""
    found = {part: _US / parts["us_per_event"][part]["median"] for part in ALONE}
    return dict(sorted(found.items(), key=lambda one: one[1]))


def size_of(rate: int, parts: Mapping[str, Any], summary: Mapping[str, Any]) -> Size:
    """What a rate takes.

    Parameters
    ----------
    rate
        Events a second.
    parts
        As ``summary_of_parts`` gives them.
    summary
        What was measured at rates, the lowest first.
    """
    us = {part: spread["median"] for part, spread in parts["us_per_event"].items()}
    rates = list(summary.values())
    lowest, highest = rates[0], rates[-1]
    batches = highest["batches_per_second"]["median"]
    cards = rate * _DAY_SECONDS / EVENTS_PER_CARD_AND_DAY
    state = cards * parts["state_bytes_per_card"]["median"]
    appended = {part: rate * parts["appended_bytes_per_event"][part]["median"] for part in KEPT}
    # A snapshot is taken after so many micro-batches, or when as much was appended as it has.
    between = min(MOST_ENTRIES / batches, state / appended[DECIDING])
    of_sequencer = rate * parts["snapshot_bytes_per_event"][SEQUENCING]["median"]
    return Size(
        rate=rate,
        alone={part: rate * us[part] / _US for part in ALONE},
        deciding=rate * us[DECIDING] / _US,
        batches=batches,
        spark=batches * lowest["cpu_seconds_per_batch"]["median"],
        cards=cards,
        state_bytes=state,
        buckets=-int(-state // BUCKET_BYTES),
        appended=sum(appended.values()),
        snapshots=state / between + of_sequencer,
    )
