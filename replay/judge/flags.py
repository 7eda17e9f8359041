"""Posted flags: read, judged, and answered, rightly or not."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from replay.judge.book import Book, Verdict
from replay.judge.draws import Draws
from replay.judge.faults import Faults, Place
from replay.judge.http import Reply
from replay.judge.journal import Journal
from replay.judge.plan import check_complete

_AGAIN: Final = b"retry-after: 1\r\n"


def said(status: HTTPStatus, reason: str, *, success: bool = False, headers: bytes = b"") -> Reply:
    """A reply in the words of the endpoint."""
    body = json.dumps({"success": success, "reason": reason}).encode()
    return Reply(status, body, headers=headers)


RECORDED: Final = said(HTTPStatus.OK, "Response recorded successfully", success=True)
EXPIRED: Final = said(HTTPStatus.OK, "Transaction expired or not found")
UNAUTHORISED: Final = said(HTTPStatus.UNAUTHORIZED, "Invalid API key")
TOO_MANY: Final = said(HTTPStatus.TOO_MANY_REQUESTS, "Too many requests", headers=_AGAIN)
UNAVAILABLE: Final = said(HTTPStatus.SERVICE_UNAVAILABLE, "Unavailable", headers=_AGAIN)

# What the endpoint replies to the same flag again, and to another one, is not known. Whoever
# repeats a flag has lost the reply, and is told that it is recorded; another value is not taken,
# and that is final.
_REPLIES: Final[Mapping[Verdict, Reply]] = {
    Verdict.RECORDED: RECORDED,
    Verdict.DUPLICATE: RECORDED,
    Verdict.CONTRADICTION: EXPIRED,
    Verdict.LATE: EXPIRED,
    Verdict.WITHDRAWN: EXPIRED,
    Verdict.NOT_FOUND: EXPIRED,
}
# Instead of recording the flag: the reply; None ends the connection.
_INSTEAD: Final[Mapping[str, Reply | None]] = {
    "flag-401": UNAUTHORISED,
    "flag-429": TOO_MANY,
    "flag-503": UNAVAILABLE,
    "flag-reset": None,
}
_LOST: Final = "flag-lost"
_SLOW: Final = "flag-slow"
_EXPIRED: Final = "flag-expired"
check_complete(Place.FLAG, (*_INSTEAD, _LOST, _SLOW, _EXPIRED))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a post is answered.

    Parameters
    ----------
    reply
        The reply; None if the connection ends without one.
    after
        Seconds to wait before it.
    """

    reply: Reply | None
    after: float = 0.0


class Flags:
    """The endpoint for flags.

    What goes wrong with the n-th post for an event follows from the seed, the event and n.
    """

    def __init__(self, journal: Journal, book: Book, faults: Faults, seed: int) -> None:
        self._journal = journal
        self._book = book
        self._happens: dict[str, Callable[[int, int], bool]] = {
            name: _chance(Draws(seed, name), fault.share)
            for name, fault in faults.items()
            if fault.kind.place is Place.FLAG
        }
        self._slow_seconds = faults[_SLOW].size if _SLOW in faults else 0.0

    def post(self, body: bytes, now: float) -> Answer:
        """Take in a post, whose key was right, at a time."""
        try:
            event_id, value = _read(body)
        except ValueError as error:
            self._book.posts.malformed += 1
            return Answer(said(HTTPStatus.BAD_REQUEST, str(error)))
        number = self._journal.numbers.get(event_id)
        if number is None or not self._book.is_sent(number):
            return Answer(_REPLIES[self._book.flag(None, value, now, withdrawn=False)])
        happens, attempt = self._happens, self._book.attempt(number)
        for name, reply in _INSTEAD.items():
            if name in happens and happens[name](number, attempt):
                self._book.posts.failed_on_purpose += 1
                return Answer(reply)
        # Whether an event has expired must not change from one post to the next.
        withdrawn = _EXPIRED in happens and happens[_EXPIRED](number, 0)
        reply = _REPLIES[self._book.flag(number, value, now, withdrawn=withdrawn)]
        if _LOST in happens and happens[_LOST](number, attempt):
            return Answer(None)
        if _SLOW in happens and happens[_SLOW](number, attempt):
            return Answer(reply, self._slow_seconds)
        return Answer(reply)


def _chance(draws: Draws, share: float) -> Callable[[int, int], bool]:
    return lambda number, attempt: draws.share(number, attempt) < share


def _read(body: bytes) -> tuple[str, int]:
    """The event id and the value of a flag.

    Raises
    ------
    ValueError
        Saying what is wrong with it.
    """
    try:
        flag = json.loads(body)
    except (ValueError, RecursionError) as error:
        msg = "the body is not JSON"
        raise ValueError(msg) from error
    if not isinstance(flag, dict) or set(flag) != {"trans_num", "flag_value"}:
        msg = "the body is not an object of trans_num and flag_value"
        raise ValueError(msg)
    event_id, value = flag["trans_num"], flag["flag_value"]
    if not isinstance(event_id, str):
        msg = "trans_num is not text"
        raise ValueError(msg)  # noqa: TRY004 - one error for all that can be wrong
    if type(value) is not int or value not in {0, 1}:
        msg = "flag_value is neither 0 nor 1"
        raise ValueError(msg)
    return event_id, value
