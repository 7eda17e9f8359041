"""Events on their way into the query: JSON lines, many of them as one text.

Rows of their own would cost Spark and Python ten times what is done with them.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Final

import msgspec


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
    rank, partition
        Events of a micro-batch are in the order of their ranks, partitions and offsets.
    """

    offset: int
    arrival: int
    event: str | None
    id: str = ""
    rank: int = 0
    partition: int = 0


_encode: Final = msgspec.json.Encoder().encode_lines
_decode: Final = msgspec.json.Decoder(Line).decode_lines
_order: Final = attrgetter("rank", "partition", "offset")


def written(lines: Iterable[Line]) -> bytes:
    """Lines as a text."""
    return _encode(list(lines))


def read(text: bytes | str) -> list[Line]:
    """The lines of a text."""
    return _decode(text)


def in_order(texts: Iterable[bytes | str]) -> list[Line]:
    """The lines of some texts, in the order in which their events came."""
    return sorted((line for text in texts for line in read(text)), key=_order)
