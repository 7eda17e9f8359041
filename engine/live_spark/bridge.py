"""A stream of server-sent events as files of JSON lines, for Spark to read.

A file appears when it is whole, some times a second; beside them
``_position.json`` says how far the files have come, as Spark removes those that are done with.

A file that Spark has seen the name of it passes over, without a word. So places begin with the time
of a start, and a name never comes again, whatever has become of the folder meanwhile.
"""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from engine.clock import wall_us
from engine.errors import InputError
from engine.events.disk import write_bytes, writing
from engine.live.incoming import BEATS
from engine.live.stream import Arrival
from engine.live_spark.lines import Line, read, written

_POSITION: Final = "_position.json"  # Spark reads no file whose name begins so
_FILES: Final = "events-*.json"
_DIGITS: Final = 16
_LINGER_SECONDS: Final = 0.2
_MOST_LINES: Final = 10_000


class _Position(msgspec.Struct):
    offset: int
    id: str
    outbox: int


class Bridge:
    """Takes what came of the stream, and has it in a file soon.

    What a crash takes with it before that is asked for again, by the stream's id.

    Parameters
    ----------
    folder
        The folder for the files; made if it is not there.
    outbox
        When the outbox was made that decisions on them go into, by which it is known.

    Attributes
    ----------
    last_id
        The stream's id of the last event that is in a file; empty if there is none.

    Raises
    ------
    InputError, OutputError
        If the folder is none, or what is in it cannot be read, or goes with another outbox.
    """

    def __init__(self, folder: Path, outbox: int) -> None:
        self._folder = folder
        self._outbox = outbox
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        position = _position(folder, outbox)
        # More events than microseconds do not come.
        self._offset, self.last_id = max(position.offset, wall_us()), position.id
        self._say(self._offset, self.last_id)
        self._lines: list[Line] = []
        self._due = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    def begin(self) -> None:
        """Write a file without events, for all that reads files to be ready before the first.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        # Of an empty file Spark makes no row.
        write_bytes(b"\n", self._folder / f"begin-{wall_us()}.json")

    async def take(self, arrival: Arrival) -> None:
        """Take what came; waits while there is too much that is in no file yet."""
        await self._room.wait()
        for event in arrival.events:
            self.last_id = event.id or self.last_id
            if event.name in BEATS:
                continue
            text = None if event.data is None else event.data.decode(errors="replace")
            self._lines.append(Line(self._offset, arrival.wall, text, self.last_id))
            self._offset += 1
        if self._lines:
            self._due.set()
        if len(self._lines) >= _MOST_LINES:
            self._room.clear()

    async def run(self) -> None:
        """Write files, for ever; cancel it to stop: what is in none then has to come again.

        Raises
        ------
        OutputError
            If one cannot be written.
        """
        while True:
            await self._due.wait()
            await asyncio.sleep(_LINGER_SECONDS)
            self._due.clear()
            lines, self._lines = self._lines, []
            self._room.set()
            if lines:
                await asyncio.to_thread(self._write, lines)

    def _write(self, lines: list[Line]) -> None:
        name = f"events-{lines[0].offset:0{_DIGITS}}.json"
        write_bytes(written(lines), self._folder / name)
        self._say(lines[-1].offset + 1, lines[-1].id)

    def _say(self, offset: int, last_id: str) -> None:
        position = msgspec.json.encode(_Position(offset, last_id, self._outbox))
        write_bytes(position, self._folder / _POSITION)


def _position(folder: Path, outbox: int) -> _Position:
    """How far the files have come: the last of them may be ahead of what is said of them."""
    said = _Position(0, "", outbox)
    with suppress(FileNotFoundError), _reading(folder / _POSITION) as content:
        said = msgspec.json.decode(content, type=_Position)
    if said.outbox != outbox:
        raise InputError(
            f"{folder}: events of another outbox (was {_POSITION} of one made at {said.outbox}, "
            f"not {outbox})",
            hint="name a new folder with a new outbox and checkpoint: the stream is asked from its "
            "beginning; or give the outbox and checkpoint that go with this one",
        )
    files = sorted(folder.glob(_FILES))
    if files:
        with suppress(FileNotFoundError), _reading(files[-1]) as content:
            [*_, last] = read(content)
            if last.offset >= said.offset:
                return _Position(last.offset + 1, last.id, outbox)
    return said


class _reading:  # noqa: N801 - a block
    """The content of a file, in a block in which it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> bytes:
        return self._path.read_bytes()

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, msgspec.MsgspecError | ValueError):
            raise InputError(
                f"{self._path}: not as it was written (was: {error})",
                hint="remove that file: the stream is asked from its beginning, or from the last "
                "file that is left, and what has a decision gets no other",
            ) from error
