"""From what came to canonical events, and to what is wrong with the others. No clock, no state."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from engine.live.decided import Figures
from engine.live.intake import API, Piece
from engine.live.readable import EventReader
from engine.live.sse import Event

# What keeps a connection alive, and is no transaction.
BEATS: Final = frozenset({"ping", "heartbeat", "keepalive", "keep-alive"})
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
    reason, field
        What was wrong with it, as the quarantine words it, and with which column; None if nothing.
    claimed
        What of the stream it came with too, if it came of the API first; None if it did not.
    """

    piece: Piece
    event_id: str | None
    values: tuple[Any, ...] | None = None
    reason: str | None = None
    field: str | None = None
    claimed: Piece | None = None

    def claim(self, piece: Piece) -> None:
        """It came of the stream too, whose flag is due."""
        if self.piece.source == API and self.claimed is None:
            self.claimed = piece


@dataclass(slots=True)
class Incoming:
    """What came in one micro-batch.

    Parameters
    ----------
    taken
        Events, in their order.
    stream_id
        The last ``id`` of the stream among them; None if it had none.
    figures
        Of each piece its signs of life, and amounts with more decimals than declared.
    """

    taken: list[Taken] = field(default_factory=list)
    stream_id: str | None = None
    figures: dict[Piece, Figures] = field(default_factory=dict)


def read_pieces(reader: EventReader, pieces: list[Piece]) -> Incoming:
    """Read what came."""
    incoming = Incoming()
    add = incoming.taken.append
    for piece in pieces:
        figures = incoming.figures[piece] = Figures()
        for event in piece.events:
            if isinstance(event, Event):
                incoming.stream_id = event.id or incoming.stream_id
                if event.name in BEATS:
                    figures.beats += 1
                    continue
                raw: Mapping[str, Any] | str = _object_of(event.data)
            else:
                raw = event
            if isinstance(raw, str):
                add(Taken(piece, None, None, raw))
                continue
            event_id, values, reason, rounded, column = reader.read(raw)
            figures.rounded += rounded
            add(Taken(piece, event_id, values, reason, column))
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
    """What only Python's own reader takes, as half a surrogate pair: the id may be well.

    Bytes that are no UTF-8 are read as U+FFFD, as every reader of such streams does (WHATWG).
    """
    try:
        return json.loads(data.decode(errors="replace"))
    except (ValueError, RecursionError):
        return None
