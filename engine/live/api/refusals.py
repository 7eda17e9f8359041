"""How the API refuses: as all our errors do, with what is wrong and what to do about it."""

import math
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import msgspec
from pydantic import BaseModel, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

JSON: Final = "application/json"

# Numbers of numpy among ours are told as what they are; NaN is null.
encode: Final = msgspec.json.Encoder(enc_hook=float).encode


class Refused(BaseModel):
    """Why a request is not answered."""

    what: str = Field(description="what is wrong, with the value at fault")
    hint: str = Field(description="what to do about it")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that says why there is none. It is an ASGI application.

    Parameters
    ----------
    status
        The code.
    what, hint
        As those of ``engine.errors``.
    headers
        Further ones.
    more
        Further fields of its body.
    """

    status: HTTPStatus
    what: str
    hint: str
    headers: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    def response(self) -> Response:
        """As a response."""
        body = encode({"what": self.what, "hint": self.hint} | self.more)
        return Response(body, self.status, self.headers, media_type=JSON)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await self.response()(scope, receive, send)


def too_early(seconds: float) -> Refusal:
    """A client asks for more than it may."""
    return Refusal(
        HTTPStatus.TOO_MANY_REQUESTS,
        "more than a client may ask",
        "wait as long as Retry-After says, and ask for less at a time",
        {"Retry-After": str(max(1, math.ceil(seconds)))},
    )


def unavailable(what: str, hint: str) -> Refusal:
    """There is no answer now, but there may be one soon."""
    return Refusal(HTTPStatus.SERVICE_UNAVAILABLE, what, hint, {"Retry-After": "1"})


def broken() -> Refusal:
    """A defect of ours."""
    return Refusal(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "the request failed for a reason that is ours",
        "ask again; the log says more",
    )
