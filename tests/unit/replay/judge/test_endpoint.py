"""The endpoint for flags, and the scoreboard, over sockets."""

import asyncio
import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

import pytest

from processes import PATIENCE_SECONDS
from replay.judge import leaving as leaving_module
from replay.judge import server as server_module
from replay.judge.http import MOST_HEAD_BYTES
from unit.replay.judge.cases import faults, flag, log_of
from unit.replay.judge.clients import HEADERS, Running, judging, run

COUNT = 40
RECORDED = {"success": True, "reason": "Response recorded successfully"}
EXPIRED = {"success": False, "reason": "Transaction expired or not found"}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return log_of(tmp_path, COUNT)


async def sent(running: Running) -> None:
    """Have the whole stream sent."""
    talk = await running.stream()
    await talk.events(COUNT)
    talk.close()


def test_flags_are_recorded_and_judged(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            await sent(running)
            talk = await running.connect()
            for number in range(COUNT):  # fraud is every fifth; every tenth is flagged
                talk.post(flag(f"event-{number}", int(number % 10 == 0)))
                answer = await talk.answer()
                assert (answer.status, answer.json) == (200, RECORDED)
                assert answer.headers["content-type"] == "application/json"
            score = await running.score()
            assert (score["response_rate"], score["on_time_share"]) == (1.0, 1.0)
            assert score["detection"]["precision"] == 1.0
            assert score["detection"]["recall"] == 0.5
            assert score["done"] is True
            assert 0 <= score["latency_seconds"]["p50"] <= score["latency_seconds"]["p99"]

    run(test())


def test_the_first_flag_stands(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            await sent(running)
            replies = [
                (await running.post(flag(event_id, value))).json
                for event_id, value in [
                    ("event-0", 0),
                    ("event-0", 0),
                    ("event-0", 1),
                    ("event-x", 0),
                    ("other-1", 0),
                ]
            ]
            assert replies == [RECORDED, RECORDED, EXPIRED, EXPIRED, EXPIRED]
            flags = (await running.score())["flags"]
            assert (flags["recorded"], flags["duplicate"], flags["contradictory"]) == (1, 1, 1)
            assert flags["not_found"] == 2

    run(test())


def test_what_is_late_or_was_not_sent_has_expired(log: Path) -> None:
    async def test() -> None:
        async with judging(log, deadline=1e-9) as running:
            assert (await running.post(flag("event-0", 0))).json == EXPIRED
            await sent(running)
            assert (await running.post(flag("event-0", 0))).json == EXPIRED
            score = await running.score()
            assert (score["flags"]["not_found"], score["flags"]["late"]) == (1, 1)
            assert score["response_rate"] == 1 / COUNT
            assert score["on_time_share"] == 0.0
            assert score["done"] is True

    run(test())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[" * 5000,
        b"[]",
        {"trans_num": "event-0"},
        {"trans_num": "event-0", "flag_value": 0, "more": 1},
        flag("event-0", 2),
        flag("event-0", True),  # noqa: FBT003 - a flag that is none
        flag("event-0", "0"),
        flag("event-0", 0.0),
        flag("event-0", None),
        {"trans_num": 7, "flag_value": 0},
    ],
)
def test_what_is_no_flag_is_refused(log: Path, body: object) -> None:
    async def test() -> None:
        async with judging(log) as running:
            await sent(running)
            answer = await running.post(body)
            assert (answer.status, answer.json["success"]) == (400, False)
            score = await running.score()
            assert (score["flags"]["malformed"], score["flags"]["recorded"]) == (1, 0)
            assert score["requests"] == {"malformed": 0, "unauthorised": 0}

    run(test())


def test_flags_want_the_key(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            await sent(running)
            answer = await running.post(flag("event-0", 0), **{"X-API-Key": "other"})
            assert answer.status == 401
            score = await running.score()
            assert (score["flags"]["recorded"], score["flags"]["unauthorised"]) == (0, 1)
            assert score["requests"] == {"malformed": 0, "unauthorised": 0}

    run(test())


def test_paths_and_methods(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            assert (await running.ask("GET", "/nowhere")).status == 404
            for method, path, allowed in (
                ("GET", "/api/flag", "POST"),
                ("DELETE", "/stream", "GET"),
                ("OPTIONS", "/score", "GET"),
            ):
                answer = await running.ask(method, path)
                assert (answer.status, answer.headers["allow"]) == (405, allowed)
            page = await running.ask("GET", "/")
            assert page.headers["content-type"].startswith("text/html")
            assert b"http" not in page.body  # all of it is here
            score = await running.score()
            parts = [name for name, part in score.items() if isinstance(part, dict)]
            assert all(f"score.{name}".encode() in page.body for name in parts)
            assert "default-src 'none'" in page.headers["content-security-policy"]

    run(test())


@pytest.mark.parametrize(("path", "status"), [("/score", 405), ("/stream", 405), ("/x", 404)])
def test_a_reply_to_head_has_no_content(log: Path, path: str, status: int) -> None:
    async def test() -> None:
        async with judging(log) as running:
            talk = await running.connect()
            for _ in range(2):
                talk.request("HEAD", path, headers=HEADERS)
                found, headers = await talk.head()
                assert found == status
                assert "content-length" not in headers  # that of a GET would be another
            talk.request("GET", "/score", headers=HEADERS)
            assert (await talk.answer()).status == 200

    run(test())


def test_the_score_is_open_to_this_machine_alone(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            assert (await running.ask("GET", "/score", **{"X-API-Key": ""})).status == 200
        async with judging(log, open_score=False) as running:
            assert (await running.ask("GET", "/score", **{"X-API-Key": ""})).status == 401
            assert (await running.score())["requests"]["unauthorised"] == 1
            assert (await running.ask("GET", "/score")).status == 200
            assert (await running.ask("GET", "/", **{"X-API-Key": ""})).status == 200

    run(test())


def test_requests_may_come_all_at_once_and_in_pieces(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            await sent(running)
            talk = await running.connect()
            for number in range(COUNT):
                talk.post(flag(f"event-{number}", 0))
            for _ in range(COUNT):
                assert (await talk.answer()).json == RECORDED
            body = b'{"trans_num": "event-0", "flag_value": 0}'
            head = f"POST /api/flag HTTP/1.1\r\nHost: x\r\nX-API-Key: {HEADERS['X-API-Key']}\r\n"
            for byte in head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body:
                talk.send(bytes([byte]))
                await asyncio.sleep(0)
            assert (await talk.answer()).json == RECORDED

    run(test())


def test_a_connection_ends_when_the_client_says_so(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            talk = await running.connect()
            talk.request("GET", "/score", headers=HEADERS | {"Connection": "close"})
            answer = await talk.answer()
            assert (answer.status, answer.headers["connection"]) == (200, "close")
            assert await talk.ended()
            assert "connection" not in (await running.ask("GET", "/score")).headers

    run(test())


def test_http_1_0_is_answered_and_the_connection_ends(log: Path) -> None:
    async def test() -> None:
        async with judging(log) as running:
            await sent(running)
            body = b'{"trans_num": "event-0", "flag_value": 0}'
            talk = await running.connect()
            head = f"POST /api/flag HTTP/1.0\r\nX-API-Key: {HEADERS['X-API-Key']}\r\n"
            talk.send(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            answer = await talk.answer()
            assert (answer.json, answer.headers["connection"]) == (RECORDED, "close")
            assert await talk.ended()

    run(test())


@pytest.mark.parametrize(
    ("sent_bytes", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * MOST_HEAD_BYTES, 431),
        (b"POST /api/flag HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
    ],
)
def test_what_breaks_the_rules_ends_the_connection(
    log: Path, sent_bytes: bytes, status: int
) -> None:
    async def test() -> None:
        async with judging(log) as running:
            talk = await running.connect()
            talk.send(sent_bytes)
            answer = await talk.answer()
            assert (answer.status, answer.headers["connection"]) == (status, "close")
            assert await talk.ended()
            score = await running.score()
            assert score["requests"] == {"malformed": 1, "unauthorised": 0}
            assert not any(score["flags"].values())

    run(test())


@pytest.mark.parametrize("tls", [False, True])
def test_who_sends_far_too_much_before_it_reads_is_told_so(log: Path, tls: bool) -> None:  # noqa: FBT001 - of pytest
    def post(port: int) -> int:
        trusting = ssl.create_default_context(cafile=str(ca)) if tls else None
        connection = (
            HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
            if trusting is None
            else HTTPSConnection("localhost", port, timeout=PATIENCE_SECONDS, context=trusting)
        )
        with closing(connection):
            connection.request("POST", "/api/flag", b"x" * 5_000_000, HEADERS)
            return connection.getresponse().status

    async def test() -> None:
        async with judging(log, tls=tls, ca_out=ca if tls else None) as running:
            assert await asyncio.to_thread(post, running.port) == 413

    ca = log.parent / "ca.pem"
    run(test())


@pytest.mark.parametrize(("most", "seconds"), [(2**16, 3_600.0), (2**62, 0.5)])
def test_who_goes_on_after_a_refusal_is_cut_off(
    log: Path, monkeypatch: pytest.MonkeyPatch, most: int, seconds: float
) -> None:
    monkeypatch.setattr(leaving_module, "_MOST_DROPPED", most)
    monkeypatch.setattr(leaving_module, "_MOST_SECONDS", seconds)

    async def test() -> None:
        async with judging(log) as running:
            talk = await running.connect()
            talk.send(b"nonsense\r\n\r\n")
            assert (await talk.answer()).status == 400
            assert await talk.ended()
            assert running.judge.server.connections
            while running.judge.server.connections:
                talk.send(b"GET /score HTTP/1.1\r\n")
                await asyncio.sleep(0)
            assert (await running.score())["requests"]["malformed"] == 1

    run(test())


def test_connections_are_bounded_in_number_and_in_time(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "_MOST_CONNECTIONS", 2)
    monkeypatch.setattr(server_module, "_SWEEP_SECONDS", 0.01)
    monkeypatch.setattr(server_module, "_REQUEST_SECONDS", 0.0)

    async def test() -> None:
        async with judging(log, rate=0.001) as running:
            streaming = await running.stream()
            halfway = await running.connect()
            halfway.send(b"GET /sco")
            assert await halfway.ended()  # it took too long
            await streaming.events(1)  # it did not, for it has nothing to say
            idle = await running.connect()
            one_too_many = await running.connect()
            assert await one_too_many.ended()
            idle.close()

    run(test())


def test_a_flood_while_a_reply_waits_is_not_taken_in(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("flag-slow=200ms@1")) as running:
            await sent(running)
            talk = await running.connect()
            talk.post(flag("event-0", 0))
            for _ in range(3_000):
                talk.request("GET", "/nowhere", headers=HEADERS)
            assert (await talk.answer()).json == RECORDED
            for _ in range(3_000):
                assert (await talk.answer()).status == 404

    run(test())


async def codes_of(running: Running, attempts: int) -> list[list[int]]:
    """The codes that each event's posts are answered, 0 where the connection ends instead."""
    found = []
    for number in range(COUNT):
        codes = []
        for _ in range(attempts):
            try:
                codes.append((await running.post(flag(f"event-{number}", 0))).status)
            except (asyncio.IncompleteReadError, ConnectionError):
                codes.append(0)
        found.append(codes)
    return found


@pytest.mark.parametrize(
    ("name", "code"), [("flag-401", 401), ("flag-429", 429), ("flag-503", 503), ("flag-reset", 0)]
)
def test_some_posts_fail_the_same_ones_each_time(log: Path, name: str, code: int) -> None:
    async def test() -> None:
        runs = []
        for _ in range(2):
            async with judging(log, faults=faults(f"{name}=0.5")) as running:
                await sent(running)
                runs.append(await codes_of(running, 3))
                flags = (await running.score())["flags"]
            failed = sum(codes.count(code) for codes in runs[-1])
            recorded = sum(200 in codes for codes in runs[-1])
            assert flags["failed_on_purpose"] == failed
            assert flags["recorded"] == recorded
            assert flags["duplicate"] == 3 * COUNT - failed - recorded
        assert runs[0] == runs[1]
        assert {code for codes in runs[0] for code in codes} == {200, code}
        assert len({tuple(codes) for codes in runs[0]}) > 2

    run(test())


def test_who_is_told_to_wait_is_told_how_long(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("flag-429=1")) as running:
            await sent(running)
            assert (await running.post(flag("event-0", 0))).headers["retry-after"] == "1"

    run(test())


def test_a_reply_may_be_lost_after_the_flag_was_recorded(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("flag-lost=0.5")) as running:
            await sent(running)
            codes = await codes_of(running, 2)
            flags = (await running.score())["flags"]
            assert (flags["recorded"], flags["duplicate"]) == (COUNT, COUNT)
            assert {code for pair in codes for code in pair} == {0, 200}

    run(test())


def test_a_slow_reply_does_not_make_the_flag_late(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("flag-slow=1h@1")) as running:
            await sent(running)
            talk = await running.connect()
            talk.post(flag("event-0", 1))
            while not (score := await running.score())["flags"]["recorded"]:
                pass
            assert score["detection"]["true_positives"] == 1
            assert not talk.reader._buffer  # type: ignore[attr-defined] # what has come
            talk.close()

    run(test())


@pytest.mark.parametrize("tls", [False, True])
def test_a_client_that_reads_no_replies_is_not_read_on(log: Path, *, tls: bool) -> None:
    ca = log.parent / "ca.pem"

    async def test() -> None:
        async with judging(log, tls=tls, ca_out=ca if tls else None) as running:
            running.tls = ssl.create_default_context(cafile=str(ca)) if tls else None
            size = len((await running.ask("GET", "/")).body)
            talk = await running.connect()
            count = 32 * 2**20 // size  # far more than the system itself holds on the way
            talk.reader._transport.pause_reading()  # type: ignore[attr-defined] # it has one
            for _ in range(count):
                talk.request("GET", "/", headers=HEADERS)
            largest = still = 0
            while still < 20:  # until nothing moves any more
                await asyncio.sleep(0.01)
                held = [
                    one._transport.get_write_buffer_size()
                    for one in running.judge.server.connections
                    if one._transport is not None
                ]
                still = still + 1 if held and max(held) == largest else 0
                largest = max([largest, *held])
            assert largest < 2 * server_module._HIGH_WATER
            talk.reader._transport.resume_reading()  # type: ignore[attr-defined] # it has one
            for _ in range(count):
                answer = await talk.answer()
                assert (answer.status, len(answer.body)) == (200, size)
            talk.request("GET", "/score", headers=HEADERS)
            assert (await talk.answer()).json["done"] is False

    run(test())


def test_the_end_of_the_stream_is_not_when_somebody_looked(log: Path) -> None:
    async def test() -> None:
        async with judging(log, rate=1_000.0) as running:
            talk = await running.stream()
            await talk.events(1)
            talk.close()
            await asyncio.sleep(0.1)
            stream = running.judge.score()["stream"]
            assert stream["due"] == COUNT
            assert stream["seconds_to_the_end"] == (COUNT - 1) / 1_000

    run(test())


def test_a_slow_reply_says_that_the_connection_ends(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("flag-slow=1ms@1")) as running:
            await sent(running)
            talk = await running.connect()
            talk.post(flag("event-0", 1), {"Connection": "close"})
            assert (await talk.answer()).headers["connection"] == "close"
            assert await talk.ended()

    run(test())


def test_an_event_may_have_expired_whatever_the_time(log: Path) -> None:
    async def test() -> None:
        async with judging(log, faults=faults("flag-expired=0.5")) as running:
            await sent(running)
            replies = [
                [(await running.post(flag(f"event-{number}", 0))).json for _ in range(2)]
                for number in range(COUNT)
            ]
            assert all(first == second for first, second in replies)
            gone = sum(first == EXPIRED for first, _ in replies)
            assert 0 < gone < COUNT
            score = await running.score()
            assert score["events"]["withdrawn"] == gone
            assert (score["response_rate"], score["on_time_share"]) == (1.0, 1.0)

    run(test())


def test_tls_is_verified_with_the_certificate_that_was_written(log: Path) -> None:
    ca = log.parent / "ca.pem"

    async def test() -> None:
        async with judging(log, tls=True, ca_out=ca) as running:
            trusting = ssl.create_default_context(cafile=str(ca))
            trusting.verify_flags |= ssl.VERIFY_X509_STRICT
            running.tls = trusting
            await sent(running)
            assert (await running.post(flag("event-0", 0))).json == RECORDED
            running.tls = ssl.create_default_context()
            with pytest.raises(ssl.SSLCertVerificationError):
                await running.connect()
            running.tls = None
            plain = await running.connect()
            plain.request("GET", "/score", headers=HEADERS)
            assert await plain.ended()

    run(test())
    assert b"PRIVATE" not in ca.read_bytes()
    assert {path.name for path in log.parent.iterdir()} == {"ca.pem", "log.csv"}
