"""Requests are read as RFC 9112 has them, or refused; in pieces or many at once."""

import pytest

from replay.judge.http import MOST_BODY_BYTES, MOST_HEAD_BYTES, RefusedError, Request, take_request

HEAD = b"Host: judge\r\nX-API-Key:  secret \r\n"
POST = b"POST /api/flag?x=1 HTTP/1.1\r\n" + HEAD + b"Content-Length: 4\r\n\r\nbody"
GET = b"GET /score HTTP/1.1\r\n" + HEAD + b"Connection: Close\r\n\r\n"


def test_requests_one_after_the_other() -> None:
    buffer = bytearray(POST + GET + POST[:-1])
    headers = {b"host": b"judge", b"x-api-key": b"secret", b"content-length": b"4"}
    assert take_request(buffer) == Request(
        "POST", "/api/flag", headers, b"body", closes=False, chunks=True
    )
    second = take_request(buffer)
    assert second is not None
    assert (second.method, second.path, second.body, second.closes) == ("GET", "/score", b"", True)
    assert take_request(buffer) is None
    buffer += b"y"
    assert take_request(buffer) is not None
    assert not buffer


def test_a_request_in_single_bytes() -> None:
    buffer = bytearray()
    for byte in POST[:-1]:
        buffer.append(byte)
        assert take_request(buffer) is None
    buffer += POST[-1:]
    assert take_request(buffer) == take_request(bytearray(POST))


def test_an_empty_line_before_a_request_is_passed_over() -> None:
    buffer = bytearray()
    for byte in b"\r\n" + POST + b"\r\n" + POST[:-1]:
        buffer.append(byte)
        if buffer.endswith(b"body"):
            assert take_request(buffer) == take_request(bytearray(POST))
        else:
            assert take_request(buffer) is None
    buffer = bytearray(GET + b"\r\n")
    assert take_request(buffer) is not None
    assert take_request(buffer) is None
    assert not buffer  # nothing that would have to become a request in time


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://judge/score", "/score"),
        (b"HTTPS://judge:8765/api/flag?x=http://y/z", "/api/flag"),
        (b"http://[::1]:1/", "/"),
        (b"http://judge", "/"),
        (b"http://judge?x=/score", "/"),
        (b"/http://judge/score", "/http://judge/score"),
    ],
)
def test_a_target_may_name_the_host_too(target: bytes, path: str) -> None:
    request = take_request(bytearray(b"GET %b HTTP/1.1\r\nHost: x\r\n\r\n" % target))
    assert request is not None
    assert (request.method, request.path) == ("GET", path)


@pytest.mark.parametrize(
    ("version", "closes", "chunks"),
    [(b"1.0", True, False), (b"1.1", False, True), (b"1.9", False, True)],
)
def test_versions(version: bytes, closes: bool, chunks: bool) -> None:  # noqa: FBT001 - of pytest
    head = b"POST /api/flag HTTP/%b\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody" % version
    request = take_request(bytearray(head))
    assert request is not None
    assert (request.body, request.closes, request.chunks) == (b"body", closes, chunks)


def test_http_1_0_needs_no_host_and_expects_nothing() -> None:
    head = b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nConnection: keep-alive\r\n"
    request = take_request(bytearray(head + b"Content-Length: 1\r\n\r\nx"))
    assert request is not None
    assert request.closes


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /\r\n\r\n", 400),
        (b"get / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http:///x HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET ftp://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET x/y HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET http://x/y HTTP/1.1\r\n\r\n", 400),
        (b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"x" * 2048), 400),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/0.9\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nC: d\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411),
        (b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n", 417),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (MOST_BODY_BYTES + 1), 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"b" * MOST_HEAD_BYTES, 431),
        (b"\x16\x03\x01\x02\r\n\r\n", 400),
    ],
)
def test_what_is_against_the_rules_is_refused(request_: bytes, status: int) -> None:
    with pytest.raises(RefusedError) as refused:
        take_request(bytearray(request_))
    assert refused.value.status == status
