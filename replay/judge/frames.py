"""The bytes of the stream: events framed as server-sent events, with what is wrong about them."""

import json
import re
from collections.abc import Callable
from typing import Final

from replay.judge.draws import Draws
from replay.judge.faults import Faults, Place
from replay.judge.journal import Journal
from replay.judge.plan import BITS, Plan, check_complete
from replay.judge.wire import EVENT_ID, TIME

KEEP_ALIVE: Final = b": keep-alive\n\n"

_CLOCK: Final = "clock-back"  # no edit of one event: all that come after it are behind
_NAMED: Final = b"event: transaction\n"
_COMMENT: Final = b": a comment, which says nothing\n\n"
_PING: Final = b'event: ping\ndata: {"alive":true}\n\n'
_UNKNOWN: Final = b'{"risk_hint":{"model":"v9","scores":[0.5,null]},"channel":"chip","'
_GARBAGE_BYTES: Final = 48
# Neither ends a line, and both are on every line of garbage: it is never UTF-8.
_NO_UTF8: Final = b"\xff\xfe"
_LINE_ENDS: Final = bytes.maketrans(b"\r\n", b"..")
_NONSENSE: Final = b'[{"?":"\\u0000"}]'
_TIME: Final = re.compile(rb'(?<="' + TIME.encode() + rb'":)("?)([0-9]{1,18})(?=["},])')


class Frames:
    """What goes over the wire in each place of a plan; the same bytes whenever it is asked.

    Parameters
    ----------
    journal
        The events.
    plan
        Where which of them is sent.
    faults
        How large the faults are.
    seed
        What chance there is in their content comes from it.
    ids
        Whether events have an ``id:``, which is their place, counted from 1.
    """

    def __init__(
        self, journal: Journal, plan: Plan, faults: Faults, seed: int, *, ids: bool
    ) -> None:
        self._journal = journal
        # Single values of lists are read in a third of the time of those of arrays.
        self._events: list[int] = plan.events.tolist()
        self._marks: list[int] = plan.marks.tolist()
        self._jumps: list[int] | None = None
        if _CLOCK in faults:
            self._jumps = (plan.clock_jumps * round(faults[_CLOCK].size)).tolist()
        self._faults = faults
        self._ids = ids
        self._field = Draws(seed, "field")
        self._garbage = Draws(seed, "garbage")

    def at(self, place: int) -> bytes:
        """All that is sent in a place."""
        number, marks = self._events[place], self._marks[place]
        data = self._journal[number]
        if self._jumps is not None and self._jumps[place]:
            data = _earlier(data, self._jumps[place])
        head = b"id: %d\ndata: " % (place + 1) if self._ids else b"data: "
        if not marks:
            return head + data + b"\n\n"
        before = b""
        for name, insert in INSERTS.items():
            if marks & BITS[name]:
                before += insert(self, number)
        for name, edit in EDITS.items():
            if marks & BITS[name]:
                head, data = edit(self, number, head, data)
        return before + head + data + b"\n\n"

    def comment(self, _number: int) -> bytes:
        """A line that clients pass over."""
        return _COMMENT

    def ping(self, _number: int) -> bytes:
        """An event that is no transaction."""
        return _PING

    def retry(self, _number: int) -> bytes:
        """How long to wait before reconnecting, in milliseconds."""
        return b"retry: %d\n\n" % round(self._faults["retry"].size * 1000)

    def long(self, _number: int) -> bytes:
        """A line that goes on and on."""
        return b"data: " + b"x" * int(self._faults["long"].size) + b"\n\n"

    def garbage(self, number: int) -> bytes:
        """An event that is neither JSON nor UTF-8; a line end or a null byte may be in it."""
        words = range(_GARBAGE_BYTES // 8)
        noise = b"".join(self._garbage.bits(number, word).to_bytes(8, "big") for word in words)
        return b"data: " + _NO_UTF8 + noise.translate(_LINE_ENDS) + b"\n\n"

    def named(self, _number: int, head: bytes, data: bytes) -> tuple[bytes, bytes]:
        """The event under a name."""
        return _NAMED + head, data

    def unknown(self, _number: int, head: bytes, data: bytes) -> tuple[bytes, bytes]:
        """Fields that nobody knows before the others."""
        return head, data.replace(b'{"', _UNKNOWN, 1)

    def missing(self, number: int, head: bytes, data: bytes) -> tuple[bytes, bytes]:
        """The event without one of its fields."""
        return head, self._chosen(number, data).sub(b"", data, count=1)

    def wrong(self, number: int, head: bytes, data: bytes) -> tuple[bytes, bytes]:
        """Nonsense in one of the fields."""
        return head, self._chosen(number, data).sub(
            lambda found: found[1] + _NONSENSE, data, count=1
        )

    def _chosen(self, number: int, data: bytes) -> "re.Pattern[bytes]":
        names = [name for name in json.loads(data) if name != EVENT_ID]
        name = names[self._field.bits(number) % len(names)]
        # No field comes before the event's id, hence the comma. Values are never nested.
        return re.compile(rb'(,"%b":)(?:"(?:[^"\\]|\\.)*"|[^,}]*)' % re.escape(name.encode()))


_Insert = Callable[[Frames, int], bytes]
_Edit = Callable[[Frames, int, bytes, bytes], tuple[bytes, bytes]]

INSERTS: Final[dict[str, _Insert]] = {
    "comment": Frames.comment,
    "retry": Frames.retry,
    "ping": Frames.ping,
    "garbage": Frames.garbage,
    "long": Frames.long,
}
# What is nonsense or not there is so among the fields that are known.
EDITS: Final[dict[str, _Edit]] = {
    "missing": Frames.missing,
    "wrong": Frames.wrong,
    "unknown": Frames.unknown,
    "named": Frames.named,
}
check_complete(Place.BETWEEN, INSERTS)
check_complete(Place.CONTENT, (*EDITS, _CLOCK))


def _earlier(data: bytes, behind: int) -> bytes:
    return _TIME.sub(lambda found: found[1] + b"%d" % (int(found[2]) - behind), data, count=1)
