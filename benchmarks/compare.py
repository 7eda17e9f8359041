"""Correctness before speed: what a build wrote against what the reference backend computes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from engine.backends import load_backend
from engine.backends.polars.plan import compile_features
from engine.build.job import open_log
from engine.build.options import Options
from engine.definition import FeatureSet
from engine.definition.needs import aggregates_in
from engine.definition.types import Kind
from engine.events.canonical import EVENT_ID, identity_columns
from engine.events.normalise import normalise
from engine.events.parquet import read_parquet
from engine.words import counted

# The reference's time grows with the square of a key's rows: about a second for a million.
_MOST_PAIRS: Final = 2_000_000
_MOST_PAIRS_OF_ONE: Final = 4 * _MOST_PAIRS
_MOST_VALUES: Final = 64
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
        for ours, theirs in zip(got, self.values, strict=True):
            place = first_difference(ours, theirs)
            if place is not None:
                raise DifferenceError(
                    f"feature {ours.name!r} differs in row {places[place]:,} of the file "
                    f"(was {_shown(ours[place])}, by the reference {_shown(theirs[place])}; "
                    f"in {self.what})"
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
        keys = compile_features(self._features).keys
        found = (self._of_some(key[0]) for key in keys if len(key) == 1)
        return [expected for expected in found if expected is not None]

    def _of_some(self, column: str) -> Expected | None:
        """What all rows of some values of a key column have to be."""
        chosen = self._some_values(column)
        if not len(chosen):
            return None
        raw = self._scan.filter(pl.col(column).is_in(chosen.implode())).collect(engine="streaming")
        named = self._log.schema.by_name[column].type.kind is Kind.CARD
        of = f"{len(chosen):,} cards" if named else f"{counted(len(chosen), 'value')} of {column}"
        what = f"all {len(raw):,} rows of {of}"
        return Expected(what, self._values(raw, self._features_over(column)), are_first=False)

    def _features_over(self, column: str) -> FeatureSet:
        """The features for which the rows with equal values in a column are all that matters."""
        within = tuple(
            feature
            for feature in self._features.features
            if all(column in aggregate.key for aggregate in aggregates_in(feature.expression))
        )
        return replace(self._features, features=within)

    def _some_values(self, column: str) -> pl.Series:
        """Values from all over a column's range, as many as the reference has time for."""
        counts = (
            self._scan.drop_nulls(column)
            .group_by(column)
            .agg(pl.len().cast(pl.Int64).alias("rows"))
            .collect(engine="streaming")
            .sort(column)
        )
        spaced = counts.gather_every(max(1, len(counts) // _MOST_VALUES)).head(_MOST_VALUES)
        affordable = (spaced["rows"] ** 2).cum_sum() <= _MOST_PAIRS
        if affordable.any():
            return spaced.filter(affordable)[column]
        return spaced.filter(pl.col("rows") ** 2 <= _MOST_PAIRS_OF_ONE)[column].head(1)

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
