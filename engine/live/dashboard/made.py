"""What is made once and kept: the scripts that draw, and what they are to draw."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from math import inf
from pathlib import Path
from typing import ClassVar, Final

from engine.clock import elapsed
from engine.errors import OutputError
from engine.events.disk import write_bytes
from engine.live.settings import PREFIX

_MODULE: Final = "engine.live.dashboard.making"
_PACKAGE: Final = "engine.live.dashboard"
_PATIENCE_SECONDS: Final = 120.0
_AGAIN_SECONDS: Final = 60.0
_LIBRARIES: Final = ("vl-convert-python", "altair")
_TAG_DIGITS: Final = 16


class Made:
    """Makes files in a process of their own, and keeps them for the next start.

    Putting the scripts together takes seconds in which no other thread would run: not one decision
    would be made. It also takes a hundred megabytes that are wanted for nothing else.

    Parameters
    ----------
    folder
        Where they are kept; None for the user's folder for such things.
    """

    NAMES: ClassVar[frozenset[str]] = frozenset({"vega.js", "charts.json"})

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = cache_folder() if folder is None else folder
        self._making = {name: asyncio.Lock() for name in self.NAMES}
        self._failures: dict[str, tuple[float, OutputError]] = {}
        self._at_work: dict[str, subprocess.Popen[bytes]] = {}
        self._closed = False

    async def content(self, name: str) -> bytes:
        """One of ``NAMES``.

        Raises
        ------
        OutputError
            If it cannot be made. That is tried again a minute later, and not for every page.
        """
        async with self._making[name]:
            at, error = self._failures.get(name, (-inf, None))
            if error is not None and elapsed() - at < _AGAIN_SECONDS:
                raise error
            try:
                return await asyncio.to_thread(self._content, name)
            except OutputError as failure:
                self._failures[name] = elapsed(), failure
                raise

    def close(self) -> None:
        """Give up what is being made: whoever ends does not wait for it."""
        self._closed = True
        for process in list(self._at_work.values()):
            process.kill()

    def _content(self, name: str) -> bytes:
        path = self._folder / kept_name(name)
        try:
            return path.read_bytes()
        except OSError:
            content = _made(name, partial(self._began, name))
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_bytes(content, path)
        except (OSError, OutputError):
            pass  # it is made anew by the next start; this one has it
        return content

    def _began(self, name: str, process: subprocess.Popen[bytes]) -> None:
        self._at_work[name] = process
        if self._closed:
            process.kill()


def kept_name(name: str) -> str:
    """What a file is kept as: another one for other libraries, and for other code of ours."""
    digest = sha256(" ".join(version(library) for library in _LIBRARIES).encode())
    for code in ("making.py", "charts.py", "looks.py"):
        digest.update(files(_PACKAGE).joinpath(code).read_bytes())
    stem, _, kind = name.rpartition(".")
    return f"{stem}-{digest.hexdigest()[:_TAG_DIGITS]}.{kind}"


def cache_folder() -> Path:
    """Where the user's programs keep what they can make again."""
    told = os.environ.get("XDG_CACHE_HOME", "")
    home = Path(told) if told and Path(told).is_absolute() else Path("~/.cache").expanduser()
    return home / "sentinelpos"


def _made(name: str, began: Callable[[subprocess.Popen[bytes]], None]) -> bytes:
    # Without the key and the token: it needs neither.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    command = [sys.executable, "-m", _MODULE, name]
    try:
        with subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the scorer
        ) as process:
            began(process)
            try:
                content, _ = process.communicate(timeout=_PATIENCE_SECONDS)
            finally:
                process.kill()
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    except (OSError, subprocess.SubprocessError) as error:
        raise OutputError(
            f"dashboard: {name} could not be made (was: {type(error).__name__})",
            hint=f"see what {Path(sys.executable).name} -m {_MODULE} {name} says; all but the "
            "charts is shown without it",
        ) from error
    return content
