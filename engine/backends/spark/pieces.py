"""A log of Parquet files in pieces: row groups, which the tasks read themselves."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from engine.backends.polars.plan import Plan
from engine.backends.spark.failing import left_at
from engine.backends.spark.placed import placed
from engine.definition.schema import Schema
from engine.errors import InputError
from engine.events.inputs import InputFile
from engine.events.log import Log, ReadBatch, read_batch
from engine.events.parquet import group_rows, read_parquet


@dataclass(frozen=True, slots=True)
class Reading:
    """How a log's rows are read, the same for all pieces.

    Parameters
    ----------
    plan
        What is computed.
    passed
        What is put before the features.
    schema, columns, batch_rows
        As of the log.
    """

    plan: Plan
    passed: tuple[str, ...]
    schema: Schema
    columns: tuple[str, ...]
    batch_rows: int


@dataclass(frozen=True, slots=True)
class RowGroups:
    """Some row groups of a file, one after the other.

    Parameters
    ----------
    reading
        How they are read.
    file
        The file, by a path that all tasks see.
    called
        What messages call it.
    groups
        The numbers of the row groups.
    first
        The place of its first row in the log, refused rows and duplicates included.
    line
        The place of that row in the file, from 1.
    rows
        How many it has.
    dropped
        Files with the places of events that arrived before, among those of other pieces.
    """

    reading: Reading
    file: InputFile
    called: str
    groups: range
    first: int
    line: int
    rows: int
    dropped: tuple[Path, ...] = ()

    @property
    def end(self) -> int:
        """See ``tasks.Piece``."""
        return self.first + self.rows

    def frames(self) -> Iterator[pl.DataFrame]:
        """See ``tasks.Piece``."""
        how = self.reading
        for places, batch in self.batches():
            events = batch.events
            if len(events):
                yield placed(how.plan, events, how.passed, places)

    def batches(self) -> Iterator[tuple[pl.Series, ReadBatch]]:
        """What became of its rows, without the duplicates, and the place of each event.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        try:
            yield from self._batches()
        except InputError as error:
            # A task knows the file by another path than the one that was named.
            what = error.what.replace(self.file.name, self.called)
            raise InputError(what, hint=error.hint) from error

    def _batches(self) -> Iterator[tuple[pl.Series, ReadBatch]]:
        how = self.reading
        dropped = self._dropped()
        raws = read_parquet(
            self.file, how.schema, how.columns, batch_rows=how.batch_rows, groups=self.groups
        )
        for raw in raws:
            batch = read_batch(raw, how.schema, how.columns)
            start = self.first + raw.first_line - self.line
            places = pl.int_range(start, start + raw.read, dtype=pl.Int64, eager=True)
            if len(batch.bad):
                is_kept = np.ones(raw.read, dtype=np.bool_)
                is_kept[(batch.bad["line"] - raw.first_line).to_numpy()] = False
                places = places.filter(pl.Series(is_kept))
            if dropped is not None:
                first = ~places.is_in(dropped)
                places = places.filter(first)
                batch = replace(batch, events=batch.events.filter(first))
            yield places, batch

    def _dropped(self) -> pl.Series | None:
        if not self.dropped:
            return None
        return self.own(self.dropped).implode()

    def own(self, files: Iterable[Path]) -> pl.Series:
        """Of places that tasks have left in files, ascending in each, those of its rows."""
        found = []
        for file in files:
            places = pl.read_ipc(left_at(file)).to_series()
            start, end = (int(places.search_sorted(at)) for at in (self.first, self.end))
            found.append(places[start:end])
        return pl.concat(found)


def pieces_of(log: Log, reading: Reading, rows: int) -> Iterator[RowGroups]:
    """The pieces of a log of Parquet files, in the order of arrival.

    Parameters
    ----------
    log
        The log.
    reading
        How it is read.
    rows
        How many rows a piece has at most, unless it is a single row group.
    """
    place = 0
    for file in log.files:
        seen = InputFile(file.path.resolve(), file.kind)
        sizes = group_rows(file)
        begin, line = 0, 1
        while begin < len(sizes):
            end, size = begin + 1, sizes[begin]
            while end < len(sizes) and size + sizes[end] <= rows:
                size += sizes[end]
                end += 1
            if size:
                yield RowGroups(reading, seen, file.name, range(begin, end), place, line, size)
            begin, line, place = end, line + size, place + size
