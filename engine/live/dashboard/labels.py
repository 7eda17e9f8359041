"""``POST /dashboard/labels``: an analyst says what an alert turned out to be."""

import re
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from engine.errors import SentinelError
from engine.live.api.refusals import JSON, Refusal, Refused, encode, unavailable
from engine.live.errors import RefusedError
from engine.live.service import Service

PATH: Final = "/dashboard/labels"

_MOST_WHO: Final = 40
_MOST_ID: Final = 1_000
# Letters of any script, digits, and what stands in names; what could not be seen is no name.
_NAME: Final = r"[\w][\w .@'’-]*"
_WHO: Final = re.compile(_NAME)
_HINT: Final = 'send {"event_id": "…", "label": 1, "who": "your name"} as JSON'


class Said(BaseModel):
    """What is said."""

    event_id: str = Field(min_length=1, max_length=_MOST_ID)
    label: Literal[0, 1] | None = Field(
        description="1: fraud; 0: none; null: what was said before is withdrawn"
    )
    who: str = Field(
        min_length=1, max_length=_MOST_WHO, pattern=f"^{_NAME}$", description="who says so"
    )


class Recorded(BaseModel):
    """What was recorded."""

    event_id: str
    label: Literal[0, 1] | None
    who: str


class _Label(msgspec.Struct, forbid_unknown_fields=True):
    """What is said, as it is read."""

    event_id: Annotated[str, msgspec.Meta(min_length=1, max_length=_MOST_ID)]
    label: int | None
    who: Annotated[str, msgspec.Meta(min_length=1, max_length=_MOST_WHO)]


_decode: Final = msgspec.json.Decoder(_Label).decode
_NOT_JSON: Final = Refusal(
    # A page from anywhere may send a form or text without being asked.
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    "not sent as JSON",
    f"send it with Content-Type: {JSON}",
)
_NONE: Final = Refusal(
    HTTPStatus.NOT_FOUND, "no such event", "it may have been removed from the ledger"
)
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK: {"model": Recorded, "description": "it is in the ledger"},
    HTTPStatus.FORBIDDEN: {"model": Refused, "description": "asked by a page from elsewhere"},
    HTTPStatus.NOT_FOUND: {"model": Refused, "description": "no such event"},
    HTTPStatus.CONFLICT: {"model": Refused, "description": "said too often"},
    HTTPStatus.REQUEST_TIMEOUT: {"model": Refused, "description": "the body came too slow"},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": Refused, "description": "too much"},
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {"model": Refused, "description": "not JSON"},
    HTTPStatus.UNPROCESSABLE_ENTITY: {"model": Refused, "description": "not readable"},
}


def label_routes(service: Service) -> APIRouter:
    """The route.

    Parameters
    ----------
    service
        Who records them.
    """
    router = APIRouter()

    @router.post(
        PATH,
        summary="Say what an alert turned out to be",
        operation_id="label",
        response_class=Response,
        responses=_ANSWERS,
        openapi_extra={"requestBody": {"required": True, "content": {JSON: {"schema": _schema()}}}},
    )
    async def label(request: Request) -> Response:
        """Record whether an event was fraud; of what is said of an event the last counts."""
        said = _read(request, await request.body())
        if isinstance(said, Refusal):
            return said.response()
        try:
            is_there = await service.label(said.event_id, said.label, said.who)
        except RefusedError as error:
            return Refusal(HTTPStatus.CONFLICT, error.what, error.hint).response()
        except SentinelError as error:
            return unavailable(error.what, error.hint).response()
        return Response(encode(said), media_type=JSON) if is_there else _NONE.response()

    return router


def _schema() -> dict[str, Any]:
    return Said.model_json_schema() | {"additionalProperties": False}


def _read(request: Request, body: bytes) -> _Label | Refusal:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        return _NOT_JSON
    try:
        found = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return _unreadable(f"not a label (was: {error})", _HINT)
    if found.label not in {0, 1, None}:
        return _unreadable(f"label is not 0, 1 or null (was {found.label})", _HINT)
    if not _WHO.fullmatch(found.who):
        return _unreadable("who is not a name", "use letters, digits, spaces and . @ ' -")
    return found


def _unreadable(what: str, hint: str) -> Refusal:
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, what, hint)
