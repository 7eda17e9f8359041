"""What a request is answered: who may come in, and where each path leads."""

import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from replay.judge.book import Book
from replay.judge.draws import Draws
from replay.judge.faults import Faults, Place
from replay.judge.flags import UNAUTHORISED, UNAVAILABLE, Answer, Flags, said
from replay.judge.http import Reply, Request
from replay.judge.plan import check_complete

_STREAM: Final = "/stream"
_FLAG: Final = "/api/flag"
_SCORE: Final = "/score"
_PAGE: Final = "/"
_METHODS: Final = {_STREAM: "GET", _FLAG: "POST", _SCORE: "GET", _PAGE: "GET"}
_TURNED_AWAY: Final = {"stream-401": UNAUTHORISED, "stream-503": UNAVAILABLE}
check_complete(Place.CONNECT, _TURNED_AWAY)

_NO_STORE: Final = b"cache-control: no-store\r\n"
_PAGE_HEADERS: Final = (
    b"content-security-policy: default-src 'none'; style-src 'unsafe-inline'; "
    b"script-src 'unsafe-inline'; connect-src 'self'\r\n"
)


@dataclass(frozen=True, slots=True)
class Streaming:
    """The answer to who may have the stream: after which event it goes on, if the client says."""

    last_id: bytes | None


class Doors:
    """The paths of the judge.

    Parameters
    ----------
    flags, book
        Where flags and counts go.
    score
        What the scoreboard shows.
    faults, seed
        Who is turned away: it follows from the seed and how many streams were asked for before.
    key
        What ``X-API-Key`` has to be.
    open_score
        Whether the score is for all who can connect, which are those of this machine.
    """

    def __init__(
        self,
        flags: Flags,
        book: Book,
        score: Callable[[], dict[str, Any]],
        faults: Faults,
        seed: int,
        key: bytes,
        *,
        open_score: bool,
    ) -> None:
        self._flags = flags
        self._book = book
        self._score = score
        self._key = key
        self._open_score = open_score
        self._turned_away = [
            (Draws(seed, name), faults[name].share, reply)
            for name, reply in _TURNED_AWAY.items()
            if name in faults
        ]
        page = files("replay.judge").joinpath("page.html").read_bytes()
        self._page = Reply(HTTPStatus.OK, page, "text/html; charset=utf-8", _PAGE_HEADERS)

    def answer(self, request: Request, now: float) -> Answer | Streaming:
        """Answer a request that came at a time."""
        method = _METHODS.get(request.path)
        if method is None:
            reason = f"No such path; there are {', '.join(_METHODS)}"
            return Answer(said(HTTPStatus.NOT_FOUND, reason))
        if request.method != method:
            allow = f"allow: {method}\r\n".encode()
            return Answer(said(HTTPStatus.METHOD_NOT_ALLOWED, f"Use {method}", headers=allow))
        if request.path == _PAGE:
            return Answer(self._page)
        if not self._may_pass(request):
            counts = self._book.posts if request.path == _FLAG else self._book.requests
            counts.unauthorised += 1
            return Answer(UNAUTHORISED)
        return self._inside(request, now)

    def _inside(self, request: Request, now: float) -> Answer | Streaming:
        if request.path == _FLAG:
            return self._flags.post(request.body, now)
        if request.path == _STREAM:
            return self._stream(request)
        content = json.dumps(self._score(), indent=2).encode() + b"\n"
        return Answer(Reply(HTTPStatus.OK, content, headers=_NO_STORE))

    def _may_pass(self, request: Request) -> bool:
        if request.path == _SCORE and self._open_score:
            return True
        return hmac.compare_digest(request.headers.get(b"x-api-key", b""), self._key)

    def _stream(self, request: Request) -> Answer | Streaming:
        number = self._book.requests.streams
        self._book.requests.streams += 1
        for draws, share, reply in self._turned_away:
            if draws.share(number) < share:
                return Answer(reply)
        return Streaming(request.headers.get(b"last-event-id"))
