"""A replay's ledger: a folder of Parquet files to which decisions are appended.

``ledger.json`` says what is replayed with what, ``part-000000.parquet`` and so on hold the
decisions (``engine.decide.records``) in order, and ``replay.json``, written last, says that it is
complete and what came of it. A part appears whole or not at all, and says in its footer what the
digest of all decisions is, from the first to its last.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
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
from replay.parts import NOTE, read_part, reading, refuse_gaps, take_in

PART_SECONDS: Final = 10.0  # whoever reads a ledger while it grows misses no more than these
_KIND: Final = Kind("--ledger", "ledger", "replay", ABOUT, SUMMARY, version=FORMAT)
_UNFINISHED: Final = ".part-*.partial"  # of a process that was killed while it wrote one
_ANEW: Final = "replay anew with --overwrite"


@dataclass(frozen=True, slots=True)
class _Written:
    """What is on disk, its digest, and what is to be there next: changed all at once or not.

    Attributes
    ----------
    parts
        The files.
    digest
        Of what is in them, as far as it was written or read.
    held
        What will be in the next.
    """

    parts: tuple[Path, ...]
    digest: Digest = field(default_factory=Digest)
    held: list[pl.DataFrame] = field(default_factory=list)


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
        self._now = _Written(tuple(sorted(folder.glob(PARTS))))
        self._rows_held = 0
        self._flushed = elapsed()

    @property
    def digest(self) -> str:
        """The digest of what was written, and of what was recorded before as far as it was read."""
        return self._now.digest.hexdigest()

    def append(self, rows: pl.DataFrame) -> None:
        """Append decisions; they are on disk when a part is full or old, or after ``flush``.

        What is recorded already has to be read before.
        """
        self._now.held.append(rows)
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
        now = self._now
        held = [frame for frame in now.held if len(frame)]
        if held:
            part = part_file(self.folder, len(now.parts))
            rows = pl.concat(held, rechunk=True)
            digest = now.digest.copy()
            digest.update(rows)
            write_frames([rows], part, partial(sink_parquet, metadata={NOTE: digest.hexdigest()}))
            # One assignment: whoever is interrupted before it writes the same part once more,
            # whoever is interrupted after it none.
            self._now = _Written((*now.parts, part), digest)
        self._rows_held = 0

    def recorded(self) -> Iterator[pl.DataFrame]:
        """The parts that are on disk now, in order.

        Raises
        ------
        InputError
            If one cannot be read, holds something else, or is not as it was written.
        """
        return self._read(self._now)

    def _read(self, now: _Written) -> Iterator[pl.DataFrame]:
        refuse_gaps(self.folder, now.parts, _ANEW)
        for part in now.parts:
            rows, noted = read_part(part)
            if rows.schema != pl.Schema(self._schema):
                raise InputError(
                    f"{part}: not of this ledger (was {len(rows.columns)} other columns)",
                    hint=_ANEW,
                )
            take_in(now.digest, part, rows, noted, _ANEW)
            yield rows

    def last_recorded(self, column: str) -> int | None:
        """A column's value in the last row on disk; None if there is none.

        Raises
        ------
        InputError
            If it cannot be read.
        """
        if not self._now.parts:
            return None
        part = self._now.parts[-1]
        with reading(part):
            last = pl.scan_parquet(part, glob=False).select(column).tail(1).collect()
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

    Nobody else may be at work in the folder; see :func:`replay.alone.alone_in`.

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


def _clear(folder: Path) -> None:
    for part in sorted(folder.glob(PARTS), reverse=True):
        part.unlink()
