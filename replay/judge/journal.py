"""The events of a file, ready to be sent: their JSON on disk, what is known of each in memory."""

import mmap
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl

from engine.errors import InputError
from engine.events.disk import writing
from engine.events.inputs import find_inputs
from engine.events.log import Log
from engine.progress import Meter
from engine.words import counted
from replay.judge.wire import as_json, event_ids, labels, stream_schema

_MOST_EVENTS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Journal:
    """The events of a file, numbered from 0 in its order.

    Parameters
    ----------
    numbers
        By event id the number of the first event that has it.
    first
        By event: the number of the first one with the same id; its own but for repeated ids.
    labels
        By event: 1 fraud, 0 none, -1 unknown.
    unreadable
        How many lines could not be split into fields or had no event id; these are left out.

    Notes
    -----
    Memory is about 170 bytes an event, most of it the ids; the JSON, which may be larger than
    memory, is on disk, in a file without a name that is gone with the process.
    """

    numbers: dict[str, int]
    first: "array[int]"
    labels: "array[int]"
    unreadable: int
    _starts: "array[int]"
    _content: mmap.mmap

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, number: int) -> bytes:
        """The JSON object of an event, in UTF-8."""
        return self._content[self._starts[number] : self._starts[number + 1]]


@contextmanager
def read_journal(
    file: str, *, strings: bool, most: int | None, scratch: Path, quiet: bool
) -> Iterator[Journal]:
    """The events of a file, a folder or a pattern; what is on disk goes with the block.

    Parameters
    ----------
    file
        As ``engine.build`` takes an input.
    strings
        Whether numbers are sent as strings.
    most
        How many events to take, the first ones; None for all.
    scratch
        A folder with room for the JSON, about as much as the file is as CSV.
    quiet
        Show no progress.

    Raises
    ------
    InputError
        If the file cannot be read as a log, or holds no event.
    OutputError
        If there is no room.
    """
    files = find_inputs([file])
    log = Log(files, *stream_schema())
    with ExitStack() as stack:
        with writing(scratch):
            content = stack.enter_context(tempfile.TemporaryFile(dir=scratch))
            reading = _Reading(content)
            meter = stack.enter_context(Meter("read", log.rows, quiet=quiet))
            for batch in chain.from_iterable(map(log.raw_batches, files)):
                left = (_MOST_EVENTS if most is None else most) - len(reading.labels)
                if not left:
                    break
                reading.unreadable += len(batch.bad)
                reading.add(batch.frame.head(left), strings=strings)
                meter.advance(batch.read)
            content.flush()
        if not reading.labels:
            raise InputError(
                f"{file}: no event to send (was {counted(reading.unreadable, 'unreadable row')})",
                hint="give a log as python -m engine.build reads it",
            )
        mapped = stack.enter_context(mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ))
        yield Journal(
            reading.numbers,
            reading.first,
            reading.labels,
            reading.unreadable,
            reading.starts,
            mapped,
        )


class _Reading:
    """What grows while a file is read."""

    def __init__(self, content: BinaryIO) -> None:
        self.numbers: dict[str, int] = {}
        self.first = array("i")
        self.labels = array("b")
        self.starts = array("q", [0])
        self.unreadable = 0
        self._content = content

    def add(self, raw: pl.DataFrame, *, strings: bool) -> None:
        """Take in rows; those without an id, which nobody could flag, are left out."""
        ids = event_ids(raw)
        if ids.null_count():
            self.unreadable += ids.null_count()
            raw, ids = raw.filter(ids.is_not_null()), ids.drop_nulls()
        if not len(raw):
            return
        texts = as_json(raw, ids, strings=strings)
        self._content.write("".join(texts).encode())
        base = self.starts[-1]
        ends = texts.str.len_bytes().cast(pl.Int64).cum_sum() + base
        self.starts.frombytes(ends.to_numpy().tobytes())
        self.labels.frombytes(labels(raw).to_numpy().tobytes())
        number = len(self.first)
        for event_id in ids:
            self.first.append(self.numbers.setdefault(event_id, number))
            number += 1
