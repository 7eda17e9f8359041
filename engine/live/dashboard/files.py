"""``GET /static/…``: style, script and what charts are made of, each with a tag of its content."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from engine.errors import SentinelError
from engine.live.api.refusals import Refusal, unavailable
from engine.live.dashboard.made import Made

PREFIX: Final = "/static/"

_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}
_PACKAGE: Final = "engine.live.dashboard"


@dataclass(frozen=True, slots=True)
class Static:
    """A file as it is served.

    Parameters
    ----------
    content
        All of it.
    kind
        Its media type.
    tag
        Another one for every other content.
    """

    content: bytes
    kind: str
    tag: str


def static_of(name: str, content: bytes) -> Static:
    """A file of that name; what it is follows from that."""
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    return Static(content, _KINDS[name.rpartition(".")[2]], tag)


def shipped() -> Mapping[str, Static]:
    """The files that come with the package, by name."""
    return {
        path.name: static_of(path.name, path.read_bytes())
        for path in files(_PACKAGE).joinpath("static").iterdir()
        if path.name.rpartition(".")[2] in _KINDS
    }


def static_routes(made: Made) -> APIRouter:
    """The route.

    Parameters
    ----------
    made
        What is not shipped but made once.
    """
    router = APIRouter(include_in_schema=False)
    known = dict(shipped())

    @router.get(f"{PREFIX}{{name}}")
    async def static(name: str, request: Request) -> Response:
        """A file, unless the browser has it."""
        found = known.get(name)
        if found is None and name in Made.NAMES:
            try:
                found = static_of(name, await made.content(name))
            except SentinelError as error:
                return unavailable(error.what, error.hint).response()
            known[name] = found
        if found is None:
            return _NONE.response()
        return answered(found, request)

    return router


def answered(found: Static, request: Request) -> Response:
    """A file, or the word that the browser has it already."""
    # Kept, but asked for anew each time: that costs a round trip, and no page is ever half old.
    headers = {"ETag": found.tag, "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == found.tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(found.content, headers=headers, media_type=found.kind)


_NONE: Final = Refusal(HTTPStatus.NOT_FOUND, "not found", "what there is the pages name")
