"""Bodies, bounded in size and in time before they are read whole."""

import asyncio
import re
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.live.api.refusals import Refusal

_LENGTH: Final = re.compile(rb"[0-9]{1,18}")
_TOO_SLOW: Final = Refusal(
    HTTPStatus.REQUEST_TIMEOUT, "the body did not come in time", "send it at once"
)


class _TooLargeError(Exception):
    """There is more of a body than is read."""


class _GoneError(Exception):
    """The client has gone before its body was there."""


class Body:
    """Hands on requests with their bodies whole.

    Parameters
    ----------
    app
        What is behind it.
    most
        How many bytes a body may have.
    patience
        Seconds within which it has to be there.
    """

    def __init__(self, app: ASGIApp, most: int, patience: float) -> None:
        self._app = app
        self._most = most
        self._patience = patience
        self._too_large = Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"a body of more than {most:,} bytes",
            "send fewer events at a time",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request, or what is none."""
        if scope["type"] != "http" or not _has_body(scope):
            await self._app(scope, receive, send)
            return
        declared = next((text for name, text in scope["headers"] if name == b"content-length"), b"")
        if _LENGTH.fullmatch(declared) and int(declared) > self._most:
            await self._too_large(scope, receive, send)
            return
        try:
            async with asyncio.timeout(self._patience):
                body = await self._read(receive)
        except _TooLargeError:
            await self._too_large(scope, receive, send)
        except TimeoutError:
            await _TOO_SLOW(scope, receive, send)
        except _GoneError:
            pass
        else:
            await self._app(scope, _Again(body, receive), send)

    async def _read(self, receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise _GoneError
            body += message.get("body", b"")
            if len(body) > self._most:
                raise _TooLargeError
            if not message.get("more_body"):
                return bytes(body)


class _Again:
    """Tells a body that was read, and then what comes after it."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


def _has_body(scope: Scope) -> bool:
    return any(name in {b"content-length", b"transfer-encoding"} for name, _ in scope["headers"])
