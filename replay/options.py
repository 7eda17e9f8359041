"""The options of a replay."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from replay.source import Order
from replay.timing import Timing


@dataclass(frozen=True, slots=True)
class Options:
    """What ``python -m replay`` is asked to do.

    Parameters
    ----------
    inputs
        Files, folders or patterns: the log.
    run
        The folder of the run that decides.
    ledger
        The folder to record decisions in; None for a temporary one.
    speed
        How many times as fast as it happened; None for as fast as it goes.
    start, end
        Seconds since 1970 UTC: decisions are made on events from ``start`` on, those before are
        history; events at ``end`` or later are left out.
    order
        What to do about events out of time order.
    leap
        Seconds that an event may lie from those before it and its clock be believed; None to
        believe every clock. The usual is what a ledger that is played back was recorded with, and
        of a log ``engine.arguments.LEAP``.
    feed_lag, label_delay
        Seconds between an event and its arrival, and between an event and its label.
    timing
        How long deciding and posting take, and may; None if that is not asked.
    reasons
        How many reasons a flagged event gets.
    batch
        How many events are decided on at once, at most.
    overwrite, quiet, json
        Replace a ledger; show no progress; print the summary as JSON.
    """

    inputs: tuple[str, ...]
    run: Path
    ledger: Path | None = None
    speed: float | None = None
    start: int | None = None
    end: int | None = None
    order: Order = "refuse"
    leap: int | Literal["usual"] | None = "usual"
    feed_lag: int = 0
    label_delay: int = 7 * 86_400
    timing: Timing | None = None
    reasons: int = 3
    batch: int = 512
    overwrite: bool = False
    quiet: bool = True
    json: bool = False
