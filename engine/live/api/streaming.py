"""``GET /api/stream``: decisions as they are made, as server-sent events."""

import asyncio
import re
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Response
from fastapi.sse import EventSourceResponse, format_sse_event
from pydantic import BaseModel, Field, TypeAdapter
from starlette.types import Send

from engine.clock import elapsed
from engine.definition.personal import masked
from engine.live.api.feed import Feed, News
from engine.live.api.options import ApiOptions
from engine.live.api.refusals import Refused, encode, unavailable
from engine.live.service import Shown

PATH: Final = "/api/stream"

_SEQUENCE: Final = re.compile(r"[0-9]{1,18}")
_MOST_AT_ONCE: Final = 256
_RETRY_MS: Final = 2_000
_ALIVE: Final = b": alive\n\n"
_LAST_DIGITS: Final = re.compile(r"[0-9]{1,4}$")


class Seen(BaseModel):
    """What may be shown of an event, whatever else there is; what it has not is left out."""

    card: str | None = Field(None, description="its last four digits")
    amt: float | None = None
    merchant: str | None = None
    category: str | None = None
    state: str | None = None
    merch_lat: float | None = None
    merch_long: float | None = None
    unix_time: int | None = None


class Told(BaseModel):
    """A decision, as ``message`` events tell it."""

    sequence: int = Field(description="of the ledger; the event's id")
    event_id: str
    arrival_time: int = Field(description="when it came, in microseconds since 1970 UTC")
    decided_at: int = Field(description="when it was decided on, as arrival_time")
    is_fraud: Literal[0, 1]
    proba: float | None = Field(ge=0, le=1, description="null if no model gave one")
    fallback: str | None = Field(description="why the decision is not the model's")
    event: Seen


class Missed(BaseModel):
    """How many decisions there was no time for, as ``missed`` events tell it."""

    missed: int = Field(ge=1)


_SHOWN: Final = tuple(name for name in Seen.model_fields if name != "card")
_DATA: Final = TypeAdapter(Told | Missed).json_schema(ref_template="#/components/schemas/{model}")
# As FastAPI documents a stream, and OpenAPI 3.2 has it.
_ITEMS: Final = {
    "type": "object",
    "properties": {
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"anyOf": _DATA["anyOf"]},
        },
        "event": {"type": "string", "enum": ["message", "missed"]},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
    "required": ["data"],
}
MODELS: Final[dict[str, Any]] = _DATA["$defs"]


class Watched(EventSourceResponse):
    """Sends decisions to one watcher, until it goes or there are no more.

    FastAPI would do the framing of what a generator yields, in two tasks and four hand-overs for
    each decision; of 10,000 a second that is more than scoring them takes. This sends what is new
    ten times a second, in one piece.

    Parameters
    ----------
    feed
        Where decisions come from.
    after
        The sequence of the last decision that the watcher saw.
    options
        How often something is sent.
    """

    def __init__(self, feed: Feed, after: int | None, options: ApiOptions) -> None:
        super().__init__((), headers={"X-Accel-Buffering": "no"})
        self._feed = feed
        self._after = after
        self._tick = options.tick
        self._heartbeat = options.heartbeat

    async def stream_response(self, send: Send) -> None:
        """Send them; whoever calls this cancels it when the watcher goes."""
        place = self._feed.join(self._after)
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await _send(send, format_sse_event(retry=_RETRY_MS))
            last = elapsed()
            while not self._feed.ended:
                news = self._feed.news(place, _MOST_AT_ONCE)
                place = news.place
                if news.shown or news.missed:
                    await _send(send, framed(news))
                    last = elapsed()
                elif elapsed() - last >= self._heartbeat:
                    await _send(send, _ALIVE)
                    last = elapsed()
                await asyncio.sleep(self._tick)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._feed.leave()


def stream_routes(feed: Feed, options: ApiOptions) -> APIRouter:
    """The route.

    Parameters
    ----------
    feed
        Where decisions come from.
    options
        How many may watch, and how often something is sent.
    """
    router = APIRouter()

    @router.get(
        PATH,
        summary="Watch decisions",
        operation_id="stream",
        response_class=Response,
        responses={
            HTTPStatus.OK: {
                "description": "decisions; missed, how many there was no time for; comments",
                "content": {EventSourceResponse.media_type: {"itemSchema": _ITEMS}},
            },
            HTTPStatus.SERVICE_UNAVAILABLE: {"model": Refused, "description": "too many watch"},
        },
    )
    async def stream(
        last_event_id: Annotated[
            str | None, Header(description="go on after this one, as far as it is kept")
        ] = None,
    ) -> Response:
        """Decisions as they are recorded, from now on, with the ledger's sequence as their id."""
        if feed.ended:
            return unavailable("the scorer stops", "ask again when it runs").response()
        if feed.watchers >= options.most_streams:
            return unavailable(
                f"{options.most_streams} watch already", "close one of the others"
            ).response()
        after = None
        if last_event_id is not None and _SEQUENCE.fullmatch(last_event_id):
            after = int(last_event_id)
        return Watched(feed, after, options)

    return router


def framed(news: News) -> bytes:
    """News as server-sent events."""
    parts = []
    if news.missed:
        parts.append(f'event: missed\ndata: {{"missed":{news.missed}}}\n\n'.encode())
    parts += [
        b"id: %d\ndata: %b\n\n" % (shown.sequence, encode(_told(shown))) for shown in news.shown
    ]
    return b"".join(parts)


def _told(shown: Shown) -> dict[str, Any]:
    event = shown.event
    card = _LAST_DIGITS.search(str(event.get("card", "")))
    return {
        "sequence": shown.sequence,
        "event_id": shown.event_id,
        "arrival_time": shown.arrival_time,
        "decided_at": shown.decided_at,
        "is_fraud": shown.flagged,
        "proba": shown.score,
        "fallback": shown.fallback,
        "event": {
            "card": masked(f"****{card.group()}") if card else None,
            **{name: event[name] for name in _SHOWN if name in event},
        },
    }


async def _send(send: Send, content: bytes) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": True})
