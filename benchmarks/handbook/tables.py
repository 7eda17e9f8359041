"""The book's log as arrays: what the protocol knows of each event, and the features of a set."""

from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from benchmarks.handbook.columns import HANDBOOK
from benchmarks.handbook.protocol import Floats
from engine.errors import InputError
from engine.events.inputs import InputFile
from engine.events.normalise import normalise
from engine.events.parquet import read_parquet

_BATCH_ROWS: Final = 1_000_000


def read_events(file: Path) -> pl.DataFrame:
    """The canonical events of the book's log.

    Raises
    ------
    InputError
        If the file cannot be read, lacks a column, or holds a row that is refused.
    """
    columns = tuple(HANDBOOK.by_name)
    frames = []
    for raw in read_parquet(InputFile(file, "parquet"), HANDBOOK, columns, batch_rows=_BATCH_ROWS):
        normal = normalise(raw.frame, HANDBOOK, columns)
        if len(normal.bad):
            first = normal.bad.row(0, named=True)
            raise InputError(
                f"{file}: {len(normal.bad):,} rows are refused, the first for {first['column']} "
                f"({first['kind']}; was {first['was']!r})",
                hint="take the book's simulated data as they are published",
            )
        frames.append(normal.events)
    if not frames:
        raise InputError(f"{file}: no events (was 0 rows)", hint="name the book's simulated data")
    return pl.concat(frames)


def as_array(features: pl.DataFrame) -> Floats:
    """Features as models take them, a column each; null is NaN."""
    columns = [column.cast(pl.Float64).fill_null(np.nan).to_numpy() for column in features]
    return np.column_stack(columns)
