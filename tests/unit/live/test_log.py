"""What is said can be read by machines and by people, and tells no secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import TextIO

import pytest

from engine.live.log import Routed, make_log, route_others

KEY = "sesame-sesame-open"


class Closed(io.StringIO):
    """A stream that cannot be written."""

    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


def said(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    names = ("httpx", "httpcore", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio")
    levels = {name: logging.getLogger(name).level for name in names}
    yield
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, Routed)]:
        root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_line_of_json_each() -> None:
    stream = io.StringIO()
    log = make_log(stream)
    log.info("stream open", url="https://x.org/stream", after="7", again_in=0.25)
    log.warning("a\nb", what=["ü", None, {"x": 1}])
    first, second = said(stream)
    assert str(first.pop("timestamp")).endswith("+00:00")
    assert first == {
        "level": "info",
        "event": "stream open",
        "url": "https://x.org/stream",
        "after": "7",
        "again_in": 0.25,
    }
    assert (second["event"], second["level"]) == ("a\nb", "warning")
    assert second["what"] == ["ü", None, {"x": 1}]
    assert "ü" in stream.getvalue()


def test_for_the_eye() -> None:
    stream = io.StringIO()
    make_log(stream, pretty=True).warning("stream lost", why="no byte for 60 s")
    line = stream.getvalue()
    assert "stream lost" in line
    assert "why='no byte for 60 s'" in line
    assert "{" not in line
    assert "\x1b" not in line  # no terminal, no colours


@pytest.mark.parametrize("pretty", [False, True])
def test_nothing_is_said_that_is_nobodys_business(*, pretty: bool) -> None:
    stream = io.StringIO()
    log = make_log(stream, pretty=pretty, secrets=["", KEY])
    log.info("key", key="<" + KEY, nested={"a": [f"x{KEY}y"], KEY: 1})
    log.info("asked", url="https://user:pass@x.org/a?token=hush#part", why="GET http://y/z?q=hush")
    log.info("card", why="'4000111122223333'", other="4000 1111 2222 3333", ssn="123-45-6789")
    log.info("object", it=ValueError("4000-1111-2222-3333"))
    text = stream.getvalue()
    for secret in (KEY, "hush", "pass", "user", "400011", "4000 1", "4000-1", "123-45"):
        assert secret not in text
    assert "https://***@x.org/a" in text
    assert "************3333" in text


@pytest.mark.parametrize("pretty", [False, True])
def test_an_error_is_told_without_its_values(*, pretty: bool) -> None:
    stream = io.StringIO()
    log = make_log(stream, pretty=pretty, secrets=[KEY])
    number = "4000111122223333"
    nothing: dict[str, int] = {}
    try:
        nothing[number]
    except KeyError:
        log.exception("failed")
    text = stream.getvalue()
    assert "test_an_error_is_told_without_its_values" in text
    assert number not in text


def test_numbers_stay_numbers() -> None:
    stream = io.StringIO()
    make_log(stream).info("at", wall=1_700_000_000_123_456, id="6dd90f61ec3b9def0c3f7d0a2c4a5b1e")
    (line,) = said(stream)
    assert line["wall"] == 1_700_000_000_123_456
    assert line["id"] == "6dd90f61ec3b9def0c3f7d0a2c4a5b1e"


def test_what_is_endless_is_cut() -> None:
    stream = io.StringIO()
    make_log(stream).info("x", why="y" * 100_000)
    assert len(stream.getvalue()) < 5_000


@pytest.mark.parametrize("stream", [Closed(), io.StringIO()])
def test_a_log_that_cannot_be_written_stops_nothing(stream: TextIO) -> None:
    if not isinstance(stream, Closed):
        stream.close()
    make_log(stream, pretty=False).warning("lost")


def test_what_libraries_say() -> None:
    stream = io.StringIO()
    log = make_log(stream, secrets=[KEY])
    route_others(log)
    route_others(log)  # once is enough
    logging.getLogger("httpx").info("HTTP Request: GET https://x/?key=%s", KEY)
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.access").error("127.0.0.1 GET /?x=1")
    logging.getLogger("asyncio").warning("Executing %s took %.3f seconds", "x", 1.5)
    logging.getLogger("uvicorn.error").error("failed with %s", KEY)
    odd = logging.LogRecord("odd", logging.ERROR, "", 1, "odd %s", ("a", KEY), None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Routed):
            handler.emit(odd)
    assert [(one["logger"], one["level"], one["event"]) for one in said(stream)] == [
        ("asyncio", "warning", "Executing x took 1.500 seconds"),
        ("uvicorn.error", "error", "failed with ***"),
        ("odd", "error", "a notice that cannot be worded"),
    ]
