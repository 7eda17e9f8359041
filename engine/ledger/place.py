"""Where an export goes: one file, or a folder of parts; whole or not at all."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from engine.decide.folder import ABOUT, FORMAT, PARTS, SUMMARY, part_file
from engine.errors import OutputError
from engine.events.disk import scratch_folder, writing
from engine.events.inputs import kind_of
from engine.interrupts import put_off
from engine.ledger.options import Form
from engine.model.replace import put_in_place, settle_replaced
from engine.sink import write_frames

# What stands beside a log's parts, which no reader of logs looks at.
_LOG_ABOUT: Final = "log.json"
_MADE: Final = "made"


class Place:
    """Where an export goes.

    Parameters
    ----------
    path
        A file if its name ends in .parquet or .pq, else a folder.
    form
        What is exported.
    overwrite
        Whether what an earlier export left there is replaced.

    Raises
    ------
    OutputError
        If there is something already that is not to be replaced.
    """

    def __init__(self, path: Path, form: Form, *, overwrite: bool) -> None:
        self._path = path
        self._form = form
        self._is_file = kind_of(path) == "parquet"
        with writing(path):
            if not self._is_file:
                settle_replaced(path)
            there = path.exists() and (self._is_file or path.is_file() or any(path.iterdir()))
        if there and path.is_dir() == self._is_file:
            raise OutputError(
                f"--out: there is a {'folder' if self._is_file else 'file'} of that name "
                f"(was {str(path)!r})",
                hint="name a file that ends in .parquet, or a folder",
            )
        if there and not overwrite:
            raise OutputError(
                f"--out: there already (was {str(path)!r})",
                hint="add --overwrite to replace it, or name another place",
            )
        if there and not self._is_file and not self._is_export():
            raise OutputError(
                f"--out: there is something that no export has made (was {str(path)!r})",
                hint="name a new or empty folder",
            )

    def write(
        self,
        frames: Iterator[pl.DataFrame],
        about: dict[str, Any],
        done: Callable[[pl.DataFrame], None],
    ) -> int:
        """Write frames, at least one, and in a folder what they are of; how many rows there were.

        Raises
        ------
        OutputError
            If they cannot be written. Whatever goes wrong, there is what was there before.
        """
        parent = self._path.parent
        with writing(self._path):
            parent.mkdir(parents=True, exist_ok=True)
        if self._is_file:
            return write_frames(frames, self._path, done=done)
        with scratch_folder(parent) as scratch:
            made = scratch / _MADE
            with writing(self._path):
                made.mkdir()
            rows = 0
            for number, frame in enumerate(frames):
                rows += write_frames(
                    [frame], part_file(made, number), called=part_file(self._path, number)
                )
                done(frame)
            self._describe(made, {"format": FORMAT, **about, "rows": rows})
            with writing(self._path), put_off():
                if self._path.is_dir() and not any(self._path.iterdir()):
                    self._path.rmdir()
                put_in_place(made, self._path)
        return rows

    def _describe(self, made: Path, about: dict[str, Any]) -> None:
        names = (ABOUT, SUMMARY) if self._form == "decisions" else (_LOG_ABOUT,)
        with writing(self._path):
            for name in names:
                (made / name).write_text(json.dumps(about, indent=2) + "\n", "utf-8")

    def _is_export(self) -> bool:
        names = {path.name for path in self._path.iterdir()}
        parts = {path.name for path in self._path.glob(PARTS)}
        return bool(names & {ABOUT, _LOG_ABOUT}) and names - parts <= {ABOUT, SUMMARY, _LOG_ABOUT}
