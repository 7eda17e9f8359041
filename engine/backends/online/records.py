"""The states of a key's quiet values as records: a few words in a row, which no object stands for.

A hundred thousand cards are in no cache. A state that is an object with a list of entries with
values asks for some thirty pieces of memory an event, one after the other, where a record is one
piece; and its windows, which show few events, are looked through by machine code
(``record_loops.py``) faster than what they hold can be kept up to date.

A record holds what the object would, and is made one when it is asked for more than the step of an
event in order: when an event comes late, has a value that words do not hold exactly, or when there
are more entries than ``most_entries``.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from struct import Struct, error
from sys import byteorder
from typing import Any, Final, TypeVar

import numpy as np

from engine.backends.online.columns import column, columns_of, set_columns
from engine.backends.online.labels import NEVER
from engine.backends.online.record_loops import (
    LOG,
    NOTHING,
    NUMBER,
    REAL,
    SMALL,
    SMALL_NUMBER,
    TABLE_WORDS,
    TEXT,
    WORD,
    begin,
    copy,
    mark,
    move,
    room_of,
    said_words,
    summary,
    trim,
)
from engine.backends.online.texts import texts

MOST_ENTRIES: Final = 48
LONGEST: Final = (
    2**60
)  # ticks that windows and lateness reach back, and an instant can be taken from
# Room at first. A key of narrow entries is one of many with few events each; wide ones would be
# moved to more room too often.
_LEAST_ENTRIES: Final = 6
_LEAST_NARROW: Final = 2
_NARROW: Final = 2  # words
_LINE: Final = 8  # words: records begin with a line of the cache
_FIRST_CHUNK: Final = 2**10  # words; each is twice as large as the one before
_LARGEST_CHUNK: Final = 2**22
_ALIGNED: Final = WORD * _LINE
MOST_TEXTS: Final = 65_536


# By what a field holds: how struct calls its words, how programs call it, when it is exact.
WORD_OF: Final = {"q": "q", "s": "q", "d": "d", "t": "q"}
_HOLDS: Final = {"q": NUMBER, "s": SMALL_NUMBER, "d": REAL, "t": TEXT}
_IS_EXACT: Final[dict[str, Callable[[Any], bool]]] = {
    "q": lambda v: v != NOTHING,
    "s": lambda v: -SMALL < v < SMALL,
    "d": lambda v: v == v,  # noqa: PLR0124 - false for NaN
    "t": lambda _: True,
}

if MOST_ENTRIES * SMALL**2 > 2**63 or 2 * MOST_ENTRIES > TABLE_WORDS:
    raise AssertionError(f"more than loops are right for (was {MOST_ENTRIES} entries)")

Words = np.ndarray[Any, np.dtype[np.int64]]
_Number = TypeVar("_Number", int, Words)


def most_entries() -> int:
    """How many entries a record holds at most: a state that has more is an object."""
    return MOST_ENTRIES


def _rooms(width: int) -> Words:
    """How much room a record has, by how many entries it holds: for one more, if there is.

    It is what fills so many lines of the cache, twice as many each time.
    """
    least = _LEAST_NARROW if width <= _NARROW else _LEAST_ENTRIES
    lines = -(-(LOG + (least + 1) * width) // _LINE)
    rooms = np.full(most_entries() + 1, most_entries(), np.int64)
    before = 0
    while (room := (lines * _LINE - LOG) // width - 1) < most_entries():
        rooms[before:room] = room
        before, lines = room, 2 * lines
    return rooms


@dataclass(frozen=True)
class Form:
    """What the records of a key look like, and what an event asks of them.

    Parameters
    ----------
    lane
        The number of the key's only lane.
    codes
        What holds the columns of the lane's log in an object.
    kinds
        What an entry's words are: ``q`` numbers, ``s`` small ones, which are added up, ``d``
        floats, ``t`` codes of texts; its time comes first.
    reach
        How many ticks back a window sees that has an end there.
    lengths
        The windows' lengths in ticks, from the shortest to the longest.
    steps
        The steps of ``record_loops.py``.
    is_ever, has_latest
        Whether some window has no end, and whether one shows the latest entry that was dropped.
    """

    lane: int
    codes: tuple[str, ...]
    kinds: str
    reach: int
    lengths: tuple[int, ...]
    steps: tuple[tuple[int, int, int], ...]
    is_ever: bool
    has_latest: bool

    @property
    def width(self) -> int:
        """How many words an entry has."""
        return len(self.kinds)

    @property
    def texts(self) -> tuple[int, ...]:
        """The fields that are codes of texts."""
        return tuple(index for index, kind in enumerate(self.kinds) if kind == "t")

    @cached_property
    def entry(self) -> Struct:
        """An entry as bytes."""
        return Struct("=" + "".join(WORD_OF[kind] for kind in self.kinds))

    def program(self, said: int, keep: int) -> Words:
        """The words that ``record_loops.step`` goes by."""
        sizes = len(self.lengths), len(self.steps)
        holds = (_HOLDS[kind] for kind in self.kinds)
        steps = (word for each in self.steps for word in each)
        words = (self.width, said, keep, *sizes, *holds, *self.lengths, *steps)
        return np.array(words, dtype=np.int64)


class Codes(dict[str | None, int]):
    """``codes[text]``: the number that stands for a text in records, and back.

    Attributes
    ----------
    texts
        The texts by their numbers.
    """

    def __init__(self) -> None:
        super().__init__({None: NOTHING})
        self.texts: dict[int, str | None] = {NOTHING: None}
        self._next = 0
        self._free: list[int] = []
        self._many = MOST_TEXTS

    def __missing__(self, text: str | None) -> int:
        if self._free:
            code = self._free.pop()
        else:
            code, self._next = self._next, self._next + 1
        self[text] = code
        self.texts[code] = texts[text] if text is not None else None
        return code

    @property
    def are_many(self) -> bool:
        """Whether it is time to look which are still held."""
        return len(self) > self._many

    @property
    def numbers(self) -> int:
        """How many numbers there are, in use or not."""
        return self._next

    def keep(self, marks: Words) -> None:
        """Forget the texts whose numbers are not marked."""
        for text, code in list(self.items()):
            if text is not None and not marks[code]:
                del self[text], self.texts[code]
                self._free.append(code)
        self._many = max(MOST_TEXTS, 2 * len(self))


class Records:
    """The records of one key.

    Parameters
    ----------
    form
        What they look like.
    new, settle
        The object of a state, and what makes one whole whose logs are given.
    keep
        Ticks for which entries are held.

    Attributes
    ----------
    codes
        The numbers of texts.
    way
        What generated code needs: where an entry is said, the address of the program, the codes of
        texts, and the texts by their codes.
    """

    def __init__(
        self, form: Form, new: Callable[[], Any], settle: Callable[[Any], None], keep: int
    ) -> None:
        self.form, self._new, self._settle = form, new, settle
        self._said = np.zeros(said_words(form.width, len(form.lengths), len(form.steps)), np.int64)
        self._program = form.program(_address(self._said), keep)
        self.codes = Codes()
        said = memoryview(self._said.data).cast("B")
        self.way = (said, _address(self._program), self.codes, self.codes.texts)
        self._rooms = _rooms(form.width)
        self._copy = np.zeros(self._words(MOST_ENTRIES), np.int64)
        self._copy_at = _address(self._copy)
        self._chunks: list[Words] = []
        self._next = self._end = 0  # addresses in the last chunk
        self._free: dict[int, list[int]] = {}  # by room

    def begin(self, due: int) -> int:
        """A record of nothing, and when it is looked at."""
        room = self._room_for(0)
        record = self._allocated(room)
        begin(record, self.form.width, room, due)
        return record

    def state(self, record: int) -> Any:  # noqa: ANN401 - a generated class
        """An object that holds what a record does."""
        form = self.form
        copy(record, self._copy_at, self._words(room_of(record)))
        t, count, room, dropped, due = self._copy[:LOG].tolist()
        past = int(self._copy[LOG + room * form.width])
        state, j = self._new(), form.lane
        state.t, state.due = NEVER if t == NOTHING else t, due
        columns = list(zip(*self._entries(0, count), strict=True)) or [()] * form.width
        held = map(column, form.codes, columns)
        set_columns(state, f"log{j}", list(held))
        setattr(state, f"off{j}", dropped)
        if form.is_ever:
            setattr(state, f"past{j}", NEVER if past == NOTHING else past)
        if form.has_latest and past != NOTHING:
            [latest] = self._entries(room, 1)
            setattr(state, f"lst{j}", latest)
        self._settle(state)
        return state

    def record(self, state: Any) -> int | None:  # noqa: ANN401 - a generated class
        """A record that holds what an object does; None if none can."""
        form, j = self.form, self.form.lane
        columns = columns_of(state, f"log{j}", form.width)
        # One that is about to be an object again is not worth it.
        if 2 * len(columns[0]) > most_entries():
            return None
        past = getattr(state, f"past{j}") if form.is_ever else NEVER
        latest = getattr(state, f"lst{j}") if form.has_latest else None
        if form.has_latest and past != (NEVER if latest is None else latest[0]):
            return None
        try:
            before = b"" if past == NEVER else self._bytes(latest or (past,))
            entries = b"".join(map(self._bytes, zip(*columns, strict=True)))
        except (OverflowError, TypeError, ValueError, error):
            return None
        t = NOTHING if state.t == NEVER else state.t
        dropped = getattr(state, f"off{j}")
        return self._made(t, state.due, dropped=dropped, latest=before, log=entries)

    def is_empty(self, record: int, floor: int) -> bool:
        """Drop what no window sees from ``floor`` on, and tell whether nothing of it is left."""
        return trim(record, self.form.width, floor, self.form.reach, self.form.is_ever)

    def enlarged(self, record: int) -> int | None:
        """A record with more room, in place of one that is full; None if there is none."""
        room = room_of(record)
        larger = self._room_for(room)
        return self._moved(record, larger) if larger > room else None

    def fitted(self, record: int) -> int:
        """The record, or one with less room in its place, where it has more than it needs."""
        _, count, _ = summary(record, self.form.width)
        room = self._room_for(count)
        return self._moved(record, room) if room < room_of(record) else record

    def _moved(self, record: int, room: int) -> int:
        place = self._allocated(room)
        move(record, place, self.form.width, room)
        self.free(record)
        return place

    def free(self, record: int) -> None:
        """Let go of a record."""
        self._free.setdefault(room_of(record), []).append(record)

    def forget_texts(self, records: Iterable[int]) -> None:
        """Forget the texts that are in no record any more, if there are many."""
        if not self.codes.are_many:
            return
        marks = np.zeros(self.codes.numbers, np.int64)
        fields = sum(1 << field for field in self.form.texts)
        for record in records:
            mark(record, self.form.width, fields, marks)
        self.codes.keep(marks)

    def _made(self, t: int, due: int, *, dropped: int, latest: bytes, log: bytes) -> int:
        width = self.form.width
        count = len(log) // (WORD * width)
        room = self._room_for(count)
        past = LOG + room * width
        self._copy[:LOG] = (t, count, room, dropped, due)
        self._copy[LOG : LOG + count * width] = np.frombuffer(log, np.int64)
        self._copy[past] = NOTHING
        self._copy[past : past + len(latest) // WORD] = np.frombuffer(latest, np.int64)
        record = self._allocated(room)
        copy(self._copy_at, record, self._words(room))
        return record

    def _room_for(self, count: int) -> int:
        return int(self._rooms[count])

    def rooms(self, counts: Words) -> Words:
        """How much room records have that hold so many entries, or as many as one may."""
        return self._rooms[np.minimum(counts, len(self._rooms) - 1)]

    def allocated(self, rooms: Words) -> Words:
        """The addresses of so much room each."""
        sizes = self._size(rooms)
        ends = np.cumsum(sizes)
        first = self._allocate(int(ends[-1])) if len(ends) else 0
        return first + ends - sizes

    def _allocated(self, room: int) -> int:
        """The address of so much room."""
        if free := self._free.get(room):
            return free.pop()
        return self._allocate(self._size(room))

    def _words(self, room: _Number) -> _Number:
        """How many words a record with so much room has."""
        return LOG + (room + 1) * self.form.width

    def _size(self, room: _Number) -> _Number:
        """How many bytes it takes, which are a number of lines."""
        return _ALIGNED * -(-self._words(room) // _LINE)

    def _allocate(self, size: int) -> int:
        """The address of so many bytes, which are a number of lines."""
        if self._end - self._next < size:
            wanted = min(_FIRST_CHUNK << min(len(self._chunks), 32), _LARGEST_CHUNK)
            chunk = np.empty(max(wanted, size // WORD + _LINE), np.int64)
            self._chunks.append(chunk)
            start = _address(chunk)
            self._next, self._end = -(-start // _ALIGNED) * _ALIGNED, start + chunk.nbytes
        record, self._next = self._next, self._next + size
        return record

    def _entries(self, first: int, count: int) -> list[tuple[Any, ...]]:
        """Some of the entries of the record that was copied."""
        width = self.form.width
        words = self._copy[LOG + first * width : LOG + (first + count) * width]
        entries = list(self.form.entry.iter_unpack(words.tobytes()))
        if not self.form.texts:
            return entries
        is_text = [kind == "t" for kind in self.form.kinds]
        text_of = self.codes.texts
        return [
            tuple(text_of[v] if text else v for text, v in zip(is_text, x, strict=True))
            for x in entries
        ]

    def _bytes(self, entry: tuple[Any, ...]) -> bytes:
        """An entry as words; it is an error if they would not hold it exactly."""
        form = self.form
        if len(entry) == 1:  # its time alone is known
            time: int = entry[0]
            return time.to_bytes(WORD, byteorder, signed=True) + bytes(WORD * (form.width - 1))
        values = list(entry)
        for field in form.texts:
            values[field] = self.codes[values[field]]
        if not all(_IS_EXACT[kind](v) for kind, v in zip(form.kinds, values, strict=True)):
            raise ValueError
        packed: bytes = form.entry.pack(*values)
        return packed


def _address(words: Words) -> int:
    return int(words.ctypes.data)
