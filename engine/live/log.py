"""What is said, as lines of JSON or for the eye, with nothing in it that is nobody's business."""

import io
import logging
import re
import sys
from collections.abc import Iterable, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from engine.clock import wall_us

# Card and social security numbers, wherever they stand; an instant in microseconds is no text.
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){11,}|\d{3}-\d{2}-\d{4}")
_QUERY: Final = re.compile(r"(?<=://)([^\s?'\"#]+)[?#][^\s'\"]*")
_USER: Final = re.compile(r"(?<=://)[^\s/@'\"]+@")
_MASK: Final = "***"
_SHOWN_DIGITS: Final = 4
_MOST_CHARACTERS: Final = 4_000
_US: Final = 1_000_000
# Loggers of others, and from where on they are heard. Theirs are notices of single requests with
# their URLs, and what anybody may send to a port.
_OTHERS: Final = {
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
    "uvicorn": logging.ERROR,
    "uvicorn.error": logging.ERROR,
    "uvicorn.access": logging.CRITICAL,
    "asyncio": logging.WARNING,
}


class Scrubber:
    """Takes secrets, long numbers, and queries of URLs out of what is said.

    It is a net: whoever says something leaves them out in the first place.

    Parameters
    ----------
    secrets
        What must not be said, such as keys; empty ones are passed over.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))

    def __call__(
        self, _logger: object, _name: str, said: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        """Scrub the particulars; ``timestamp`` and ``level`` are ours."""
        return {
            name: value if name in {"timestamp", "level"} else self.clean(value)
            for name, value in said.items()
        }

    def clean(self, value: object) -> object:
        """A value without them; what is no number, text or list of such is written as text."""
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return self._text(value)
            case list() | tuple():
                return [self.clean(one) for one in value]
            case dict():
                return {self._text(str(name)): self.clean(one) for name, one in value.items()}
            case _:
                return self._text(str(value))

    def _text(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        if "://" in text:
            text = _USER.sub(f"{_MASK}@", _QUERY.sub(r"\1", text))
        text = _LONG_NUMBER.sub(_masked, text)
        return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 1] + "…"


class _Enduring(io.TextIOBase):
    """A stream whose failures are nobody's: a log that cannot be written stops nothing."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):  # a closed file is a ValueError
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def make_log(
    stream: TextIO | None = None, *, pretty: bool | None = None, secrets: Iterable[str] = ()
) -> FilteringBoundLogger:
    """A log, which is a ``notices.Log``.

    Parameters
    ----------
    stream
        Where it is written to; None for standard error.
    pretty
        Whether it is for the eye; None if that is for the stream to tell, by being a terminal.
    secrets
        What must not be said, whatever happens.
    """
    chosen = stream or sys.stderr or io.StringIO()
    is_terminal = _is_terminal(chosen)
    if pretty is None:
        pretty = is_terminal
    # Without the exceptions' local variables, which rich would show.
    for_the_eye = structlog.dev.ConsoleRenderer(
        colors=is_terminal, exception_formatter=structlog.dev.plain_traceback
    )
    processors: list[Processor] = [
        structlog.processors.add_log_level,
        _stamp,
        structlog.processors.format_exc_info,
        Scrubber(secrets),
        for_the_eye if pretty else structlog.processors.JSONRenderer(ensure_ascii=False),
    ]
    log: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(_Enduring(chosen)),  # type: ignore[arg-type] # it writes and flushes
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    return log


class Routed(logging.Handler):
    """Hands what others say to the log."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Say it in our way."""
        try:
            words = record.getMessage()
        except Exception:  # noqa: BLE001 - whatever is wrong with it; logging would print it whole
            words = "a notice that cannot be worded"
        say = self._log.error if record.levelno >= logging.ERROR else self._log.warning
        say(words, logger=record.name, exc_info=record.exc_info or None)


def route_others(log: FilteringBoundLogger) -> None:
    """Have what libraries say go to the log, and silence what they say of single requests."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if isinstance(one, Routed)]:
        root.removeHandler(handler)
    root.addHandler(Routed(log))
    for name, level in _OTHERS.items():
        logging.getLogger(name).setLevel(level)


def _is_terminal(stream: TextIO) -> bool:
    with suppress(OSError, ValueError):
        return stream.isatty()
    return False


def _stamp(_logger: object, _name: str, said: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    instant = datetime.fromtimestamp(wall_us() / _US, UTC)
    return {"timestamp": instant.isoformat(timespec="milliseconds"), **said}


def _masked(found: re.Match[str]) -> str:
    number = found.group()
    return "*" * (len(number) - _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]
