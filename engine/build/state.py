"""The online state that a build leaves: gathered from the log's batches as they pass."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from engine.backends.online.state import state_bytes
from engine.backends.warm import WarmStart
from engine.build.outputs import OUTPUTS
from engine.definition import FeatureSet
from engine.errors import OutputError
from engine.events.disk import write_bytes
from engine.events.inputs import kind_of
from engine.events.log import Log


class Gathering:
    """Gathers the state of a feature set for a file.

    Parameters
    ----------
    features
        The feature set.
    file
        The file to make or replace.
    leap
        As for ``OnlineFeatures``, in seconds.
    """

    def __init__(self, features: FeatureSet, file: Path, *, leap: int | None) -> None:
        self._features = features
        self._file = file
        ticks = None if leap is None else leap * features.schema.ticks_per_second
        self._warm = WarmStart(features, leap=ticks)
        self._content = b""

    def passing(self, batches: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The batches, in the order of events; what state they leave is gathered."""
        for batch in batches:
            self._warm.append(batch)
            yield batch

    def finish(self) -> dict[str, Any]:
        """The state is complete: what it holds, for the report."""
        state = self._warm.state()
        self._content = state_bytes(self._features, state)
        tables = state.tables.items()
        return {
            "file": str(self._file),
            "bytes": len(self._content),
            "keys": sum(len(table) for name, table in tables if name.startswith("keys")),
            "entries": sum(len(table) for name, table in tables if name.startswith("log")),
            "astray": self._warm.astray,
        }

    def put_in_place(self) -> None:
        """Make or replace the file."""
        write_bytes(self._content, self._file)


def check_place(file: Path, out: Path, log: Log, *, overwrite: bool) -> None:
    """Refuse a place where no state can be put, or where something is or will be."""
    place = file.resolve()
    if place in {input_.path.resolve() for input_ in log.files} or kind_of(file) is not None:
        raise OutputError(
            f"--state: an input, or would be taken for one (was {str(file)!r})",
            hint="name a file of its own, such as online.state",
        )
    if place in {out.resolve(), *((out / name).resolve() for name in OUTPUTS)}:
        raise OutputError(
            f"--state: the results of the build have that place (was {str(file)!r})",
            hint="name a file of its own",
        )
    if place.parent != out.resolve() and not place.parent.is_dir():
        raise OutputError(
            f"--state: there is no folder for it (was {str(file)!r})",
            hint="make the folder, or name another file",
        )
    if file.is_dir():
        raise OutputError(f"--state: a folder (was {str(file)!r})", hint="name a file")
    if file.exists() and not overwrite:
        raise OutputError(
            f"--state: there is a file already (was {str(file)!r})",
            hint="add --overwrite to replace it, or name another",
        )
