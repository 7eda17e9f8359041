"""Responses are read as RFC 9112 has them, or refused; in pieces, and never without bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.live.http import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    GarbledError,
    Response,
    ResponseParser,
)

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = OK + b"Content-Type: application/json\r\nContent-Length: 4\r\n\r\nbody"
CHUNKED = (
    OK + b"Transfer-Encoding: Chunked\r\n\r\n2\r\nbo\r\n002;a=b\r\ndy\r\n0\r\nTrailer: x\r\n\r\n"
)
TO_THE_END = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 7\r\n\r\nbody"
INTERIM = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + LENGTH
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"
FULL = Response(200, b"body", None, keeps=True)
WHOLE = {
    "length": (LENGTH, FULL),
    "chunked": (CHUNKED, FULL),
    "interim": (INTERIM, FULL),
    "empty": (EMPTY, Response(204, b"", None, keeps=True)),
    "no body": (OK + b"Content-Length: 0\r\n\r\n", Response(200, b"", None, keeps=True)),
    "no chunks": (
        OK + b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        Response(200, b"", None, keeps=True),
    ),
    "closes": (
        OK + b"Connection: close\r\nContent-Length: 4\r\n\r\nbody",
        Response(200, b"body", None, keeps=False),
    ),
    "old": (
        b"HTTP/1.0 429 \r\nContent-Length:4\r\nretry-after:  3 \r\n\r\nbody",
        Response(429, b"body", b"3", keeps=False),
    ),
    "no phrase": (b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody", FULL),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_response_whole_and_in_single_bytes(name: str) -> None:
    content, expected = WHOLE[name]
    parser = ResponseParser()
    for _ in range(2):  # the second time as on a connection that was kept
        assert parser.feed(content) == [expected]
        assert [parser.feed(bytes([byte])) for byte in content] == [
            *[[]] * (len(content) - 1),
            [expected],
        ]
        assert parser.end() is None


@given(st.lists(st.sampled_from(sorted(WHOLE)), min_size=1, max_size=4), st.data())
def test_pieces_make_no_difference(names: list[str], draw: st.DataObject) -> None:
    content = b"".join(WHOLE[name][0] for name in names)
    cuts = sorted(draw.draw(st.lists(st.integers(0, len(content)), max_size=6)))
    parser = ResponseParser()
    pieces = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    found = [one for piece in filter(None, pieces) for one in parser.feed(piece)]
    assert found == [WHOLE[name][1] for name in names]
    assert not parser.begun


def test_a_response_that_the_end_of_the_connection_ends() -> None:
    parser = ResponseParser()
    assert parser.feed(TO_THE_END) == []
    assert parser.feed(b", all of it") == []
    assert parser.end() == Response(503, b"body, all of it", b"7", keeps=False)


@pytest.mark.parametrize("content", [LENGTH[:-1], CHUNKED[:-1], LENGTH[:20], b""])
def test_what_the_end_cuts_off_is_no_response(content: bytes) -> None:
    parser = ResponseParser()
    assert parser.feed(content) == []
    assert parser.end() is None


@pytest.mark.parametrize(
    "content",
    [
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"200 OK\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 099 ?\r\n\r\n",
        b"HTTP/1.1 2000 ?\r\n\r\n",
        b"\r\n\r\n" + LENGTH,
        OK + b"Content-Length : 4\r\n\r\nbody",
        OK + b"A: b\r\n folded\r\n\r\n",
        OK + b"A: b\nContent-Length: 4\r\n\r\nbody",
        OK + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody",
        OK + b"Content-Length: -4\r\n\r\nbody",
        OK + b"Content-Length: 4, 4\r\n\r\nbody",
        OK + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nxx\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nbody\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9,
        LENGTH + b"\r\n\r\n",
    ],
)
def test_what_is_against_the_rules_is_refused(content: bytes) -> None:
    with pytest.raises(GarbledError):
        ResponseParser().feed(content)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (OK + b"A: ", b"b" * 1_000),
        (b"", b"x" * 1_000),
        (OK + b"\r\n", b"x" * 1_000),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"100\r\n" + b"x" * 256 + b"\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", b"0" * 1_000),
        (OK + b"Content-Length: %d\r\n\r\n" % (MOST_BODY_BYTES + 1), b""),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (MOST_BODY_BYTES + 1), b""),
    ],
)
def test_no_more_is_read_than_there_may_be(head: bytes, piece: bytes) -> None:
    parser = ResponseParser()

    def read() -> None:
        parser.feed(head)
        for _ in range((MOST_HEAD_BYTES + MOST_BODY_BYTES) // max(1, len(piece)) + 2):
            parser.feed(piece)

    with pytest.raises(GarbledError):
        read()


@given(st.binary(max_size=200))
def test_garbage_is_refused_or_waited_for(content: bytes) -> None:
    parser = ResponseParser()
    try:
        found = parser.feed(content)
    except GarbledError:
        return
    assert found == []
