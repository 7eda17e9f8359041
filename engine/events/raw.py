"""Raw batches: rows as a file holds them, with their places in it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from engine.definition.schema import Schema
from engine.errors import InputError

# What is known of a row that was refused. `kind` says what was wrong and with what, and takes few
# values, so that it can be counted; `was` is the value at fault, masked, or null.
BAD_SCHEMA: Final[dict[str, pl.DataType]] = {
    "line": pl.Int64(),
    "column": pl.String(),
    "kind": pl.String(),
    "was": pl.String(),
}


def no_bad_rows() -> pl.DataFrame:
    """A table of bad rows that holds none."""
    return pl.DataFrame(schema=BAD_SCHEMA)


@dataclass(frozen=True, slots=True)
class FileHeader:
    """What a file says of itself before it is read.

    Parameters
    ----------
    names
        Its columns.
    rows
        How many rows it holds, or about how many; None if that cannot be told.
    """

    names: frozenset[str]
    rows: int | None


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Consecutive rows of one file.

    Parameters
    ----------
    frame
        The columns in use that the file has, as the file holds them (text where it is CSV).
    first_line
        The 1-based place of the frame's first row: a line of a CSV file, whose header is line 1,
        or a row of a Parquet file.
    lines
        The place of each row of the frame, where they are not consecutive.
    bad
        Lines that could not be split into fields, with the columns of ``BAD_SCHEMA``.
    read
        How many rows of the file this stands for, bad ones included and blank lines not.
    """

    frame: pl.DataFrame
    first_line: int
    lines: np.ndarray[tuple[int], np.dtype[np.int64]] | None
    bad: pl.DataFrame
    read: int

    def lines_of(self, rows: pl.Series) -> pl.Series:
        """The places in the file of rows of ``frame``, given by index."""
        if self.lines is None:
            return rows.cast(pl.Int64) + self.first_line
        return pl.Series(self.lines[rows.to_numpy()], dtype=pl.Int64)


def columns_in_use(
    name: str, present: Collection[str], schema: Schema, columns: Sequence[str]
) -> tuple[str, ...]:
    """Which of a file's columns to read: its event ids, then those of ``columns`` that it has.

    Raises
    ------
    InputError
        If the file lacks a required one among ``columns``, or every event id.
    """
    there = f"the columns there are: {', '.join(present)}"
    ids = tuple(column for column in schema.event_ids if column in present)
    if not ids:
        raise InputError(
            f"{name}: no column identifies an event (was none of {', '.join(schema.event_ids)}); "
            f"{there}",
            hint=f"rename the column that does to {schema.event_ids[0]!r}",
        )
    for column in columns:
        if schema.by_name[column].required and column not in present:
            raise InputError(
                f"{name}: a required column is missing (was {column!r}); {there}",
                hint=f"rename the column that holds it to {column!r}, or leave the file out",
            )
    used = (column for column in columns if column in present and column not in ids)
    return (*ids, *used)
