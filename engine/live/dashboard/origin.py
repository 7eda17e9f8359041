"""Whether a page of ours asks, where a browser asks."""

from http import HTTPStatus
from typing import Final

from starlette.types import Scope

from engine.live.api.refusals import Refusal

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OURS: Final = frozenset({b"same-origin", b"none"})

_ELSEWHERE: Final = Refusal(
    HTTPStatus.FORBIDDEN,
    "asked by a page from elsewhere",
    "do it on the dashboard itself",
)


def is_ours(scope: Scope) -> bool:
    """Whether a request comes from a page of ours, or from no page at all.

    Browsers say whence it comes in ``Sec-Fetch-Site``, but older ones, and all of them where there
    is neither TLS nor loopback, in ``Origin`` alone; pages cannot change either. What sends neither
    is no browser, and nobody's page makes it ask.
    """
    headers = {name: value for name, value in scope["headers"]}  # noqa: C416 - a list of pairs
    site = headers.get(b"sec-fetch-site")
    origin = headers.get(b"origin")
    if site is not None:
        return site in _OURS
    if origin is None:
        return True
    _, _, host = origin.partition(b"://")
    return bool(host) and host.lower() == headers.get(b"host", b"").lower()


def check_origin(scope: Scope) -> Refusal | None:
    """Refuse what changes something and is asked by a page from elsewhere."""
    if scope["method"] in _READS or is_ours(scope):
        return None
    return _ELSEWHERE
