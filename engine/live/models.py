"""Another run taken up while events come: looked for, read beside the work, refused aloud."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from engine.definition import fingerprint
from engine.errors import InputError, SentinelError
from engine.live.notices import Log
from engine.live.troubles import Troubles
from engine.model.loading import load_run
from engine.model.run import MANIFEST, Run

_WHAT: Final = "model"
_LOOK_SECONDS: Final = 1.0

Signature = tuple[tuple[str, int, int, int], ...] | None


class Models:
    """Looks whether another run is in the place of the one that decides.

    Parameters
    ----------
    path
        The place, such as ``runs/current``.
    run
        The run that decides to begin with.
    take_up
        Has another run decide; may fail with a message, and is tried again then.
    troubles, log
        Are told.
    look
        Seconds between two looks.
    """

    def __init__(
        self,
        path: Path,
        run: Run,
        take_up: Callable[[Run], Awaitable[None]],
        troubles: Troubles,
        log: Log,
        look: float = _LOOK_SECONDS,
    ) -> None:
        self._path = path
        self._run = run
        self._take_up = take_up
        self._troubles = troubles
        self._log = log
        self._look = look
        # Never looked: what is there may be another run by now than the one that was read.
        self._seen: Signature = ()

    async def run(self) -> None:
        """Look, for ever; cancel it to stop."""
        while True:
            await asyncio.sleep(self._look)
            now = signature(self._path)
            if now != self._seen and await self._taken_up(now):
                self._seen = now

    async def _taken_up(self, now: Signature) -> bool:
        """Take up what is there; whether there is no point in trying that again."""
        try:
            found = await asyncio.to_thread(self._read)
        except SentinelError as error:
            self._troubles.begin(_WHAT, error)
            return now is not None
        if found.manifest != self._run.manifest:
            try:
                await self._take_up(found)
            except SentinelError as error:
                self._troubles.begin(_WHAT, error)
                return False
            was, self._run = self._run.manifest["id"], found
            self._log.info("model taken up", run=found.manifest["id"], was=was)
        self._troubles.end(_WHAT)
        return True

    def _read(self) -> Run:
        found = load_run(self._path)
        ours, theirs = fingerprint(self._run.features), fingerprint(found.features)
        if ours != theirs:
            raise InputError(
                f"{self._path}: of another feature set than the one that is computed (was "
                f"{found.features.name} {theirs[:12]}, not {self._run.features.name} {ours[:12]})",
                hint="start a live scorer with a ledger of its own for it",
            )
        return found


def signature(path: Path) -> Signature:
    """What tells one run in a place from another, cheaply; None if there is none.

    It is of all its files: a run that is copied into place is not there before the last of them.
    """
    try:
        if not (path / MANIFEST).exists():
            return None
        with os.scandir(path.resolve()) as files:
            found = [(file.path, file.stat()) for file in files]
    except OSError:
        return None
    return tuple(
        sorted((name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in found)
    )
