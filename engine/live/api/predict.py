"""``POST /predict``: events in, decisions out, the same way as those of the stream."""

import asyncio
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from engine.clock import elapsed
from engine.errors import SentinelError
from engine.live.api.answers import Decided, Unreadable, Wording
from engine.live.api.documented import body_schema
from engine.live.api.gate import asker
from engine.live.api.options import ApiOptions
from engine.live.api.query import each_once
from engine.live.api.rate import Rate
from engine.live.api.refusals import JSON, Refusal, Refused, encode, too_early, unavailable
from engine.live.api.strict import NotJsonError, TwiceError, not_sent_as_json, read_json
from engine.live.service import Answer, Service

PATH: Final = "/predict"

_Event = dict[str, Any]
_HINT: Final = "send one event as a JSON object, or a list of them"


class _How(BaseModel):
    """What else may be said; a word that is not known is refused, as it was meant for something."""

    model_config = ConfigDict(extra="forbid")

    store: int = Field(
        0,
        ge=0,
        le=1,
        description="1: they become history and are recorded, as those of the stream; their flags "
        "are not posted. 0: nothing changes.",
    )


class _Asked(NamedTuple):
    """Events, and whether they are a list of themselves."""

    events: Sequence[Mapping[str, Any]]
    is_list: bool


def predict_routes(service: Service, options: ApiOptions, rate: Rate) -> APIRouter:
    """The route.

    Parameters
    ----------
    service
        Who decides.
    options
        How much may be asked.
    rate
        Where events are counted; the first of a request has been already.
    """
    router = APIRouter(dependencies=[Depends(each_once)])
    wording = Wording(service.run)

    @router.post(
        PATH,
        summary="Decide on events",
        operation_id="predict",
        responses={
            HTTPStatus.OK: {
                "model": Decided | list[Decided],
                "description": "what was decided, of a list in its order",
            },
            HTTPStatus.BAD_REQUEST: {"model": Refused, "description": "not JSON"},
            HTTPStatus.REQUEST_TIMEOUT: {"model": Refused, "description": "the body came too slow"},
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: {"model": Refused, "description": "too much"},
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE: {"model": Refused, "description": "not JSON"},
            HTTPStatus.UNPROCESSABLE_ENTITY: {"model": Unreadable, "description": "not readable"},
        },
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {JSON: {"schema": body_schema(options.most_events)}},
            }
        },
    )
    async def predict(
        request: Request,
        how: Annotated[_How, Query()],
    ) -> Response:
        """Decide on an event, or on a list of them in their order."""
        body = await request.body()
        asked = not_sent_as_json(request) or _read(body, options.most_events)
        if isinstance(asked, Refusal):
            return asked.response()
        early = rate.wait(asker(request.scope), len(asked.events) - 1.0, elapsed())
        if early:
            return too_early(early).response()
        answers = await _decide(service, asked.events, options.patience, store=bool(how.store))
        if isinstance(answers, Refusal):
            return answers.response()
        return _worded(wording, answers, is_list=asked.is_list)

    return router


def _read(body: bytes, most: int) -> _Asked | Refusal:
    try:
        found: _Event | list[_Event] = msgspec.convert(read_json(body), _Event | list[_Event])
    except NotJsonError as error:
        return Refusal(HTTPStatus.BAD_REQUEST, f"not JSON (was: {error})", _HINT)
    except TwiceError as error:
        return _unreadable(str(error), _HINT)
    except msgspec.ValidationError as error:
        # Of JSON that is something else it says where, and not what.
        return _unreadable(f"neither an event nor a list of events (was: {error})", _HINT)
    if isinstance(found, dict):
        return _Asked([found], is_list=False)
    if len(found) > most:
        return _unreadable(
            f"more than {most:,} events (was {len(found):,})", "send fewer at a time"
        )
    return _Asked(found, is_list=True)


async def _decide(
    service: Service, events: Sequence[Mapping[str, Any]], patience: float, *, store: bool
) -> list[Answer] | Refusal:
    if not events:
        return []
    try:
        async with asyncio.timeout(patience):
            return await service.decide(events, store=store)
    except TimeoutError:
        return unavailable(
            f"no decision within {patience:g} s", "ask again: what was decided stays decided"
        )
    except SentinelError as error:
        return unavailable(error.what, error.hint)


def _worded(wording: Wording, answers: list[Answer], *, is_list: bool) -> Response:
    decided = [wording.decided(answer) for answer in answers]
    found = (wording.fault(place, answer) for place, answer in enumerate(answers))
    faults = [fault for fault in found if fault is not None]
    if faults:
        return Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            str(faults[0]["reason"]),
            "send what /openapi.json documents; the answers to all events are here",
            more={"faults": faults, "answers": decided},
        ).response()
    body = encode(decided if is_list else decided[0])
    return Response(body, media_type=JSON)


def _unreadable(what: str, hint: str) -> Refusal:
    fault = {"place": None, "event_id": None, "field": None, "reason": what}
    more = {"faults": [fault], "answers": []}
    return Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, what, hint, more=more)
