"""A log: the canonical events of some files, in arrival order."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import polars as pl

from engine.definition.schema import Schema
from engine.events.csv import check_csv, read_csv
from engine.events.inputs import InputFile
from engine.events.normalise import normalise
from engine.events.parquet import check_parquet, read_parquet
from engine.events.quarantine import Quarantine, kinds_of, merge_bad
from engine.events.raw import RawBatch

BATCH_ROWS: Final = 131_072
POSITION: Final = "position"


@dataclass(slots=True)
class Counts:
    """What became of a log's rows; complete once the log has been read.

    Parameters
    ----------
    read
        Rows by file, refused ones included.
    refused
        Rows in quarantine, by what was wrong with them.
    duplicates
        Events dropped because an event with the same id had arrived before.
    kept
        Events that were handed on: those neither refused nor dropped.
    late
        How many of these lie before an event that arrived earlier.
    rounded
        Amounts of money that had more decimals than declared, among events not refused.
    """

    read: dict[str, int] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    duplicates: int = 0
    kept: int = 0
    late: int = 0
    rounded: int = 0


class Log:
    """Some files as one log.

    Parameters
    ----------
    files
        The files, in the order of arrival.
    schema
        What their columns are.
    columns
        The columns in use; event_time is added if it is not among them.
    batch_rows
        How many events a batch holds at most.

    Attributes
    ----------
    present
        The columns that some file has.
    rows
        About how many rows there are; None if some file does not tell.

    Raises
    ------
    InputError
        If some file lacks a required column or holds one in an unreadable form. This looks at
        headers only, so that the last file's header is known to be right before the first is read.
    """

    def __init__(
        self,
        files: Sequence[InputFile],
        schema: Schema,
        columns: Sequence[str],
        *,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        self.files = tuple(files)
        self.schema = schema
        time = () if schema.event_time in columns else (schema.event_time,)
        self.columns = (*columns, *time)
        self.batch_rows = batch_rows
        headers = [
            (check_parquet if file.kind == "parquet" else check_csv)(file, schema, self.columns)
            for file in self.files
        ]
        self.present = frozenset(name for header in headers for name in header.names)
        known = [header.rows for header in headers if header.rows is not None]
        self.rows = sum(known) if len(known) == len(headers) else None

    def batches(
        self, quarantine: Quarantine, counts: Counts, *, position: bool = False
    ) -> Iterator[pl.DataFrame]:
        """Read the log as canonical frames.

        Parameters
        ----------
        quarantine
            Takes the rows that are refused.
        counts
            Its ``read``, ``refused`` and ``rounded`` are added to, and ``kept`` as if nothing was
            a duplicate: those are not looked for here.
        position
            Whether to add a column ``position``, Int64: the event's 0-based place among the events
            of the log that were not refused, in arrival order.

        Yields
        ------
        polars.DataFrame
            ``event_id`` and the columns in use, contiguous in memory, text as Categorical; at
            least one row and at most ``batch_rows``.
        """
        start = 0
        for events in regrouped(self._events(quarantine, counts), self.batch_rows):
            end = start + len(events)
            counts.kept += len(events)
            if position:
                places = pl.int_range(start, end, dtype=pl.Int64, eager=True)
                yield events.with_columns(places.alias(POSITION))
            else:
                yield events
            start = end

    def raw_batches(self, file: InputFile) -> Iterator[RawBatch]:
        """The rows of one of the files as it holds them, nothing of them checked."""
        if file.kind == "parquet":
            return read_parquet(file, self.schema, self.columns, batch_rows=self.batch_rows)
        return read_csv(file, self.schema, self.columns)

    def _events(self, quarantine: Quarantine, counts: Counts) -> Iterator[pl.DataFrame]:
        for file in self.files:
            counts.read[file.name] = 0
            for raw in self.raw_batches(file):
                read = read_batch(raw, self.schema, self.columns)
                counts.read[file.name] += raw.read
                counts.rounded += read.rounded
                if len(read.bad):
                    counts.refused.update(kinds_of(read.bad))
                    quarantine.add(file.name, read.bad)
                if len(read.events):
                    yield read.events


@dataclass(frozen=True, slots=True)
class ReadBatch:
    """What became of a raw batch.

    Parameters
    ----------
    events
        Its canonical frame, text as Categorical.
    bad
        The rows that were refused, with the columns of ``raw.BAD_SCHEMA``.
    rounded
        As of ``Normalised``.
    """

    events: pl.DataFrame
    bad: pl.DataFrame
    rounded: int


def read_batch(raw: RawBatch, schema: Schema, columns: Sequence[str]) -> ReadBatch:
    """Check and convert a raw batch."""
    normal = normalise(raw.frame, schema, columns)
    bad = raw.bad
    if len(bad) or len(normal.bad):
        lines = raw.lines_of(normal.bad["row"]).alias("line")
        refused = normal.bad.with_columns(lines).drop("row").select(raw.bad.columns)
        bad = merge_bad([raw.bad, refused])
    first, rest = normal.events.columns[0], normal.events.columns[1:]
    text = normal.events.select(rest).cast({pl.String: pl.Categorical})
    return ReadBatch(text.insert_column(0, normal.events[first]), bad, normal.rounded)


def regrouped(frames: Iterator[pl.DataFrame], batch_rows: int) -> Iterator[pl.DataFrame]:
    """Neighbouring frames joined while they fit in ``batch_rows``, and larger ones cut.

    Each is contiguous in memory; one that stays as it is is not copied.
    """
    held: list[pl.DataFrame] = []
    rows = 0
    for frame in frames:
        if rows + len(frame) > batch_rows and held:
            yield pl.concat(held).rechunk()
            held, rows = [], 0
        whole = len(frame) - len(frame) % batch_rows if len(frame) > batch_rows else 0
        for start in range(0, whole, batch_rows):
            yield frame[start : start + batch_rows].rechunk()
        if whole < len(frame):
            held.append(frame[whole:])
            rows += len(frame) - whole
    if held:
        yield pl.concat(held).rechunk()
