"""What a response to a flag means for it. Pure: the same response means the same."""

from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import msgspec

from engine.live.flag import Outcome

_RETRYABLE: Final = frozenset(
    {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
)
_MOST_REASON: Final = 200


class _Said(msgspec.Struct):
    """What the endpoint says; further fields are passed over."""

    success: bool
    reason: object = None


class _Remark(msgspec.Struct):
    reason: object


_UNREADABLE: Final = (msgspec.DecodeError, RecursionError)
_read_said: Final = msgspec.json.Decoder(_Said).decode
_read_remark: Final = msgspec.json.Decoder(_Remark).decode


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a flag, and why."""

    outcome: Outcome
    reason: str | None


# There are a handful of different responses, and they come ten thousand a second.
@lru_cache(maxsize=64)
def verdict(status: int, body: bytes) -> Verdict:
    """Judge a response.

    The code counts before the body. What says neither yes nor no, a redirect or a page among it, is
    asked again: the same flag twice does no harm, and taking silence for a yes would.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        try:
            said = _read_said(_text(body))
        except _UNREADABLE:
            return Verdict(Outcome.RETRY, "the reply does not say whether it is recorded")
        outcome = Outcome.RECORDED if said.success else Outcome.REFUSED
        return Verdict(outcome, _bounded(said.reason))
    return Verdict(Outcome.REFUSED if is_final(status) else Outcome.RETRY, _remark(body))


def is_final(status: int) -> bool:
    """Whether a code alone says that the same would be refused again."""
    return (
        HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
        and status not in _RETRYABLE
    )


def _text(body: bytes) -> str:
    """A byte that is no UTF-8 changes no verdict."""
    return body.decode(errors="replace")


def _remark(body: bytes) -> str | None:
    try:
        return _bounded(_read_remark(_text(body)).reason)
    except _UNREADABLE:
        return None


def _bounded(reason: object) -> str | None:
    """Its beginning; what is no text says nothing."""
    return reason[:_MOST_REASON] or None if isinstance(reason, str) else None
