"""The events of a file as the query reads them: as a judge sends them, in texts of JSON lines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl

from engine.live_spark.lines import Line, written
from replay.judge.wire import as_json, event_ids

# A judge's events a second, so that each comes in a millisecond of its own.
_RATE: Final = 1_000
_US: Final = 1_000_000
_LINES_A_TEXT: Final = 200  # of the bridge, at that rate


def micro_batches(stream: Path, events: int, most: int) -> Iterator[list[str]]:
    """The first events of a file, some at a time.

    Parameters
    ----------
    stream
        A Parquet file.
    events
        How many of its events.
    most
        How many there are in a micro-batch; the last may have fewer.

    Yields
    ------
    list of str
        The texts of a micro-batch.
    """
    raw = pl.read_parquet(stream, n_rows=events)
    for start in range(0, len(raw), most):
        some = raw[start : start + most]
        sent = as_json(some, event_ids(some), strings=False)
        lines = [
            Line(offset, offset * _US // _RATE, text, str(offset))
            for offset, text in enumerate(sent, start)
        ]
        yield [
            written(lines[first : first + _LINES_A_TEXT]).decode()
            for first in range(0, len(lines), _LINES_A_TEXT)
        ]
