"""What every answer has around it: headers that browsers heed, and being counted."""

import traceback
from collections.abc import Collection
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.clock import elapsed
from engine.live.api.refusals import broken
from engine.live.metrics import Metrics
from engine.live.notices import Log

# Those that an answer has already stay as they are.
_HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
_ELSEWHERE: Final = "other"


class Envelope:
    """The outermost layer. What fails behind it is said in the log and answered with a 500.

    Parameters
    ----------
    app
        What is behind it.
    metrics
        Where requests are counted.
    log
        Is told of failures, without what was asked: that may be anything.
    paths
        Those that are counted by name; all others are one.
    streams
        The paths whose answers go on for as long as they are wanted.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: Metrics,
        log: Log,
        paths: Collection[str],
        streams: Collection[str],
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log
        self._paths = frozenset(paths)
        self._streams = frozenset(streams)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request, or what is none."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"] if scope["path"] in self._paths else _ELSEWHERE
        began = elapsed()
        status: int | None = None

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                there = {name for name, _ in message["headers"]}
                added = [one for one in _HEADERS if one[0] not in there]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            await self._app(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - whatever it is, the scorer goes on
            self._log.warning(
                "a request failed", path=path, error=type(error).__name__, at=_place(error)
            )
            if status is None:
                await broken()(scope, receive, sent)
        if status is not None:
            took = None if path in self._streams else elapsed() - began
            self._metrics.answered(path, status, took)


def _place(error: Exception) -> str:
    """Where it was raised: what it says may be of somebody's event."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].name}:{frames[-1].lineno}" if frames else ""
