"""What responses mean, how long to wait, and where the other side is."""

from email.utils import formatdate

import pytest

from engine.errors import InputError
from engine.live.backoff import Backoff, retry_after
from engine.live.endpoint import check_key, read_endpoint
from engine.live.flag import Outcome
from engine.live.notices import Silent
from engine.live.reach import Reach
from engine.live.tls import client_tls
from engine.live.verdict import Verdict, verdict

YES = b'{"success": true, "reason": "Response recorded successfully"}'
NO = b'{"success": false, "reason": "Transaction expired or not found"}'
SILENT = "the reply does not say whether it is recorded"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, YES, Verdict(Outcome.RECORDED, "Response recorded successfully")),
        (201, b'{"success":true,"more":[1]}', Verdict(Outcome.RECORDED, None)),
        (200, NO, Verdict(Outcome.REFUSED, "Transaction expired or not found")),
        (200, b'{"success": "true"}', Verdict(Outcome.RETRY, SILENT)),
        (200, b'{"success": 1}', Verdict(Outcome.RETRY, SILENT)),
        (200, b"{}", Verdict(Outcome.RETRY, SILENT)),
        (204, b"", Verdict(Outcome.RETRY, SILENT)),
        (200, b"<html>", Verdict(Outcome.RETRY, SILENT)),
        (200, b'{"success":true,"reason":"\xff"}', Verdict(Outcome.RECORDED, "\ufffd")),
        (200, b'{"success":true,"reason":null}', Verdict(Outcome.RECORDED, None)),
        (200, b'{"success":false,"reason":[7]}', Verdict(Outcome.REFUSED, None)),
        (200, b'{"success":"yes"}', Verdict(Outcome.RETRY, SILENT)),
        (200, b'{"x":' + b"[" * 60_000, Verdict(Outcome.RETRY, SILENT)),
        (302, YES, Verdict(Outcome.RETRY, "Response recorded successfully")),
        (400, b"", Verdict(Outcome.REFUSED, None)),
        (401, b'{"reason":"Invalid API key"}', Verdict(Outcome.REFUSED, "Invalid API key")),
        (404, YES, Verdict(Outcome.REFUSED, "Response recorded successfully")),
        (408, b"", Verdict(Outcome.RETRY, None)),
        (409, b"", Verdict(Outcome.REFUSED, None)),
        (425, b"", Verdict(Outcome.RETRY, None)),
        (429, NO, Verdict(Outcome.RETRY, "Transaction expired or not found")),
        (500, b"oops", Verdict(Outcome.RETRY, None)),
        (503, b"", Verdict(Outcome.RETRY, None)),
        (599, b"", Verdict(Outcome.RETRY, None)),
    ],
)
def test_verdicts(status: int, body: bytes, expected: Verdict) -> None:
    assert verdict(status, body) == expected


def test_reasons_are_bounded() -> None:
    found = verdict(200, b'{"success":false,"reason":"' + b"x" * 10_000 + b'"}')
    assert found.reason == "x" * 200


def test_waits_grow_and_are_bounded() -> None:
    backoff = Backoff(0.2, 30.0)
    ceilings = [backoff.ceiling(failures) for failures in (1, 2, 3, 8, 9, 10_000)]
    assert ceilings == [0.2, 0.4, 0.8, 25.6, 30.0, 30.0]
    waits = [backoff.wait(failures) for failures in range(1, 200)]
    assert all(0.0 <= wait <= 30.0 for wait in waits)
    assert len(set(waits)) == len(waits)
    assert backoff.wait(1, told=3.0) == 3.0
    assert backoff.wait(1, told=1e9) == 30.0


def test_retry_after_in_seconds_or_as_a_date() -> None:
    now = 1_700_000_000
    assert retry_after(b"7", now * 1_000_000) == 7.0
    assert retry_after(formatdate(now + 9, usegmt=True).encode(), now * 1_000_000) == 9.0
    assert retry_after(formatdate(now - 9, usegmt=True).encode(), now * 1_000_000) == 0.0
    for unread in (None, b"", b"-1", b"soon", b"\xff", b"9" * 50, b"Mon, 99 Foo 0000 00:00:00 GMT"):
        assert retry_after(unread, now * 1_000_000) == 0.0


def test_while_nothing_can_be_reached_one_attempt_at_a_time_finds_out() -> None:
    reach = Reach(Backoff(1.0, 1.0), Silent())
    assert reach.room(0.0, 16, 3) == 16
    reach.mark_lost(0.0, "refused")
    held = reach.next_at(0.0, 0)
    assert held is None or 0.0 < held <= 1.0
    assert reach.room(1.0, 16, 0) == 1
    assert reach.room(1.0, 0, 0) == 0
    assert reach.room(1.0, 16, 1) == 0
    assert reach.next_at(1.0, 0) is None
    reach.mark_reached()
    assert reach.room(1.0, 16, 1) == 16


def test_endpoints() -> None:
    found = read_endpoint("https://Example.org:8443/api/flag?a=b", "--flag")
    assert (found.secure, found.host, found.port) == (True, "example.org", 8443)
    assert (found.authority, found.target) == ("example.org:8443", "/api/flag?a=b")
    assert found.shown == "https://Example.org:8443/api/flag"
    plain = read_endpoint("http://[::1]", "--flag")
    assert (plain.host, plain.port, plain.authority, plain.target) == ("::1", 80, "[::1]", "/")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            "ftp://a/",
            "http://",
            "http:///x",
            "http://a:b/",
            "http://a:99999/",
            "http://[x/",
        ),
        *(
            "http://a/ b",
            "http://a/\r\nX: y",
            "http://é/",
            "http://a/#b",
            "http://a/" + "b" * 3_000,
        ),
    ],
)
def test_what_is_no_endpoint_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="--flag"):
        read_endpoint(url, "--flag")


def test_a_password_in_an_url_is_refused_and_not_shown() -> None:
    with pytest.raises(InputError) as refused:
        read_endpoint("http://user:secret@host/", "--flag")
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("key", ["", "a b", "a\n", "é", "x" * 201])
def test_what_is_no_key_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(InputError) as refused:
        check_key(key, "KEY")
    assert key not in str(refused.value) or not key
    check_key("x" * 200, "KEY")


def test_certificates_that_cannot_be_read_are_refused(tmp_path: object) -> None:
    from pathlib import Path

    empty = Path(str(tmp_path)) / "ca.pem"
    with pytest.raises(InputError, match="--ca-file"):
        client_tls(empty, insecure=False)
    empty.write_text("nothing")
    with pytest.raises(InputError, match="--ca-file"):
        client_tls(empty, insecure=False)
    with pytest.raises(InputError, match="--insecure"):
        client_tls(empty, insecure=True)
