"""The events of a simulated file, as canonical frames and as prepared rows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl

from engine.build.job import open_log
from engine.build.options import Options
from engine.definition import FeatureSet
from engine.errors import InputError
from engine.events.normalise import normalise
from engine.events.parquet import read_parquet

# Prepared at a time: as many as a server decides on at once, at most.
BATCH_ROWS: Final = 512
_FRAME_ROWS: Final = 131_072

Row = tuple[object, ...]


class EventLog:
    """The events of a simulated Parquet file, which is in time order and free of duplicates.

    Parameters
    ----------
    file
        The file.
    features
        The feature set; what it does not read is not read.
    faster
        How many times as fast the events are to come one after the other, counted from the first.
    """

    def __init__(self, file: Path, features: FeatureSet, *, faster: int = 1) -> None:
        self._log = open_log(Options(inputs=(str(file),), out=file.parent), features)
        first = next(
            read_parquet(self._log.files[0], self._log.schema, self._log.columns, batch_rows=1)
        )
        self._scan = pl.scan_parquet(file).select(first.frame.columns)
        self._faster = faster
        self._time = features.schema.event_time
        self._from = int(self._canonical(first.frame)[self._time][0])

    @property
    def rows(self) -> int:
        """How many events there are."""
        return int(self._scan.select(pl.len()).collect().item())

    def frames(self, first: int, rows: int) -> Iterator[pl.DataFrame]:
        """Canonical frames of ``rows`` events from number ``first`` on."""
        end = first + rows
        for start in range(first, end, _FRAME_ROWS):
            raw = self._scan.slice(start, min(_FRAME_ROWS, end - start)).collect()
            since = pl.col(self._time) - self._from
            time = (since // self._faster + self._from).alias(self._time)
            yield self._canonical(raw).with_columns(time)

    def batches(
        self, columns: Sequence[str], first: int, rows: int, *, batch_rows: int = BATCH_ROWS
    ) -> Iterator[list[Row]]:
        """The same events as rows of ``columns``, some at a time."""
        for frame in self.frames(first, rows):
            chosen = frame.select(columns)
            for start in range(0, len(chosen), batch_rows):
                yield chosen[start : start + batch_rows].rows()

    def _canonical(self, raw: pl.DataFrame) -> pl.DataFrame:
        normal = normalise(raw, self._log.schema, self._log.columns)
        if len(normal.bad):
            raise InputError(
                f"the simulated file holds rows that cannot be read (was {len(normal.bad):,})",
                hint="remove it, so that it is simulated again",
            )
        return normal.events
