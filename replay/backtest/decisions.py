"""What was decided on each event of the test windows, as either way of testing tells it.

================ ================================================================================
``fold``         Int32, counted from 1
``sequence``     Int64, the event's 0-based place in the order of events
``event_id``     String
``event_time``   Int64, seconds since 1970 UTC
``score``        Float64
``threshold``    Float64, the lowest score that is flagged
``flagged``      Int8, whether the score reaches it
``action``       Int8, what became of that: an ``Action``; in ``decisions.parquet`` its word
================ ================================================================================
"""

from pathlib import Path
from typing import Final

import polars as pl

from engine.sink import write_frames
from replay.backtest.policies import Action
from replay.digest import Digest

SCHEMA: Final[dict[str, pl.DataType]] = {
    "fold": pl.Int32(),
    "sequence": pl.Int64(),
    "event_id": pl.String(),
    "event_time": pl.Int64(),
    "score": pl.Float64(),
    "threshold": pl.Float64(),
    "flagged": pl.Int8(),
    "action": pl.Int8(),
}


def digest_of(decisions: pl.DataFrame) -> str:
    """One hash of all of them; equal for equal decisions, to the last bit of each score."""
    digest = Digest()
    digest.update(decisions)
    return digest.hexdigest()


def write_decisions(decisions: pl.DataFrame, path: Path) -> None:
    """Write them, actions as words."""
    words = {int(action): action.word for action in Action}
    named = pl.col("action").replace_strict(words, return_dtype=pl.String)
    write_frames([decisions.with_columns(named)], path)
