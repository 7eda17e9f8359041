"""A replay's ledger: a folder of Parquet files to which decisions are appended.

``ledger.json`` says what is replayed with what, ``part-000000.parquet`` and so on hold the
decisions (``engine.decide.records``) in order, and ``replay.json``, written last, says that it is
complete and what came of it. A part appears whole or not at all, and says in its footer what the
digest of all decisions is, from the first to its last.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.clock import elapsed
from engine.decide.folder import ABOUT, FORMAT, PART_ROWS, PARTS, SUMMARY, part_file
from engine.errors import InputError
from engine.sink import sink_parquet, write_frames
from replay.begun import Kind, begin, check, finish
from replay.digest import Digest

PART_SECONDS: Final = 10.0  # whoever reads a ledger while it grows misses no more than these
_KIND: Final = Kind("--ledger", "ledger", "replay", ABOUT, SUMMARY, version=FORMAT)
_UNFINISHED: Final = ".part-*.partial"  # of a process that was killed while it wrote one
_NOTE: Final = "sentinelpos.digest"
_ANEW: Final = "replay anew with --overwrite"


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
        self._digest = Digest()
        self._held: list[pl.DataFrame] = []
        self._rows_held = 0
        self._flushed = elapsed()

    @property
    def digest(self) -> str:
        """The digest of what was written, and of what was recorded before as far as it was read."""
        return self._digest.hexdigest()

    def append(self, rows: pl.DataFrame) -> None:
        """Append decisions; they are on disk when a part is full or old, or after ``flush``.

        What is recorded already has to be read before.
        """
        self._held.append(rows)
        self._rows_held += len(rows)
        if self._rows_held >= PART_ROWS:
            self.flush()
        self.flush_if_old()

    def flush_if_old(self, more: float = 0.0) -> None:
        """Write what is held if it is ``PART_SECONDS`` old, or will be in so many seconds more."""
        if elapsed() + more - self._flushed >= PART_SECONDS:
            self.flush()

    def flush(self) -> None:
        """Write what is held as a part.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        self._flushed = elapsed()
        if not self._rows_held:
            return
        part = part_file(self.folder, len(self._parts))
        rows = pl.concat(self._held, rechunk=True)
        # A copy: whoever is interrupted in here flushes once more.
        digest = self._digest.copy()
        digest.update(rows)
        write_frames([rows], part, partial(sink_parquet, metadata={_NOTE: digest.hexdigest()}))
        self._parts.append(part)
        self._digest, self._held, self._rows_held = digest, [], 0

    def recorded(self) -> Iterator[pl.DataFrame]:
        """The parts that are on disk now, in order.

        Raises
        ------
        InputError
            If one cannot be read, holds something else, or is not as it was written.
        """
        return self._read(tuple(self._parts))

    def _read(self, parts: tuple[Path, ...]) -> Iterator[pl.DataFrame]:
        for place, part in enumerate(parts):
            if part != part_file(self.folder, place):
                raise InputError(f"{self.folder}: part {place} is missing (was {part})", hint=_ANEW)
            with reading(part):
                rows = pl.read_parquet(part)
                noted = pl.read_parquet_metadata(part).get(_NOTE)
            if rows.schema != pl.Schema(self._schema):
                raise InputError(
                    f"{part}: not of this ledger (was {len(rows.columns)} other columns)",
                    hint=_ANEW,
                )
            self._digest.update(rows)
            if self.digest != noted:
                raise InputError(
                    f"{part}: not as it was recorded (was {_shown(noted)}, now "
                    f"{_shown(self.digest)} by its digest)",
                    hint=f"a ledger is not to be edited: {_ANEW}",
                )
            yield rows

    def last_recorded(self, column: str) -> int | None:
        """A column's value in the last row on disk; None if there is none.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        if not self._parts:
            return None
        part = self._parts[-1]
        with reading(part):
            last = pl.scan_parquet(part).select(column).tail(1).collect()
        if not len(last):
            raise InputError(f"{part}: holds no decisions (was 0 rows)", hint=_ANEW)
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
    for unfinished in folder.glob(_UNFINISHED):
        unfinished.unlink(missing_ok=True)
    return Ledger(folder, schema)


def check_ledger(folder: Path, about: dict[str, Any], *, overwrite: bool) -> None:
    """Refuse a folder before any work is done for it, as :func:`open_ledger` would."""
    check(_KIND, folder, about, overwrite=overwrite)


@contextmanager
def reading(part: Path) -> Iterator[None]:
    """Turn what is wrong with a part that is read in the block into an InputError."""
    try:
        yield
    except (OSError, pl.exceptions.PolarsError) as error:
        first = str(error).partition("\n")[0]
        raise InputError(
            f"{part}: cannot be read (was: {first})",
            hint=f"if it is the last part, remove it and its decisions are made anew; or {_ANEW}",
        ) from error


def _shown(digest: str | None) -> str:
    return "none" if digest is None else f"{digest[:12]}…"


def _clear(folder: Path) -> None:
    for part in sorted(folder.glob(PARTS), reverse=True):
        part.unlink()
