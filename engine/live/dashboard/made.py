"""What is made once and kept: the scripts that draw, and what they are to draw."""

import asyncio
import os
import subprocess
import sys
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import ClassVar, Final

from engine.errors import OutputError
from engine.events.disk import write_bytes
from engine.live.settings import PREFIX

_MODULE: Final = "engine.live.dashboard.making"
_PACKAGE: Final = "engine.live.dashboard"
_PATIENCE_SECONDS: Final = 120.0
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
        self._making = asyncio.Lock()

    async def content(self, name: str) -> bytes:
        """One of ``NAMES``.

        Raises
        ------
        OutputError
            If it cannot be made.
        """
        async with self._making:
            return await asyncio.to_thread(self._content, name)

    def _content(self, name: str) -> bytes:
        path = self._folder / kept_name(name)
        try:
            return path.read_bytes()
        except OSError:
            content = _made(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_bytes(content, path)
        except (OSError, OutputError):
            pass  # it is made anew by the next start; this one has it
        return content


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


def _made(name: str) -> bytes:
    # Without the key and the token: it needs neither.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    try:
        found = subprocess.run(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", _MODULE, name],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=True,
            start_new_session=True,  # Ctrl-C is for the scorer
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise OutputError(
            f"dashboard: {name} could not be made (was: {type(error).__name__})",
            hint=f"see what {Path(sys.executable).name} -m {_MODULE} {name} says; all but the "
            "charts is shown without it",
        ) from error
    return found.stdout
