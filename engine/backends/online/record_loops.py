"""What is done with a record as machine code: an event's step, and what copies and looks.

Records (``records.py``) and programs (``record_source.py``) are given by their addresses, as words
of 64 bits: whole numbers, codes of texts, and floats by their bits. All that knows how they are
laid out is in this file: what was compiled is kept for as long as the file is as it was.
"""

from typing import TYPE_CHECKING, Final

import numpy as np

from engine.backends.online.addresses import reals, words
from engine.compiled import FLAG, INT, INTS, SCATTER, TABLE, compiled

if TYPE_CHECKING:
    import numpy.typing as npt

# The words of a record. After them comes room for entries, and the latest that was dropped.
TIME: Final = 0  # how far the key's time has come
COUNT: Final = 1  # how many entries it holds
ROOM: Final = 2  # and how many it may
DROPPED: Final = 3  # how many have been dropped
DUE: Final = 4  # when it is looked at again
LOG: Final = 5  # where its entries begin

# The words of a program. After them come what each field holds, the lengths of the windows, from
# the shortest to the longest, and the steps.
WIDTH: Final = 0  # words of an entry
SAID: Final = 1  # the address of what is said: an entry comes in, answers go out
KEEP: Final = 2  # ticks for which entries are held
WINDOWS: Final = 3
STEPS: Final = 4
PROGRAM_WORDS: Final = 5

# What a field holds.
TEXT: Final = 0  # a code, or NOTHING
NUMBER: Final = 1
SMALL_NUMBER: Final = 2  # one that is added up
REAL: Final = 3

# A step is a code, what it looks at, and a field of the entries. It answers with a word, or finds
# an entry of which later steps tell fields.
STEP_WORDS: Final = 3
COUNT_ALL: Final = 0
COUNT_VALUES: Final = 1
SUM: Final = 2
SUM_OF_SQUARES: Final = 3
DISTINCT: Final = 4
FIND_FIRST: Final = 5
FIND_LAST: Final = 6
FIND_LAST_EVER: Final = 7  # even if it has been dropped
FIND_EQUAL: Final = 8  # in the fields whose bits are set
FIND_LEAST: Final = 9
FIND_MOST: Final = 10
FIND_LEAST_REAL: Final = 11
FIND_MOST_REAL: Final = 12
FIELD: Final = 13  # of what an earlier step has found

WORD: Final = 8  # bytes
# Entries, of short logs; of others a quarter. The work for each is constant then.
LEAST_DROPPED: Final = 3
NOTHING: Final = -(2**63)  # no value, no entry, no instant
FOR_EVER: Final = 2**62  # a window without an end
SMALL: Final = 2**27  # as many squares as a record may hold add up to less than 2**63

# What comes of looking at a record.
WAITS: Final = 0
WAITS_AGAIN: Final = 1
QUIET: Final = 2

# What comes of a step.
TAKEN: Final = 0
REFUSED: Final = 1
FULL: Final = 2

_PAIRS: Final = 16  # of more entries than that, a table tells which values are different
TABLE_WORDS: Final = 1_024  # more than a record may hold entries, by far
_TABLE_SHIFT: Final = np.uint64(64 - 10)


def said_words(width: int, windows: int, steps: int) -> int:
    """How many words are said: an entry, where windows begin, what is found, answers, a table."""
    return width + windows + 2 * steps + TABLE_WORDS


@compiled((INT,), frees=False)
def _is_exact(program: int) -> bool:
    """Whether the entry's numbers are such that what is made of them is exact."""
    p = words(program)
    said, said_reals = words(p[SAID]), reals(p[SAID])
    for field in range(p[WIDTH]):
        holds = p[PROGRAM_WORDS + field]
        if holds == REAL:
            exact = said_reals[field] == said_reals[field]
        elif holds == SMALL_NUMBER:
            exact = -SMALL < said[field] < SMALL
        else:
            exact = holds == TEXT or said[field] != NOTHING
        if not exact:
            return False
    return True


@compiled((INT, INT), frees=False)
def _latest(record: int, width: int) -> int:
    """Where in a record the latest entry is that was dropped."""
    return LOG + words(record)[ROOM] * width


@compiled((INT, INT, INT), frees=False)
def _droppable(record: int, width: int, oldest: int) -> int:
    """How many entries are older than that; 0 if they are few, as objects have it too."""
    r = words(record)
    least = r[COUNT] >> 2 or LEAST_DROPPED - 1
    if least >= r[COUNT] or r[LOG + least * width] >= oldest:
        return 0
    drops = least + 1
    while drops < r[COUNT] and r[LOG + drops * width] < oldest:
        drops += 1
    return drops


@compiled((INT, INT, INT), frees=False)
def _drop(record: int, width: int, drops: int) -> None:
    """Drop the first entries, and keep the last of them apart."""
    if drops == 0:
        return
    r = words(record)
    latest = _latest(record, width)
    for j in range(width):
        r[latest + j] = r[LOG + (drops - 1) * width + j]
    r[COUNT] -= drops
    r[DROPPED] += drops
    for j in range(r[COUNT] * width):
        r[LOG + j] = r[LOG + drops * width + j]


@compiled((INT, INT, INT, INT, INT), frees=False)
def _total(record: int, width: int, begin: int, what: int, field: int) -> int:
    """A number of values, a sum, a sum of squares."""
    r, log = words(record), LOG + field
    total = 0
    for i in range(log + begin * width, log + r[COUNT] * width, width):
        v = r[i]
        if what == SUM:
            total += v
        elif what == SUM_OF_SQUARES:
            total += v * v
        elif v != NOTHING:
            total += 1
    return total


@compiled((INT, INT, INT, INT, INT), frees=False)
def _distinct(record: int, width: int, begin: int, field: int, table: int) -> int:
    """How many different values there are."""
    r, log = words(record), LOG + field
    first, end = log + begin * width, log + r[COUNT] * width
    total = 0
    if r[COUNT] - begin <= _PAIRS:
        for i in range(first, end, width):
            j = first
            while r[j] != r[i]:
                j += width
            total += j == i and r[i] != NOTHING
        return total
    seen = words(table)
    for slot in range(TABLE_WORDS):
        seen[slot] = NOTHING
    for i in range(first, end, width):
        slot = int(np.int64((np.uint64(r[i]) * SCATTER) >> _TABLE_SHIFT))
        while seen[slot] != NOTHING and seen[slot] != r[i]:
            slot = (slot + 1) % TABLE_WORDS
        total += seen[slot] != r[i]
        seen[slot] = r[i]
    return total


@compiled((INT, INT, INT, INT, INT), frees=False)
def _equal(record: int, width: int, begin: int, fields: int, entry: int) -> int:
    """Where the latest entry is that equals another in some fields; nothing equals nothing."""
    r, said = words(record), words(entry)
    for field in range(width):
        if fields >> field & 1 and said[field] == NOTHING:
            return 0
    i = LOG + (r[COUNT] - 1) * width
    while i >= LOG + begin * width:
        equal = True
        for field in range(width):
            equal &= fields >> field & 1 == 0 or r[i + field] == said[field]
        if equal:
            return i
        i -= width
    return 0


@compiled((INT, INT, INT, INT, INT, INT), frees=False)
def _find(record: int, width: int, begin: int, what: int, field: int, entry: int) -> int:
    """Where an entry is in the record; 0 if there is none."""
    r = words(record)
    first, end = LOG + begin * width, LOG + r[COUNT] * width
    if what == FIND_LAST_EVER and r[COUNT] == 0:
        latest = _latest(record, width)
        return latest if r[latest] != NOTHING else 0
    if what == FIND_EQUAL:
        return _equal(record, width, begin, field, entry)
    if first == end:
        return 0
    if what == FIND_FIRST:
        return first
    if what <= FIND_LAST_EVER:
        return end - width
    real = reals(record)
    best = first
    for i in range(first + width, end, width):
        if what == FIND_LEAST:
            better = r[i + field] < r[best + field]
        elif what == FIND_MOST:
            better = r[i + field] > r[best + field]
        elif what == FIND_LEAST_REAL:
            better = real[i + field] < real[best + field]
        else:
            better = real[i + field] > real[best + field]
        best = i if better else best
    return best


@compiled((INT, INT), frees=False)
def _answer(program: int, record: int) -> None:
    """Say the answers to the entry that was said."""
    p, r = words(program), words(record)
    width, windows, steps = p[WIDTH], p[WINDOWS], p[STEPS]
    said = words(p[SAID])
    lengths = PROGRAM_WORDS + width
    b = r[COUNT]
    for window in range(windows):
        oldest = said[0] - p[lengths + window]
        while b > 0 and r[LOG + (b - 1) * width] >= oldest:
            b -= 1
        said[width + window] = b
    found = width + windows
    out = found + steps
    table = p[SAID] + WORD * (out + steps)
    for i in range(steps):
        at = lengths + windows + i * STEP_WORDS
        what, where, field = p[at], p[at + 1], p[at + 2]
        if what == FIELD:
            place = said[found + where]
            said[out] = r[place + field] if place else NOTHING
            out += 1
            continue
        b = said[width + where]
        if what > DISTINCT:
            said[found + i] = _find(record, width, b, what, field, p[SAID])
            continue
        if what == COUNT_ALL:
            before = r[DROPPED] if p[lengths + where] == FOR_EVER else 0
            said[out] = r[COUNT] - b + before
        elif what == DISTINCT:
            said[out] = _distinct(record, width, b, field, table)
        else:
            said[out] = _total(record, width, b, what, field)
        out += 1


@compiled((INT, INT), frees=False)
def step(program: int, record: int) -> int:
    """Answer what an event asks of its key's history, and let it become history.

    Its entry is said before; none that the record holds is later. Nothing has changed unless it is
    ``TAKEN``: it is ``REFUSED`` if an answer might not be exact; and a record that is ``FULL`` of
    what is still to be held must have more room.
    """
    p, r = words(program), words(record)
    width, said = p[WIDTH], words(p[SAID])
    if not _is_exact(program):
        return REFUSED
    drops = _droppable(record, width, said[0] - p[KEEP])
    if r[COUNT] - drops == r[ROOM]:
        return FULL
    _answer(program, record)
    _drop(record, width, drops)
    end = LOG + r[COUNT] * width
    for j in range(width):
        r[end + j] = said[j]
    r[COUNT] += 1
    r[TIME] = said[0]
    return TAKEN


@compiled((INT,), frees=False)
def take_back(record: int) -> None:
    """Let the latest step not have been; what it has dropped, no event in order sees."""
    words(record)[COUNT] -= 1


@compiled((INT, INT, INT), frees=False)
def copy(source: int, target: int, count: int) -> None:
    """Copy words from one address to another."""
    s, t = words(source), words(target)
    for i in range(count):
        t[i] = s[i]


@compiled((INT, INT, INT, INT), frees=False)
def begin(record: int, width: int, room: int, due: int) -> None:
    """Make a record of nothing."""
    r = words(record)
    r[TIME] = NOTHING
    r[COUNT] = r[DROPPED] = 0
    r[ROOM] = room
    r[DUE] = due
    r[_latest(record, width)] = NOTHING


@compiled((INT, INT, INT, INT), frees=False)
def move(record: int, place: int, width: int, room: int) -> None:
    """Copy a record to where it has more room, or less."""
    r, moved = words(record), words(place)
    copy(record, place, LOG + width * r[COUNT])
    moved[ROOM] = room
    old, new = _latest(record, width), _latest(place, width)
    for j in range(width):
        moved[new + j] = r[old + j]


@compiled((INT, INT, INT, INT), frees=False)
def look_at(record: int, now: int, quiet_after: int, again_after: int) -> int:
    """Whether a record ``WAITS`` to be looked at, is ``QUIET``, or is not, and waits again."""
    r = words(record)
    if r[DUE] >= now:
        return WAITS
    if r[TIME] == NOTHING or r[TIME] + quiet_after < now:
        return QUIET
    r[DUE] = min(r[TIME], now) + again_after
    return WAITS_AGAIN


@compiled((INT, INT, INT, INT, FLAG), frees=False)
def trim(record: int, width: int, floor: int, reach: int, ever: bool) -> bool:  # noqa: FBT001 - a flag of machine code
    """Drop what no window sees from ``floor`` on; whether nothing is left.

    Where some window sees for ever, what has been dropped is left too.
    """
    r = words(record)
    r[TIME] = max(r[TIME], floor)
    drops = 0
    while drops < r[COUNT] and r[LOG + drops * width] < floor - reach:
        drops += 1
    _drop(record, width, drops)
    return r[COUNT] == 0 and not (ever and r[DROPPED] > 0)


@compiled((INT,), frees=False)
def room_of(record: int) -> int:
    """How many entries a record has room for."""
    return words(record)[ROOM]


@compiled((INT, INT, INT, TABLE), frees=False)
def mark(record: int, width: int, texts: int, marks: "npt.NDArray[np.int64]") -> None:
    """Mark the codes of a record's texts, which are in the fields whose bits are set."""
    r = words(record)
    latest = _latest(record, width)
    for field in range(width):
        if texts >> field & 1 == 0:
            continue
        for i in range(LOG, LOG + width * r[COUNT], width):
            if r[i + field] != NOTHING:
                marks[r[i + field]] = 1
        if r[latest] != NOTHING and r[latest + field] != NOTHING:
            marks[r[latest + field]] = 1


@compiled((INTS, INT, TABLE, TABLE), frees=False)
def read_heads(
    records: "npt.NDArray[np.int64]",
    width: int,
    heads: "npt.NDArray[np.int64]",
    latest: "npt.NDArray[np.int64]",
) -> None:
    """The first words of each record, and the latest entry that was dropped."""
    for i in range(len(records)):
        r = words(records[i])
        for j in range(LOG):
            heads[i * LOG + j] = r[j]
        before = _latest(records[i], width)
        for j in range(width):
            latest[i * width + j] = r[before + j]


@compiled((INTS, INT, TABLE), frees=False)
def read_logs(records: "npt.NDArray[np.int64]", width: int, log: "npt.NDArray[np.int64]") -> None:
    """The entries of each record, one after the other."""
    at = 0
    for i in range(len(records)):
        r = words(records[i])
        for j in range(LOG, LOG + r[COUNT] * width):
            log[at] = r[j]
            at += 1


@compiled((INTS, INT, INTS, INTS, INTS), frees=False)
def write(
    records: "npt.NDArray[np.int64]",
    width: int,
    heads: "npt.NDArray[np.int64]",
    latest: "npt.NDArray[np.int64]",
    log: "npt.NDArray[np.int64]",
) -> None:
    """Write records: what :func:`read_heads` and :func:`read_logs` read."""
    at = 0
    for i in range(len(records)):
        r = words(records[i])
        for j in range(LOG):
            r[j] = heads[i * LOG + j]
        before = _latest(records[i], width)
        for j in range(width):
            r[before + j] = latest[i * width + j]
        for j in range(LOG, LOG + r[COUNT] * width):
            r[j] = log[at]
            at += 1


@compiled((INT, INT), frees=False)
def summary(record: int, width: int) -> tuple[int, int, int]:
    """How far a record's time has come, how many entries it holds, and the time of the latest."""
    r = words(record)
    latest = r[LOG + (r[COUNT] - 1) * width] if r[COUNT] else r[TIME]
    return r[TIME], r[COUNT], latest


@compiled((INT, INT), frees=False)
def set_due(record: int, due: int) -> None:
    """Look at a record then."""
    words(record)[DUE] = due
