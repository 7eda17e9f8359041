"""Correctness before speed: what a build wrote against what the reference backend computes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import polars as pl

from benchmarks.entities import is_of, some_entities, told_alone
from engine.backends import load_backend
from engine.build.job import open_log
from engine.build.options import Options
from engine.definition import FeatureSet
from engine.definition.types import Kind
from engine.events.canonical import EVENT_ID, identity_columns
from engine.events.normalise import normalise
from engine.events.parquet import read_parquet
from engine.words import counted

_ROW: Final = "row of the file"


class DifferenceError(Exception):
    """A value that is not what the reference computes; timing it would be pointless."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What some rows of an output have to hold.

    Parameters
    ----------
    what
        Which rows these are, in words.
    values
        The output's columns, as the reference computes them.
    are_first
        Whether these are the first rows of the file; else they are found by their event ids, and
        the values may lack features.
    """

    what: str
    values: pl.DataFrame
    are_first: bool = True

    def check(self, output: Path) -> None:
        """Compare these rows of an output, bit by bit.

        Raises
        ------
        DifferenceError
            Naming the first feature that differs, and its first row.
        """
        scan = pl.scan_parquet(output, row_index_name=_ROW)
        if self.are_first:
            rows = scan.head(len(self.values)).collect()
        else:
            # The extra rows are what a build must not have, so they are not cut off.
            chosen = pl.col(EVENT_ID).is_in(self.values[EVENT_ID].implode())
            there = scan.collect_schema().names()
            names = [_ROW, *(name for name in self.values.columns if name in there)]
            rows = scan.filter(chosen).select(names).collect(engine="streaming").sort(_ROW)
        places, got = rows[_ROW], rows.drop(_ROW)
        if got.schema != self.values.schema or len(got) != len(self.values):
            raise DifferenceError(
                f"{self.what}: {_shape(got)}, and by the reference {_shape(self.values)}"
            )
        if unequal := first_unequal(got, self.values):
            raise DifferenceError(
                f"feature {unequal.name!r} differs in row {places[unequal.row]:,} of the file "
                f"(was {unequal.got}, by the reference {unequal.expected}; in {self.what})"
            )


class Expectations:
    """What the reference computes of a Parquet file.

    Parameters
    ----------
    file
        The file.
    features
        The feature set.
    """

    def __init__(self, file: Path, features: FeatureSet) -> None:
        self._features = features
        self._log = open_log(Options(inputs=(str(file),), out=file.parent), features)
        self._scan = pl.scan_parquet(file).select(self.columns_read)

    @property
    def columns_read(self) -> list[str]:
        """The file's columns that a build reads."""
        log = self._log
        first = next(read_parquet(log.files[0], log.schema, log.columns, batch_rows=1))
        return first.frame.columns

    def of_first_rows(self, rows: int) -> Expected:
        """What the first rows have to be: before them is nothing, so their windows are whole."""
        raw = self._scan.head(rows).collect()
        return Expected(f"the first {len(raw):,} rows", self._values(raw, self._features))

    def of_some_keys(self) -> list[Expected]:
        """What rows have to be from the file's first to its last, all those of some keys.

        These cross every border between chunks. They tell the features that look at nothing beyond
        them; a column whose values have too many rows each for the reference tells none.
        """
        found = (self._of_some(*each) for each in told_alone(self._features))
        return [expected for expected in found if expected is not None]

    def _of_some(self, column: str, told: FeatureSet) -> Expected | None:
        """What all rows of some values of a key column have to be in the features they tell."""
        chosen = some_entities(self._scan, column)
        if not len(chosen):
            return None
        raw = self._scan.filter(is_of(chosen)).collect(engine="streaming")
        named = self._log.schema.by_name[column].type.kind is Kind.CARD
        of = f"{len(chosen):,} cards" if named else f"{counted(len(chosen), 'value')} of {column}"
        what = f"all {len(raw):,} rows of {of}"
        return Expected(what, self._values(raw, told), are_first=False)

    def _values(self, raw: pl.DataFrame, features: FeatureSet) -> pl.DataFrame:
        normal = normalise(raw, self._log.schema, self._log.columns)
        if len(normal.bad):
            raise DifferenceError(f"{len(normal.bad):,} simulated rows are refused as unreadable")
        events = normal.events
        passed = events.select(identity_columns(self._features.schema, self._log.present))
        return pl.DataFrame([*passed, *load_backend("reference").compute(features, events)])


def check_all(
    expected: Sequence[Expected], output: Path, written: int, rows: int, *, of: str | None = None
) -> None:
    """Check an output of as many rows as ``written`` says, which should be ``rows``.

    Parameters
    ----------
    expected, output
        What the output has to hold, and the output.
    written, rows
        How many rows it says to have, and how many it should.
    of
        Whose output it is, for the message, where it could be several engines'.

    Raises
    ------
    DifferenceError
        If it is not as expected.
    """
    who = "" if of is None else f"{of}: "
    if written != rows:
        raise DifferenceError(f"{who}{written:,} rows were written of {rows:,}")
    try:
        for one in expected:
            one.check(output)
    except DifferenceError as difference:
        raise DifferenceError(f"{who}{difference}") from None


class Unequal(NamedTuple):
    """A value that is not the expected one: its column and row, and both in words."""

    name: str
    row: int
    got: str
    expected: str


def first_unequal(got: pl.DataFrame, expected: pl.DataFrame) -> Unequal | None:
    """The first column in which two tables of one schema and length differ; None if none does."""
    for ours, theirs in zip(got, expected, strict=True):
        row = first_difference(ours, theirs)
        if row is not None:
            return Unequal(ours.name, row, _shown(ours[row]), _shown(theirs[row]))
    return None


def first_difference(got: pl.Series, expected: pl.Series) -> int | None:
    """The first row in which two columns of one dtype and length differ by a bit; None if none.

    A null equals a null, and one NaN another, as nothing tells them apart.
    """
    same = got.is_null() == expected.is_null()
    if got.dtype == pl.Float64:
        same &= pl.Series(_bits(got) == _bits(expected))
    else:
        same &= got.eq_missing(expected)
    return None if same.all() else same.arg_min()


def _bits(column: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    floats = column.fill_null(0.0).to_numpy()
    return np.where(np.isnan(floats), np.nan, floats).view(np.uint64)


def _shape(frame: pl.DataFrame) -> str:
    columns = ", ".join(f"{name} {dtype}" for name, dtype in frame.schema.items())
    return f"{len(frame):,} rows of {columns}"


def _shown(value: object) -> str:
    return f"{value!r} = {value.hex()}" if isinstance(value, float) else repr(value)
