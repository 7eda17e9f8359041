"""Server-sent events: bytes in, events out, as the WHATWG has it. No clock, no network.

By hand, because what there is reads lines of any length into memory and decodes every one of them,
httpx-sse too; here a line of 10 MB takes no more room than the largest event that is taken.
"""

from typing import Final, NamedTuple

MOST_EVENT_BYTES: Final = 1_048_576

_BOM: Final = b"\xef\xbb\xbf"
_DATA: Final = b"data: "
_OF_EVENTS: Final = (b"data:", b"event:", b"id:")
_MOST_ID: Final = 256
_MOST_RETRY_DIGITS: Final = 9
_MESSAGE: Final = "message"


class Event(NamedTuple):
    """An event. A tuple, as one is made for each of ten thousand a second.

    Parameters
    ----------
    name
        What kind it says it is; ``message`` if it does not say.
    id
        The last id that was sent by then, of this event or of one before; empty if none was.
    data
        Its data, as they came; None if it was too large and they were not kept.
    """

    name: str
    id: str
    data: bytes | None


class Parser:
    """Takes the bytes of one connection, in any pieces, and gives the events that are whole.

    What the end of the connection cuts off is dropped, as it is never whole.

    Parameters
    ----------
    last_id
        The last id of the connection before, which holds until there is another.
    most_bytes
        How large an event's data may be, or any line. An event beyond that is passed over to its
        end and told without its data. Of a longer line that belongs to no event nothing is told.

    Attributes
    ----------
    last_id
        That of the last event that was told, or that ended without data.
    retry
        The seconds that the other side last wanted to pass before a new connection; None if it did
        not say.
    comments
        How many there were.
    """

    def __init__(self, last_id: str = "", most_bytes: int = MOST_EVENT_BYTES) -> None:
        self.last_id = last_id
        self.retry: float | None = None
        self.comments = 0
        self._most = most_bytes
        self._rest = bytearray()  # of a line without its end, and no more of it than has to be kept
        self._at_start = True
        self._after_return = False  # a line feed that comes now belongs to the line before
        self._id = last_id
        self._name = _MESSAGE
        self._data: list[bytes] = []
        self._size = 0
        self._too_large = False

    def feed(self, data: bytes) -> list[Event]:
        """Take in bytes, and tell the events that they complete, in their order."""
        if self._after_return and data:
            self._after_return = False
            data = data.removeprefix(b"\n")
        ended = max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        if not ended:
            self._keep(data)
            return []
        self._after_return = data.endswith(b"\r")
        whole = data if ended == len(data) else data[:ended]
        if self._rest:
            self._rest += whole
            whole = bytes(self._rest)
            self._rest.clear()
        if ended < len(data):
            self._keep(data[ended:])
        if self._at_start:
            self._at_start = False
            whole = whole.removeprefix(_BOM)
        return self._lines(whole.splitlines())

    def _keep(self, part: bytes) -> None:
        """Keep the rest of a line, one byte more than may be at most, so that it shows."""
        self._rest += part[: self._room()]

    def _room(self) -> int:
        # With a byte order mark before it the first line is longer than what it says.
        return self._most + 1 + len(_BOM) - len(self._rest)

    def _lines(self, lines: list[bytes]) -> list[Event]:
        """Take lines, without their ends."""
        found: list[Event] = []
        most, held = self._most, self._data
        for line in lines:
            if len(line) > most:
                self._long(line)
            elif line.startswith(_DATA):
                # As nearly all lines are; the others may take longer.
                self._size += len(line) - len(_DATA) + 1
                if self._size <= most:
                    held.append(line[len(_DATA) :])
                else:
                    self._drop()
            elif line:
                self._field(line)
            else:
                self._end(found)
        return found

    def _end(self, found: list[Event]) -> None:
        """An empty line: what came before it is an event, if it has data."""
        self.last_id = self._id
        if self._too_large:
            found.append(Event(self._name, self._id, None))
            self._too_large = False
        elif len(self._data) == 1:
            found.append(Event(self._name, self._id, self._data[0]))
        elif self._data:
            found.append(Event(self._name, self._id, b"\n".join(self._data)))
        self._name = _MESSAGE
        self._data.clear()
        self._size = 0

    def _field(self, line: bytes) -> None:
        name, colon, value = line.partition(b":")
        if colon and not name:
            self.comments += 1
            return
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._size += len(value) + 1
                if self._size <= self._most:
                    self._data.append(value)
                else:
                    self._drop()
            case b"event":
                self._name = value.decode("utf-8", "replace") or _MESSAGE
            case b"id":
                self._take_id(value)
            case b"retry" if value.isdigit():
                # More digits than that are more than anybody waits for.
                self.retry = int(value[:_MOST_RETRY_DIGITS]) / 1_000
            case _:
                pass  # what nobody knows is passed over

    def _take_id(self, value: bytes) -> None:
        """Take an id, but none that a header could not send back, as one with a null byte."""
        text = value.decode("utf-8", "replace")
        if len(text) <= _MOST_ID and text.isprintable():
            self._id = text

    def _long(self, line: bytes) -> None:
        """A line that is longer than any may be."""
        if line.startswith(_OF_EVENTS):
            self._drop()
        elif line.startswith(b":"):
            self.comments += 1

    def _drop(self) -> None:
        self._too_large = True
        self._data.clear()
