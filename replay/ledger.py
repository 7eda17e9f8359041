"""A replay's ledger: a folder of Parquet files to which decisions are appended.

``ledger.json`` says what is replayed with what, ``part-000000.parquet`` and so on hold the
decisions (``engine.decide.records``) in order, and ``replay.json``, written last, says that it is
complete and what came of it. A part appears whole or not at all.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.decide.folder import ABOUT, FORMAT, PART_ROWS, PARTS, SUMMARY, part_file
from engine.errors import InputError
from engine.sink import write_frames
from replay.begun import Kind, begin, finish

_KIND: Final = Kind("--ledger", "ledger", "replay", ABOUT, SUMMARY, version=FORMAT)


class Ledger:
    """The ledger in a folder.

    Parameters
    ----------
    folder
        The folder.
    schema
        The columns of its rows.
    """

    def __init__(self, folder: Path, schema: dict[str, pl.DataType]) -> None:
        self.folder = folder
        self._schema = schema
        self._parts = sorted(folder.glob(PARTS))
        self._held: list[pl.DataFrame] = []
        self._rows_held = 0

    def append(self, rows: pl.DataFrame) -> None:
        """Append decisions; they are on disk when a part is full, or after ``flush``."""
        self._held.append(rows)
        self._rows_held += len(rows)
        if self._rows_held >= PART_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is held as a part.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        if not self._rows_held:
            return
        part = part_file(self.folder, len(self._parts))
        write_frames([pl.concat(self._held, rechunk=True)], part)
        self._parts.append(part)
        self._held, self._rows_held = [], 0

    def recorded(self) -> Iterator[pl.DataFrame]:
        """The parts that are on disk now, in order.

        Raises
        ------
        InputError
            If one cannot be read, or holds something else.
        """
        return self._read(tuple(self._parts))

    def _read(self, parts: tuple[Path, ...]) -> Iterator[pl.DataFrame]:
        for place, part in enumerate(parts):
            hint = "replay anew with --overwrite"
            if part != part_file(self.folder, place):
                raise InputError(f"{self.folder}: part {place} is missing (was {part})", hint=hint)
            try:
                rows = pl.read_parquet(part)
            except (OSError, pl.exceptions.PolarsError) as error:
                first = str(error).splitlines()[0]
                raise InputError(f"{part}: cannot be read (was: {first})", hint=hint) from error
            if rows.schema != pl.Schema(self._schema):
                raise InputError(
                    f"{part}: not of this ledger (was {len(rows.columns)} other columns)",
                    hint=hint,
                )
            yield rows

    def last_recorded(self, column: str) -> int | None:
        """A column's value in the last row on disk; None if there is none."""
        if not self._parts:
            return None
        last = pl.scan_parquet(self._parts[-1]).select(column).tail(1).collect()
        return int(last.item())

    def finish(self, summary: dict[str, Any]) -> None:
        """Write what is held, and what came of the replay: the ledger is complete."""
        self.flush()
        finish(_KIND, self.folder, summary)


def open_ledger(
    folder: Path, schema: dict[str, pl.DataType], about: dict[str, Any], *, overwrite: bool
) -> Ledger:
    """A new ledger, or one to go on with: of a replay of the same that did not end.

    Raises
    ------
    OutputError
        If the folder holds a complete ledger or something else, and ``overwrite`` is not given; a
        folder that is no ledger is never replaced.
    InputError
        If it holds part of another replay.
    """
    begin(_KIND, folder, about, overwrite=overwrite, clear=_clear)
    return Ledger(folder, schema)


def _clear(folder: Path) -> None:
    for part in sorted(folder.glob(PARTS), reverse=True):
        part.unlink()
