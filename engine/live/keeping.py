"""Snapshots while events come: by another process, every so many of them and every hour."""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.clock import elapsed
from engine.live.ledger.snapshot_files import before_of
from engine.live.notices import Log
from engine.live.settings import SECRETS
from engine.live.troubles import Troubles

_SECRET: Final = frozenset(secret.variable for secret in SECRETS)
_WHAT: Final = "snapshot"
_LOOK_SECONDS: Final = 1.0
_AGAIN_SECONDS: Final = 60.0
_LONGEST_SECONDS: Final = 3_600.0
_MOST_WORDS: Final = 500


class Keeper:
    """Has the online state saved whenever so many events have come, and after an hour with any.

    What a snapshot holds may be removed from the ledger: of a quiet stream too, in time.

    Parameters
    ----------
    ledger
        Beside which.
    every
        So many events.
    saved
        There is a snapshot of what was decided on before this sequence.
    sequence
        Tells the ledger's next sequence.
    troubles, log
        Are told.
    again
        Seconds until it is tried again, where that failed.
    longest
        Seconds after which events are saved, however few.

    Attributes
    ----------
    saved_at
        When the last one was saved, by :func:`engine.clock.elapsed`.
    """

    def __init__(
        self,
        ledger: Path,
        every: int,
        saved: int,
        sequence: Callable[[], int],
        troubles: Troubles,
        log: Log,
        again: float = _AGAIN_SECONDS,
        longest: float = _LONGEST_SECONDS,
    ) -> None:
        self._again = again
        self._longest = longest
        self.saved_at = elapsed()
        self._ledger = ledger
        self._every = every
        self._saved = saved
        self._sequence = sequence
        self._troubles = troubles
        self._log = log

    async def run(self) -> None:
        """Look, for ever; cancel it to stop, which stops a snapshot that is under way."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = self._sequence()
            new = now - self._saved
            if new >= self._every or (new and elapsed() - self.saved_at >= self._longest):
                if await self._is_saved():
                    self._saved = now
                else:
                    await asyncio.sleep(self._again)

    async def _is_saved(self) -> bool:
        """Save now; whether that went well."""
        began = elapsed()
        try:
            process = await self._begun()
        except OSError as error:  # no memory or no file left for another process, for now
            self._troubles.begin(_WHAT, f"no process for it (was {error.strerror or error})")
            return False
        try:
            said, wrong = await process.communicate()
        except asyncio.CancelledError:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            why = wrong.decode(errors="replace").strip()[-_MOST_WORDS:]
            self._troubles.begin(_WHAT, why or f"ended with {process.returncode}")
            return False
        self.saved_at = elapsed()
        self._troubles.end(_WHAT)
        before = before_of(Path(said.decode().strip()))
        self._log.info("snapshot saved", before=before, seconds=round(elapsed() - began, 3))
        return True

    async def _begun(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "engine.live.saving",
            str(self._ledger.absolute()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name not in _SECRET},
            start_new_session=True,  # a signal of the terminal is for us alone
        )
