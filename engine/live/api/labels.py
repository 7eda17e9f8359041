"""``POST /labels``: somebody says what events turned out to be, an analyst or a bank's system."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from engine.clock import elapsed
from engine.errors import SentinelError
from engine.live.api.gate import asker
from engine.live.api.options import ApiOptions
from engine.live.api.rate import Rate
from engine.live.api.refusals import JSON, Refusal, Refused, encode, too_early, unavailable
from engine.live.api.strict import NotJsonError, TwiceError, not_sent_as_json, read_json
from engine.live.errors import RefusedError, UnknownError
from engine.live.service import Service, Told

PATH: Final = "/labels"

_MOST_WHO: Final = 40
_MOST_ID: Final = 1_000
# Letters of any script, digits, and what stands in names; what could not be seen is no name.
_NAME: Final = r"[\w][\w .@'’-]*"
_WHO: Final = re.compile(_NAME)
_HINT: Final = 'send {"event_id": "…", "label": 1, "who": "your name"} as JSON, or a list of these'


class Said(BaseModel):
    """What is said."""

    event_id: str = Field(min_length=1, max_length=_MOST_ID)
    label: Literal[0, 1] | None = Field(
        description="1: fraud; 0: none; null: what was said before is withdrawn"
    )
    who: str = Field(
        min_length=1, max_length=_MOST_WHO, pattern=f"^{_NAME}$", description="who says so"
    )


class Recorded(Said):
    """What was recorded of a label."""


class Fault(BaseModel):
    """A label that was not recorded."""

    place: int = Field(description="its place in the list, from 0")
    event_id: str
    reason: str


class RecordedAll(BaseModel):
    """What was recorded of a list of labels."""

    recorded: int = Field(description="how many labels")
    faults: tuple[Fault, ...] = Field(description="the others, and why they were not")


class _Label(msgspec.Struct, forbid_unknown_fields=True):
    """What is said, as it is read."""

    event_id: Annotated[str, msgspec.Meta(min_length=1, max_length=_MOST_ID)]
    label: int | None
    who: Annotated[str, msgspec.Meta(min_length=1, max_length=_MOST_WHO)]


_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK: {"model": Recorded | RecordedAll, "description": "it is in the ledger"},
    HTTPStatus.FORBIDDEN: {"model": Refused, "description": "asked by a page from elsewhere"},
    HTTPStatus.NOT_FOUND: {"model": Refused, "description": "no such event"},
    HTTPStatus.CONFLICT: {"model": Refused, "description": "changed too often"},
    HTTPStatus.REQUEST_TIMEOUT: {"model": Refused, "description": "the body came too slow"},
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": Refused, "description": "too much"},
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {"model": Refused, "description": "not JSON"},
    HTTPStatus.UNPROCESSABLE_ENTITY: {"model": Refused, "description": "not readable"},
}


def label_routes(service: Service, options: ApiOptions, rate: Rate) -> APIRouter:
    """The route.

    Parameters
    ----------
    service
        Who records them.
    options
        How much may be said at once.
    rate
        Where labels are counted; the first of a request has been already.
    """
    router = APIRouter()

    @router.post(
        PATH,
        summary="Say what events turned out to be",
        operation_id="label",
        response_class=Response,
        responses=_ANSWERS,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": _schema(options.most_events)}},
            }
        },
    )
    async def label(request: Request) -> Response:
        """Record whether events were fraud; of what is said of an event the last counts.

        What cannot be recorded of a list is told, and all else of it recorded at once; answered
        with 503, none of it is. To say the same again changes nothing.
        """
        body = await request.body()
        said = not_sent_as_json(request) or _read(body, options.most_events)
        if isinstance(said, Refusal):
            return said.response()
        if not isinstance(said, list):
            found = await _recorded(service, [said])
            refused = found.response() if isinstance(found, Refusal) else _refused(found[0])
            return refused or Response(encode(said._asdict()), media_type=JSON)
        early = rate.wait(asker(request.scope), len(said) - 1.0, elapsed())
        if early:
            return too_early(early).response()
        found = await _recorded(service, said)
        return found.response() if isinstance(found, Refusal) else _faults(said, found)

    return router


async def _recorded(service: Service, said: Sequence[Told]) -> list[RefusedError | None] | Refusal:
    """Record labels, all at once; of each why it was not, or why none was."""
    try:
        return await service.label(said)
    except SentinelError as error:
        return unavailable(error.what, error.hint)


def _refused(error: RefusedError | None) -> Response | None:
    """The answer to a label that is not recorded; None if it is."""
    if error is None:
        return None
    is_unknown = isinstance(error, UnknownError)
    status = HTTPStatus.NOT_FOUND if is_unknown else HTTPStatus.CONFLICT
    return Refusal(status, error.what, error.hint).response()


def _faults(said: Sequence[Told], found: Sequence[RefusedError | None]) -> Response:
    faults = [
        {"place": place, "event_id": one.event_id, "reason": error.what}
        for place, (one, error) in enumerate(zip(said, found, strict=True))
        if error is not None
    ]
    told = {"recorded": len(said) - len(faults), "faults": faults}
    return Response(encode(told), media_type=JSON)


def _schema(most: int) -> dict[str, Any]:
    one = Said.model_json_schema() | {"additionalProperties": False}
    return {"anyOf": [one, {"type": "array", "items": one, "maxItems": most}]}


def _read(body: bytes, most: int) -> Told | list[Told] | Refusal:
    try:
        found: _Label | list[_Label] = msgspec.convert(read_json(body), _Label | list[_Label])
    except TwiceError as error:
        return _unreadable(str(error), _HINT)
    except (NotJsonError, msgspec.ValidationError) as error:
        return _unreadable(f"neither a label nor a list of labels (was: {error})", _HINT)
    labels = found if isinstance(found, list) else [found]
    if len(labels) > most:
        return _unreadable(
            f"more than {most:,} labels (was {len(labels):,})", "send fewer at a time"
        )
    refused = next(filter(None, map(_unfit, labels)), None)
    if refused is not None:
        return refused
    told = [Told(one.event_id, one.label, one.who) for one in labels]
    return told if isinstance(found, list) else told[0]


def _unfit(one: _Label) -> Refusal | None:
    """Why a label that could be read is none; None if it is one."""
    if one.label not in {0, 1, None}:
        return _unreadable(f"label is not 0, 1 or null (was {one.label})", _HINT)
    if not _WHO.fullmatch(one.who):
        return _unreadable("who is not a name", "use letters, digits, spaces and . @ ' -")
    return None


def _unreadable(what: str, hint: str) -> Refusal:
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, what, hint)
