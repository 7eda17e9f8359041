"""What the one who sees all events tells those who each hold a part of the state.

Whether an event is history, late or astray depends on all that came before it, of whatever card. It
is told with the event, so that whoever holds the event's cards need not have seen the others.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Final, NamedTuple

import msgspec

from engine.backends.online.labels import NEVER

Row = tuple[Any, ...]


class Kind(IntEnum):
    """What becomes of an event.

    ``SCORED`` is scored and becomes history, ``ALONE`` is scored as if it were the first of its
    keys, as its clock is not believed, ``HISTORY`` is one of these that is believed after all, and
    ``REFUSED`` could not be read.
    """

    SCORED = 0
    ALONE = 1
    HISTORY = 2
    REFUSED = 3


class Order(NamedTuple):
    """One event, and what becomes of it.

    Parameters
    ----------
    kind
        That.
    epoch
        How often the stream began anew, by then: of what was before, nothing is history.
    watermark
        How far the stream had come before it; ``NEVER`` if it had not.
    event_id
        Its id; None if that could not be read.
    row
        The values of ``OnlineFeatures.columns``; None of what was refused.
    text
        What is kept of it, as the ledger has it; None of what was refused, and of history.
    reason
        What of it could not be read; None if nothing.
    """

    kind: Kind
    epoch: int
    watermark: int
    event_id: str | None
    row: Row | None = None
    text: str | None = None
    reason: str | None = None


class Ordered(NamedTuple):
    """An order on its way.

    Parameters
    ----------
    sequence
        The event's place among all that came; that of the event that it came with, if of history.
    arrival
        When it came, in microseconds since 1970 UTC.
    order
        The order.
    """

    sequence: int
    arrival: int
    order: Order


# As a state keeps it: the kind, the epoch, the watermark and the row.
Followed = tuple[int, int, int | None, Row]

_encode: Final = msgspec.msgpack.Encoder().encode
_Written = tuple[
    int, int, int, int, int | None, str | None, tuple[Any, ...] | None, str | None, str | None
]
_decode: Final = msgspec.msgpack.Decoder(list[_Written]).decode
_decode_followed: Final = msgspec.msgpack.Decoder(
    list[tuple[int, int, int | None, tuple[Any, ...]]]
).decode


def written(orders: Sequence[Ordered]) -> bytes:
    """Orders as bytes; whole numbers and floats are as they were when they are read."""
    return _encode(
        [
            (sequence, arrival, int(order.kind), order.epoch, instant(order.watermark), *order[3:])
            for sequence, arrival, order in orders
        ]
    )


def read(content: bytes) -> list[Ordered]:
    """The orders that :func:`written` has written."""
    return [
        Ordered(
            sequence,
            arrival,
            Order(Kind(kind), epoch, or_never(watermark), event_id, row, text, reason),
        )
        for sequence, arrival, kind, epoch, watermark, event_id, row, text, reason in _decode(
            content
        )
    ]


def followed(orders: list[Followed]) -> bytes:
    """What has become history, as bytes."""
    return _encode(orders)


def read_followed(content: bytes) -> list[Followed]:
    """What :func:`followed` has written."""
    return _decode_followed(content)


def instant(watermark: int) -> int | None:
    """A watermark as it is written."""
    return None if watermark == NEVER else watermark


def or_never(watermark: int | None) -> int:
    """A watermark that was written."""
    return NEVER if watermark is None else watermark
