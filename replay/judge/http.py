"""As much of HTTP/1.1 as the judge needs (RFC 9112), strict and bounded. No network here.

Clients of HTTP/1.0 are answered as well: after the reply, or the stream, the connection ends.

It is written by hand because the judge must not be what a measurement of its clients measures:
a request costs some ten microseconds of Python here, five to ten times that in the frameworks.
"""

import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

MOST_HEAD_BYTES: Final = 16_384
MOST_BODY_BYTES: Final = 16_384
JSON: Final = "application/json"

_LINE_END: Final = b"\r\n"
_END: Final = b"\r\n\r\n"
_REQUEST_LINE: Final = re.compile(rb"([A-Z]{1,16}) ([!-~]{1,2048}) HTTP/([0-9]\.[0-9])")
_ABSOLUTE: Final = re.compile(rb"(?i:https?)://[^/?#]+(/[^?#]*)?(?:\?[^#]*)?")
_FIELD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([ -~\x80-\xff\t]*)")
_LENGTH: Final = re.compile(rb"[0-9]{1,9}")
# Twice and different, these would have a request read in two ways.
_ONCE: Final = frozenset({b"content-length", b"host", b"x-api-key", b"last-event-id"})
_STATUS_LINES: Final = {
    status: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
_CLOSES: Final = b"connection: close\r\n"


class RefusedError(Exception):
    """A request that cannot be read; after the reply the connection ends."""

    def __init__(self, status: HTTPStatus, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Request:
    """A request.

    Parameters
    ----------
    method
        Such as ``GET``.
    path
        The target without its query.
    headers
        By name in lower case.
    body
        As it came.
    closes
        Whether the connection ends after the reply: the client wants it to, or is of HTTP/1.0.
    chunks
        Whether the client can read chunks, as those of HTTP/1.1 can.
    """

    method: str
    path: str
    headers: dict[bytes, bytes]
    body: bytes
    closes: bool
    chunks: bool


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that is complete.

    Parameters
    ----------
    status
        The code.
    body
        The content.
    kind
        The content's media type.
    headers
        Further header lines, each with its end.
    """

    status: HTTPStatus
    body: bytes
    kind: str = JSON
    headers: bytes = b""
    _usual: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Most replies are one of a few, and go to clients that stay.
        object.__setattr__(self, "_usual", self._encode(closes=False, bare=False))

    def encode(self, *, closes: bool, bare: bool = False) -> bytes:
        """The reply's bytes.

        Parameters
        ----------
        closes
            Whether the connection ends after it.
        bare
            Whether it has no content, as to ``HEAD``.
        """
        return self._encode(closes=closes, bare=bare) if closes or bare else self._usual

    def _encode(self, *, closes: bool, bare: bool) -> bytes:
        head = b"%bcontent-type: %b\r\n%b%b" % (
            _STATUS_LINES[self.status],
            self.kind.encode(),
            self.headers,
            _CLOSES if closes else b"",
        )
        if bare:
            return head + b"\r\n"
        return b"%bcontent-length: %d\r\n\r\n%b" % (head, len(self.body), self.body)


_STREAM_HEAD: Final = (
    _STATUS_LINES[HTTPStatus.OK] + b"content-type: text/event-stream\r\ncache-control: no-store\r\n"
)


def stream_head(*, closes: bool, chunks: bool) -> bytes:
    """What goes before a stream, which has no length: it ends with its connection."""
    return b"%b%b%b\r\n" % (
        _STREAM_HEAD,
        _CLOSES if closes else b"",
        b"transfer-encoding: chunked\r\n" if chunks else b"",
    )


def chunk(content: bytes) -> bytes:
    """A chunk of a stream."""
    return b"%x\r\n%b\r\n" % (len(content), content)


def take_request(buffer: bytearray) -> Request | None:
    """Take the first request from what has come, None if it has not come whole.

    Raises
    ------
    RefusedError
        If it is too large, against the rules, or of a kind that is not taken here.
    """
    if buffer.startswith(_LINE_END):  # which some send after a body, without counting it
        del buffer[: len(_LINE_END)]
    end = buffer.find(_END, 0, MOST_HEAD_BYTES)
    if end < 0:
        if len(buffer) >= MOST_HEAD_BYTES:
            raise RefusedError(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too large"
            )
        return None
    line, *lines = bytes(buffer[:end]).split(_LINE_END)
    method, path, is_old = _request_line(line)
    headers = _headers(lines)
    if b"host" not in headers and not is_old:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "there is no host header")
    length = _length(method, headers, is_old=is_old)
    start = end + len(_END)
    if len(buffer) < start + length:
        return None
    body = bytes(buffer[start : start + length])
    del buffer[: start + length]
    closes = is_old or b"close" in headers.get(b"connection", b"").lower()
    return Request(method, path, headers, body, closes, chunks=not is_old)


def _request_line(line: bytes) -> tuple[str, str, bool]:
    """The method, the path, and whether it is HTTP/1.0."""
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "no request line of HTTP/1.1")
    method, target, version = found.groups()
    # Whoever speaks a later version with this first digit understands this one (RFC 9110, 2.5).
    if not version.startswith(b"1."):
        raise RefusedError(
            HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.1 and HTTP/1.0 are spoken here"
        )
    return method.decode(), _path(target).decode(), version == b"1.0"


def _path(target: bytes) -> bytes:
    if target.startswith(b"/"):
        return target.partition(b"?")[0]
    found = _ABSOLUTE.fullmatch(target)
    if found is None:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the target is neither a path nor a URL")
    return found[1] or b"/"


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in lines:
        found = _FIELD.fullmatch(line)
        if found is None:
            raise RefusedError(HTTPStatus.BAD_REQUEST, "a header cannot be read")
        name = found[1].lower()
        if name in headers and name in _ONCE:
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name.decode()} is there twice")
        headers[name] = found[2].strip(b" \t")
    return headers


def _length(method: str, headers: dict[bytes, bytes], *, is_old: bool) -> int:
    if b"transfer-encoding" in headers:
        raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "give a content-length, no chunks")
    if b"expect" in headers and not is_old:
        raise RefusedError(HTTPStatus.EXPECTATION_FAILED, "nothing can be expected here")
    length = headers.get(b"content-length")
    if length is None:
        if method == "POST":
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "there is no content-length")
        return 0
    if not _LENGTH.fullmatch(length):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "the content-length is no number")
    if int(length) > MOST_BODY_BYTES:
        raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large")
    return int(length)
