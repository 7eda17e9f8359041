"""From what came to canonical events, and to what is wrong with the others. No clock, no state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from engine.live.intake import Piece
from engine.live.readable import EventReader
from engine.live.sse import Event

# What keeps a connection alive, and is no transaction.
_BEATS: Final = frozenset({"ping", "heartbeat", "keepalive", "keep-alive"})
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode: Final = msgspec.json.Decoder().decode

TOO_LARGE: Final = "larger than an event may be"
NOT_JSON: Final = "not JSON"
NO_OBJECT: Final = "not a JSON object"


@dataclass(slots=True)
class Taken:
    """One event that came, as far as it could be read.

    Parameters
    ----------
    piece
        What it came with.
    event_id
        Its id; None if that could not be read.
    values
        The values of the columns that are kept; None if it cannot be scored.
    reason
        What was wrong with it, as the quarantine words it; None if nothing.
    """

    piece: Piece
    event_id: str | None
    values: tuple[Any, ...] | None = None
    reason: str | None = None


@dataclass(slots=True)
class Incoming:
    """What came in one micro-batch.

    Parameters
    ----------
    taken
        Events, in their order.
    stream_id
        The last ``id`` of the stream among them; None if it had none.
    beats
        How many signs of life there were.
    rounded
        How many amounts had more decimals than declared.
    """

    taken: list[Taken] = field(default_factory=list)
    stream_id: str | None = None
    beats: int = 0
    rounded: int = 0


def read_pieces(reader: EventReader, pieces: list[Piece]) -> Incoming:
    """Read what came."""
    incoming = Incoming()
    add = incoming.taken.append
    for piece in pieces:
        for event in piece.events:
            if isinstance(event, Event):
                incoming.stream_id = event.id or incoming.stream_id
                if event.name in _BEATS:
                    incoming.beats += 1
                    continue
                raw: Mapping[str, Any] | str = _object_of(event.data)
            else:
                raw = event
            if isinstance(raw, str):
                add(Taken(piece, None, None, raw))
                continue
            event_id, values, reason, rounded = reader.read(raw)
            incoming.rounded += rounded
            add(Taken(piece, event_id, values, reason))
    return incoming


def _object_of(data: bytes | None) -> Mapping[str, Any] | str:
    """The object that an event is, or what is wrong with it."""
    if data is None:
        return TOO_LARGE
    try:
        found = _decode(data)
    except _UNREADABLE:
        found = _leniently(data)
        if found is None:
            return NOT_JSON
    return found if isinstance(found, dict) else NO_OBJECT


def _leniently(data: bytes) -> Any:  # noqa: ANN401 - JSON
    """What only Python's own reader takes, as half a surrogate pair: the id may be well."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
