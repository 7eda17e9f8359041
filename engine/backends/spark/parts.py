"""Results, part by part: a part's events are read again, and take up what was found of them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar, Final, Self
from uuid import uuid4

import polars as pl

from engine.backends.polars.chunks import prepared_columns
from engine.backends.polars.codes import hold_text_codes
from engine.backends.polars.plan import Plan
from engine.backends.polars.scalars import Scalars
from engine.backends.spark.failing import lost_rows
from engine.backends.spark.left import Left
from engine.backends.spark.rows import PLACE, Parcel, packed
from engine.backends.spark.tasks import Piece, frames_of
from engine.sink import write_frames

_WRITTEN: Final = 0  # the kind of what is told of files


@dataclass(frozen=True)
class Finish:
    """Features from an event's columns and what was found over windows.

    Parameters
    ----------
    plan
        The compiled feature set.
    passed
        What stands before the features.
    """

    plan: Plan
    passed: tuple[str, ...]

    @cached_property
    def _scalars(self) -> Scalars:
        return Scalars(self.plan)

    def __call__(
        self, frames: Iterable[pl.DataFrame], found: list[pl.DataFrame]
    ) -> Iterator[pl.DataFrame]:
        """What is passed and the features, of events in the order of arrival.

        Parameters
        ----------
        frames
            The events, with ``PLACE``.
        found
            By stage, what was found of the same events in the same order, with ``PLACE``.

        Raises
        ------
        OutputError
            If it is not of the same events.
        """
        start = 0
        for rows in frames:
            end = start + len(rows)
            columns = rows.get_columns()
            for of_stage in found:
                own = of_stage[start:end]
                if not own[PLACE].equals(rows[PLACE]):
                    raise lost_rows(len(of_stage), end)
                columns += own.drop(PLACE).get_columns()
            start = end
            prepared = pl.DataFrame(prepared_columns(self.plan, pl.DataFrame(columns)))
            features = self._scalars.features.run(prepared)
            yield pl.DataFrame([*(rows[name] for name in self.passed), *features])
        for of_stage in found:
            if len(of_stage) != start:
                raise lost_rows(len(of_stage), start)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the log's results.

    Parameters
    ----------
    number
        Its number, in the order of arrival.
    pieces
        The pieces of the log that it is of.
    left
        What tasks have found of it; None if nothing was looked for.
    """

    number: int
    pieces: tuple[Piece, ...]
    left: Left | None

    def rows(self, finish: Finish) -> Iterator[pl.DataFrame]:
        """What is passed and the features, in the order of arrival; see ``Finish``."""
        frames = frames_of(self.pieces)
        return finish(frames, [] if self.left is None else self.left.rows())


Save = Callable[[Iterator[pl.DataFrame], Path], int]  # writes a file, and says how many rows


def as_parquet(frames: Iterator[pl.DataFrame], file: Path) -> int:
    """Write them as a build's results are written."""
    return write_frames(frames, file)


def as_arrow(frames: Iterator[pl.DataFrame], file: Path) -> int:
    """Write them to be read again at once."""
    rows = pl.concat(frames)
    rows.write_ipc(file)
    return len(rows)


@dataclass(frozen=True, slots=True, order=True)
class Written:
    """A part of the results that has been written.

    Parameters
    ----------
    number
        As of ``Part``.
    file
        Where it is.
    rows
        How many it holds; without rows there is no file.
    """

    number: int
    file: Path
    rows: int

    @classmethod
    def of(cls, parcel: Parcel, folder: Path) -> Self:
        """What a task told of."""
        name, rows = parcel.frame.row(0)
        return cls(parcel.partition, folder / name, rows)


@dataclass(frozen=True)
class Write:
    """Finishes parts and writes each to a file; Spark tells which, by their place.

    Parameters
    ----------
    parts
        The parts.
    finish
        Makes the features.
    into
        Where to write the files.
    save
        Writes one.
    """

    parts: tuple[Part, ...]
    finish: Finish
    into: Path
    save: Save
    doing: ClassVar[str] = "write"

    def __call__(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Parcels: the part as the partition, in the frame the name of the file and its rows."""
        _held = hold_text_codes()
        for batch in batches:
            for place in batch.column(0).to_pylist():
                yield from packed([self._written(self.parts[place])])

    def _written(self, part: Part) -> Parcel:
        # A task that is tried again writes a file of its own, and is the one that tells.
        name = uuid4().hex
        frames = part.rows(self.finish)
        first = next(frames, None)
        rows = 0 if first is None else self.save(chain([first], frames), self.into / name)
        return Parcel(part.number, _WRITTEN, pl.DataFrame({"file": [name], "rows": [rows]}))
