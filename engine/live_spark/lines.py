"""Events on their way into the query: JSON lines, many of them as one text.

A line that cannot be read is one of its own, which says so: what has come once comes again until it
has been worked through, so nothing that comes may be a failure.

Rows of their own would cost Spark and Python ten times what is done with them.
"""

from collections.abc import Iterable, Iterator
from operator import attrgetter
from typing import Final

import msgspec

NO_LINE: Final = "not a line with offset, arrival and event"


class Line(msgspec.Struct, omit_defaults=True, gc=False):
    """An event.

    Parameters
    ----------
    offset
        Its place in its partition.
    arrival
        When it came, in microseconds since 1970 UTC.
    event
        Its JSON; None if it was larger than an event may be.
    id
        The stream's id of it; empty if it has none.
    rank, topic, partition
        Events of a micro-batch are in the order of their ranks, topics, partitions and offsets.
    fault
        Why it could not be read; empty if it could.
    """

    offset: int
    arrival: int
    event: str | None
    id: str = ""
    rank: int = 0
    topic: str = ""
    partition: int = 0
    fault: str = ""


_encode: Final = msgspec.json.Encoder().encode_lines
_decode: Final = msgspec.json.Decoder(Line).decode_lines
_decode_one: Final = msgspec.json.Decoder(Line).decode
_order: Final = attrgetter("rank", "topic", "partition", "offset")


_UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def written(lines: Iterable[Line]) -> bytes:
    """Lines as a text."""
    return _encode(list(lines))


def read(text: bytes | str) -> list[Line]:
    """The lines of a text; one that cannot be read has the place of the one before."""
    try:
        return _decode(text)
    except _UNREADABLE:
        return list(_one_by_one(text.encode() if isinstance(text, str) else bytes(text)))


def _one_by_one(text: bytes) -> Iterator[Line]:
    before = Line(0, 0, None)
    for one in text.split(b"\n"):
        if not one.strip():
            continue
        try:
            before = _decode_one(one)
        except _UNREADABLE:
            before = msgspec.structs.replace(before, event=None, fault=NO_LINE)
        yield before


def in_order(texts: Iterable[bytes | str]) -> list[Line]:
    """The lines of some texts, in the order in which their events came."""
    return sorted((line for text in texts for line in read(text)), key=_order)
