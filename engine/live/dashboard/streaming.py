"""``GET /dashboard/stream``: the first screen and new alerts, as server-sent events."""

from typing import Final

from fastapi.sse import EventSourceResponse, format_sse_event
from starlette.types import Send

from engine.live.api.refusals import encode
from engine.live.dashboard.figures import Figures
from engine.live.dashboard.keeping_up import KeepingUp, Round

PATH: Final = "/dashboard/stream"

_RETRY_MS: Final = 2_000
_PATIENCE_SECONDS: Final = 2.0  # if the board cannot keep up, a page is told so
# As FastAPI documents a stream, and OpenAPI 3.2 has it.
ITEMS: Final = {
    "type": "object",
    "properties": {
        "data": {"type": "string", "contentMediaType": "application/json"},
        "event": {"type": "string", "enum": ["picture", "alerts", "health", "missed"]},
        "retry": {"type": "integer", "minimum": 0},
    },
    "required": ["data"],
}


class Watching(EventSourceResponse):
    """Sends what is new to one page, until it goes.

    Who is slow holds nobody up: what it has missed by then it is told to ask for.

    Parameters
    ----------
    board
        Where it comes from.
    figures
        How things are.
    """

    def __init__(self, board: KeepingUp, figures: Figures) -> None:
        super().__init__((), headers={"X-Accel-Buffering": "no"})
        self._board = board
        self._figures = figures

    async def stream_response(self, send: Send) -> None:
        """Send it; whoever calls this cancels it when the page goes."""
        place = self._board.join()
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": self.status_code,
                    "headers": self.raw_headers,
                }
            )
            await _send(send, format_sse_event(retry=_RETRY_MS) + self._how_things_are())
            while not self._board.ended:
                rounds, missed = await self._board.rounds(place, _PATIENCE_SECONDS)
                await _send(send, self._how_things_are())
                if rounds:
                    place = rounds[-1].number
                    await _send(send, framed(rounds, missed=missed))
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._board.leave()

    def _how_things_are(self) -> bytes:
        # Which ledger it is stands before whatever is told of it.
        told = self._figures.told(self._board.trouble) | {"ledger": self._board.ledger}
        return _event(b"health", encode(told))


def framed(rounds: list[Round], *, missed: bool) -> bytes:
    """Rounds as server-sent events: all of their alerts, and the last picture.

    Parameters
    ----------
    rounds
        At least one, in their order.
    missed
        Whether there were others before them that are not kept any more.
    """
    parts = []
    if missed or any(one.is_gap for one in rounds):
        parts.append(_event(b"missed", b"{}"))
    parts += [_event(b"alerts", one.alerts) for one in rounds if one.alerts is not None]
    parts.append(_event(b"picture", rounds[-1].picture))
    return b"".join(parts)


def _event(name: bytes, data: bytes) -> bytes:
    # JSON has no line breaks of its own, so that nothing in it ends the event.
    return b"event: %b\ndata: %b\n\n" % (name, data)


async def _send(send: Send, content: bytes) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": True})
