"""Correctness before speed: what a build wrote against what the reference backend computes."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from engine.backends import load_backend
from engine.backends.polars.plan import compile_features
from engine.build.job import open_log
from engine.build.options import Options
from engine.definition import FeatureSet
from engine.definition.types import Kind
from engine.events.canonical import identity_columns
from engine.events.normalise import normalise
from engine.events.parquet import read_parquet

# The reference's time grows with the square of a card's rows: about a second for a million.
_MOST_PAIRS: Final = 2_000_000
_MOST_CARDS: Final = 64
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
    cards
        The cards whose rows they are, all of them; None for the first rows of the file.
    """

    what: str
    values: pl.DataFrame
    cards: pl.Series | None = None

    def check(self, output: Path) -> None:
        """Compare these rows of an output, bit by bit.

        Raises
        ------
        DifferenceError
            Naming the first feature that differs, and its first row.
        """
        scan = pl.scan_parquet(output, row_index_name=_ROW)
        if self.cards is None:
            rows = scan.head(len(self.values)).collect()
        else:
            # The extra rows are what a build must not have, so they are not cut off.
            chosen = pl.col(self.cards.name).is_in(self.cards.implode())
            rows = scan.filter(chosen).collect(engine="streaming").sort(_ROW)
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
        return Expected(f"the first {len(raw):,} rows", self._values(raw))

    def of_some_cards(self) -> Expected | None:
        """What some cards' rows have to be, from the file's first to its last.

        These cross every border between chunks. None if some feature looks beyond its card: then
        the rows of a card alone do not tell its value.
        """
        cards = [
            column.name for column in self._log.schema.columns if column.type.kind is Kind.CARD
        ]
        plan = compile_features(self._features)
        if len(cards) != 1 or not all(cards[0] in key for key in plan.keys):
            return None
        chosen = self._some_cards(cards[0])
        raw = self._scan.filter(pl.col(cards[0]).is_in(chosen.implode())).collect(
            engine="streaming"
        )
        what = f"all {len(raw):,} rows of {len(chosen):,} cards"
        return Expected(what, self._values(raw), chosen)

    def _some_cards(self, card: str) -> pl.Series:
        """Cards from all over the range of numbers, as many as the reference has time for."""
        counts = (
            self._scan.group_by(card)
            .agg(pl.len().cast(pl.Int64).alias("rows"))
            .collect(engine="streaming")
            .sort(card)
        )
        spaced = counts.gather_every(max(1, len(counts) // _MOST_CARDS)).head(_MOST_CARDS)
        affordable = (spaced["rows"] ** 2).cum_sum() <= _MOST_PAIRS
        return spaced.filter(affordable)[card] if affordable.any() else spaced[card].head(1)

    def _values(self, raw: pl.DataFrame) -> pl.DataFrame:
        normal = normalise(raw, self._log.schema, self._log.columns)
        if len(normal.bad):
            raise DifferenceError(f"{len(normal.bad):,} simulated rows are refused as unreadable")
        events = normal.events
        passed = events.select(identity_columns(self._features.schema, self._log.present))
        return pl.DataFrame([*passed, *load_backend("reference").compute(self._features, events)])


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
