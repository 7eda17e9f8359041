"""Who may ask: by which name, with which token, and how often. Before anything is read."""

import hmac
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol

from starlette.types import ASGIApp, Receive, Scope, Send

from engine.clock import elapsed
from engine.live.api.options import TOKEN_VARIABLE, ApiOptions
from engine.live.api.rate import Rate, client_of
from engine.live.api.refusals import Refusal, too_early

OPEN: Final = "/health"  # to everybody, and at any rate: a restart on a 429 would help nobody

_LOCAL_HOSTS: Final = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})

_SCHEME: Final = b"bearer"

_MISDIRECTED: Final = Refusal(
    HTTPStatus.MISDIRECTED_REQUEST,
    "not a name of this server",
    "call it by its address, such as http://127.0.0.1:8000",
)
_UNAUTHORISED: Final = Refusal(
    HTTPStatus.UNAUTHORIZED,
    "the token is missing, or is another one",
    f"send what {TOKEN_VARIABLE} holds as Authorization: Bearer …",
    {"WWW-Authenticate": "Bearer"},
)

Check = Callable[[Scope], ASGIApp | None]


class Browsers(Protocol):
    """Those who cannot send a token with each request, and tell it once."""

    def admits(self, scope: Scope) -> bool:
        """Whether a request may go on without it."""
        ...

    def asks(self, scope: Scope) -> ASGIApp | None:
        """What asks for it instead of a refusal; None if nothing does."""
        ...


class Gate:
    """Asks its checks in turn, and lets through what none of them refuses.

    Parameters
    ----------
    app
        What is behind it.
    checks
        They are asked in this order.
    """

    def __init__(self, app: ASGIApp, checks: tuple[Check, ...]) -> None:
        self._app = app
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request, or what is none."""
        if scope["type"] == "http":
            for check in self._checks:
                refusal = check(scope)
                if refusal is not None:
                    await refusal(scope, receive, send)
                    return
        await self._app(scope, receive, send)


class HostCheck:
    """Names by which the server may be called where there is no token.

    A page from anywhere may have its own name lead to 127.0.0.1 and then ask what the browser takes
    for its own server (DNS rebinding); its name is still in ``Host``.

    Parameters
    ----------
    options
        Where the server listens, and by what other names it is known.
    """

    def __init__(self, options: ApiOptions) -> None:
        own = f"[{options.host}]" if ":" in options.host else options.host
        self._names = _LOCAL_HOSTS | {name.lower().encode() for name in (own, *options.hosts)}

    def __call__(self, scope: Scope) -> Refusal | None:
        """Refuse a request that is meant for somebody else."""
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and _without_port(hosts[0]).lower() in self._names:
            return None
        return _MISDIRECTED


class TokenCheck:
    """Whether a request has the token.

    Parameters
    ----------
    token
        The token.
    browsers
        Who has told it before; None if that is not kept.
    """

    def __init__(self, token: str, browsers: Browsers | None = None) -> None:
        self._expected = token.encode()
        self._browsers = browsers

    def __call__(self, scope: Scope) -> ASGIApp | None:
        """Refuse a request without it; /health is told from it what it may say."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        if len(given) == 1:
            scheme, _, token = given[0].partition(b" ")
            # It takes as long wherever the two differ.
            if hmac.compare_digest(token.strip(b" "), self._expected) and scheme.lower() == _SCHEME:
                return None
        if scope["path"] == OPEN:
            scope["state"] = {**scope.get("state", {}), "stranger": True}
            return None
        # Who sends a wrong one is not asked again.
        if self._browsers is not None and not given:
            if self._browsers.admits(scope):
                return None
            return self._browsers.asks(scope) or _UNAUTHORISED
        return _UNAUTHORISED


class RateCheck:
    """Whether a client asks too often; one with a wrong token counts too.

    Parameters
    ----------
    rate
        What counts; whoever reads a list of events counts them too.
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate

    def __call__(self, scope: Scope) -> Refusal | None:
        """Refuse what comes too early."""
        if scope["path"] == OPEN:
            return None
        early = self._rate.wait(asker(scope), 1.0, elapsed())
        return too_early(early) if early else None


def asker(scope: Scope) -> str:
    """The client of a request, as rates have it."""
    client = scope.get("client")
    return client_of(client[0]) if client else ""


def _without_port(host: bytes) -> bytes:
    if host.startswith(b"["):
        return host.partition(b"]")[0] + b"]"
    return host.partition(b":")[0]
