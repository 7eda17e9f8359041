"""Who has told the token in a browser: a cookie that is made of it, and does not tell it."""

import hmac
import re
from hashlib import sha256
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Scope

from engine.clock import wall_us
from engine.live.api.labels import PATH as LABELS
from engine.live.dashboard.files import PREFIX as STATIC
from engine.live.dashboard.model_page import REPORT_PATH
from engine.live.dashboard.pages import PATHS as PAGES
from engine.live.dashboard.pages import login_page

LOGIN: Final = "/login"
WANTED: Final = "page"
COOKIE: Final = "sentinelpos_session"
DATA: Final = "/dashboard/"

# What the page that asks for the token needs; it is the same for everybody.
_OPEN: Final = frozenset(
    {LOGIN, *(f"{STATIC}{name}" for name in ("style.css", "icon.svg", "theme.js", "login.js"))}
)
# What else the dashboard asks for.
_PATHS: Final = frozenset({*PAGES, REPORT_PATH, LABELS})
_PURPOSE: Final = b"SentinelPOS dashboard session, 1"
_HOURS: Final = 12
_SECONDS: Final = _HOURS * 3_600
_VALUE: Final = re.compile(r"([0-9]{1,12})\.([0-9a-f]{64})")
_MICROSECONDS: Final = 1_000_000
_FIELD: Final = "token"


class Sessions:
    """Makes cookies and knows its own. They end by themselves, and with the token.

    Parameters
    ----------
    token
        The token. A cookie holds a keyed hash with it, from which nobody gets it back.
    """

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self._key = hmac.digest(self._token, _PURPOSE, sha256)

    def is_token(self, said: str) -> bool:
        """Whether somebody has told the token."""
        return hmac.compare_digest(said.strip().encode(), self._token)

    def made(self) -> str:
        """A cookie's value, good from now on for as long as a shift."""
        until = str(wall_us() // _MICROSECONDS + _SECONDS)
        return f"{until}.{self._signed(until)}"

    def admits(self, scope: Scope) -> bool:
        """Whether a request may go on without the token in its head.

        With the cookie it may ask for the dashboard, not for the rest of the API; without it for
        the page that asks for the token.
        """
        path = scope["path"]
        if path in _OPEN:
            return True
        is_ours = path in _PATHS or path.startswith((DATA, STATIC))
        return is_ours and any(self._is_good(value) for value in _cookies(scope))

    def asks(self, scope: Scope) -> ASGIApp | None:
        """The page that asks for the token, if a browser wants a page; else None."""
        wants = any(b"text/html" in value for name, value in scope["headers"] if name == b"accept")
        if scope["path"] in PAGES and wants and scope["method"] == "GET":
            return login_page(HTTPStatus.UNAUTHORIZED)
        return None

    def _is_good(self, value: str) -> bool:
        found = _VALUE.fullmatch(value)
        if found is None:
            return False
        until, signature = found.groups()
        if not hmac.compare_digest(signature, self._signed(until)):
            return False
        return wall_us() // _MICROSECONDS < int(until)

    def _signed(self, until: str) -> str:
        return hmac.new(self._key, until.encode(), sha256).hexdigest()


def session_routes(sessions: Sessions | None) -> APIRouter:
    """Logging in; without a token there is nobody to ask.

    Parameters
    ----------
    sessions
        Those of the token; None if none is needed.
    """
    router = APIRouter(include_in_schema=False)

    @router.get(LOGIN)
    async def ask() -> Response:
        """Ask for the token, if there is one."""
        return RedirectResponse("/", HTTPStatus.SEE_OTHER) if sessions is None else login_page()

    @router.post(LOGIN)
    async def log_in(request: Request) -> Response:
        """Take the token."""
        if sessions is None:
            return RedirectResponse("/", HTTPStatus.SEE_OTHER)
        try:
            said = parse_qs((await request.body()).decode("ascii"), max_num_fields=4)
        except ValueError:
            said = {}
        if not sessions.is_token(said.get(_FIELD, [""])[0]):
            return login_page(HTTPStatus.UNAUTHORIZED, "This is not the token.")
        wanted = request.query_params.get(WANTED, "")
        answer = RedirectResponse(wanted if wanted in PAGES else "/", HTTPStatus.SEE_OTHER)
        answer.set_cookie(
            COOKIE, sessions.made(), max_age=_SECONDS, path="/", httponly=True, samesite="strict"
        )
        return answer

    return router


def _cookies(scope: Scope) -> list[str]:
    found = []
    for name, value in scope["headers"]:
        if name == b"cookie":
            try:
                read = SimpleCookie(value.decode("latin-1"))
            except CookieError:
                continue
            if COOKIE in read:
                found.append(read[COOKIE].value)
    return found
