"""As much of HTTP/1.1 as posting flags needs (RFC 9112), strict and bounded. No network here."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

MOST_HEAD_BYTES: Final = 16_384
MOST_BODY_BYTES: Final = 65_536

_END: Final = b"\r\n\r\n"
_LINE_END: Final = b"\r\n"
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t -~\x80-\xff]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([ -~\x80-\xff\t]*?)[ \t]*")
_LENGTH: Final = re.compile(rb"[0-9]{1,9}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,6})[ \t]*(?:;[\t -~\x80-\xff]*)?")
_MOST_CHUNK_LINE: Final = 256
_MOST_INTERIM: Final = 8
# A head is that of an interim response, which another one follows; 101 would be another protocol.
_SWITCHING: Final = 101
_FIRST_FINAL: Final = 200
_NO_CONTENT: Final = frozenset({204, 304})
# Instead of the length of a body that has none.
_TO_THE_END: Final = -1  # of the connection
_IN_CHUNKS: Final = -2


class GarbledError(Exception):
    """What came is no response of HTTP/1.1, or more than is read of one."""


class Response(NamedTuple):
    """A response that is complete. A tuple: there is one for each flag.

    Parameters
    ----------
    status
        The code.
    body
        The content, decoded from chunks.
    retry_after
        That header as it came, if there was one.
    keeps
        Whether the connection may be used again.
    """

    status: int
    body: bytes
    retry_after: bytes | None
    keeps: bool


@dataclass(frozen=True, slots=True)
class _Head:
    status: int
    length: int
    keeps: bool
    retry_after: bytes | None


class ResponseParser:
    """Takes the bytes of a connection, on which responses come in the order of their requests."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._interim = 0
        self._body = bytearray()  # of chunks
        self._left = 0  # of the chunk that is under way, its line end included
        self._trailing = False  # whether the last chunk was there and the trailer is not

    @property
    def begun(self) -> bool:
        """Whether a response has begun that is not complete."""
        return self._head is not None or bool(self._buffer)

    def feed(self, data: bytes) -> list[Response]:
        """Take in bytes, and tell the responses that they complete, in their order.

        Raises
        ------
        GarbledError
            If one cannot be read, or is too large.
        """
        found: list[Response] = []
        # Nearly always whole responses come, and have a length.
        if self._head is None and not self._buffer:
            start = _take_whole(data, found)
            if start == len(data):
                return found
            data = data[start:]
        self._buffer += data
        while (response := self._take()) is not None:
            found.append(response)
        return found

    def end(self) -> Response | None:
        """The response that the end of the connection completes; None if it completes none."""
        head = self._head
        if head is None or head.length != _TO_THE_END:
            return None
        return Response(head.status, bytes(self._buffer), head.retry_after, keeps=False)

    def _take(self) -> Response | None:
        while self._head is None:
            if not self._take_head():
                return None
        return self._take_body(self._head)

    def _take_head(self) -> bool:
        buffer = self._buffer
        end = buffer.find(_END, 0, MOST_HEAD_BYTES)
        if end < 0:
            if len(buffer) >= MOST_HEAD_BYTES:
                raise GarbledError("the headers are too large")
            return False
        head = _head(bytes(buffer[:end]))
        del buffer[: end + len(_END)]
        if head.status >= _FIRST_FINAL:
            self._head = head
            return True
        self._interim += 1
        if head.status == _SWITCHING or self._interim > _MOST_INTERIM:
            raise GarbledError("interim responses that were not asked for")
        return True

    def _take_body(self, head: _Head) -> Response | None:
        buffer = self._buffer
        if head.length == _IN_CHUNKS:
            return self._take_chunks(head)
        if head.length == _TO_THE_END:
            if len(buffer) > MOST_BODY_BYTES:
                raise GarbledError("the response is too large")
            return None
        if len(buffer) < head.length:
            return None
        body = bytes(buffer[: head.length])
        del buffer[: head.length]
        return self._whole(head, body)

    def _take_chunks(self, head: _Head) -> Response | None:
        buffer = self._buffer
        while True:
            if self._left:
                if len(buffer) < self._left:
                    return None
                part = buffer[: self._left]
                if not part.endswith(_LINE_END):
                    raise GarbledError("a chunk does not end where it says")
                self._body += part[: -len(_LINE_END)]
                del buffer[: self._left]
                self._left = 0
            line = self._take_line()
            if line is None:
                return None
            if self._trailing:
                if not line:
                    return self._whole(head, bytes(self._body))
                continue  # what stands in a trailer is nothing that is needed
            size = _chunk_size(line)
            if len(self._body) + size > MOST_BODY_BYTES:
                raise GarbledError("the response is too large")
            self._trailing = size == 0
            self._left = size + len(_LINE_END) if size else 0

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(_LINE_END, 0, _MOST_CHUNK_LINE)
        if end < 0:
            if len(self._buffer) >= _MOST_CHUNK_LINE:
                raise GarbledError("a line between chunks is too long")
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + len(_LINE_END)]
        return line

    def _whole(self, head: _Head, body: bytes) -> Response:
        """Tell the response, and be ready for the next."""
        self._head = None
        self._interim = 0
        self._body.clear()
        self._trailing = False
        return Response(head.status, body, head.retry_after, head.keeps)


def _take_whole(data: bytes, found: list[Response]) -> int:
    """Add the responses that are there whole and have a length; where what is left begins."""
    start = 0
    while start < len(data):
        end = data.find(_END, start, start + MOST_HEAD_BYTES)
        if end < 0:
            break
        head = _head(data[start:end])
        body = end + len(_END)
        if head.length < 0 or head.status < _FIRST_FINAL or body + head.length > len(data):
            break
        start = body + head.length
        found.append(Response(head.status, data[body:start], head.retry_after, head.keeps))
    return start


def _chunk_size(line: bytes) -> int:
    found = _CHUNK.fullmatch(line)
    if found is None:
        raise GarbledError("the size of a chunk cannot be read")
    return int(found[1], 16)


# Responses to flags have the same few heads again and again, but for a date that counts seconds.
@lru_cache(maxsize=64)
def _head(content: bytes) -> _Head:
    """Read a head, without the empty line at its end.

    Raises
    ------
    GarbledError
        If it is none of HTTP/1.1, or where the response ends could be read in two ways.
    """
    first, *lines = content.split(_LINE_END)
    found = _STATUS_LINE.fullmatch(first)
    if found is None:
        raise GarbledError("no status line of HTTP/1.1")
    status = int(found[2])
    headers = _headers(lines)
    connection = headers.get(b"connection", b"").lower()
    keeps = b"close" not in connection if found[1] == b"1" else b"keep-alive" in connection
    length = _length(status, headers)
    keeps = keeps and length != _TO_THE_END
    return _Head(status, length, keeps, headers.get(b"retry-after"))


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise GarbledError("a header cannot be read")
        name, value = found[1].lower(), found[2]
        if name in headers and name in {b"content-length", b"transfer-encoding"}:
            raise GarbledError(f"{name.decode()} is there twice")
        headers.setdefault(name, value)
    return headers


def _length(status: int, headers: dict[bytes, bytes]) -> int:
    """How many bytes the body has, or how else it ends."""
    coding = headers.get(b"transfer-encoding")
    length = headers.get(b"content-length")
    if status < _FIRST_FINAL or status in _NO_CONTENT:
        return 0
    if coding is not None:
        if coding.lower() != b"chunked" or length is not None:
            raise GarbledError("the body is coded in a way that was not asked for")
        return _IN_CHUNKS
    if length is None:
        return _TO_THE_END
    if not _LENGTH.fullmatch(length):
        raise GarbledError("the content-length is no number")
    if int(length) > MOST_BODY_BYTES:
        raise GarbledError("the response is too large")
    return int(length)
