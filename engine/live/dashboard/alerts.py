"""``GET /dashboard/alerts…``: alerts that are looked for, one of them opened, and all as CSV."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import StreamingResponse

from engine.errors import SentinelError
from engine.live.api.query import each_once
from engine.live.api.refusals import JSON, Refusal, Refused, encode, unavailable
from engine.live.board import rows
from engine.live.board.rows import MOST_ALERTS, Alert, Case
from engine.live.dashboard.csv_text import header, lines
from engine.live.dashboard.keeping_up import KeepingUp

ALERTS: Final = "/dashboard/alerts"
CSV: Final = "/dashboard/alerts.csv"

_MOST_CSV: Final = 10_000
_LARGEST: Final = 2**63 - 1
_NONE: Final = Refusal(
    HTTPStatus.NOT_FOUND, "no such alert", "it may have been removed from the ledger"
)
_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.UNPROCESSABLE_ENTITY: {"model": Refused, "description": "not readable"}
}


class Asked(BaseModel):
    """What may be asked of alerts; what is empty bounds nothing."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field("", max_length=100, description="in the card's last four digits or merchant")
    state: str | None = Field(None, max_length=100)
    category: str | None = Field(None, max_length=100)
    least_score: float | None = Field(None, ge=0, le=1, allow_inf_nan=False)
    since_us: int | None = Field(
        None, ge=0, le=_LARGEST, description="of arrival, microseconds since 1970 UTC"
    )
    until_us: int | None = Field(None, ge=0, le=_LARGEST)
    before: int | None = Field(None, ge=0, le=_LARGEST, description="older than this sequence")
    after: int | None = Field(None, ge=0, le=_LARGEST, description="newer than this sequence")

    def sought(self, most: int) -> rows.Query:
        """As a board is asked."""
        return rows.Query(
            self.text or None,
            self.state or None,
            self.category or None,
            self.least_score,
            self.since_us,
            self.until_us,
            self.before,
            self.after,
            most,
        )


class AskedForSome(Asked):
    """The same, and how many are wanted at a time."""

    most: int = Field(MOST_ALERTS, ge=1, le=MOST_ALERTS)


def alert_routes(board: KeepingUp) -> APIRouter:
    """The routes.

    Parameters
    ----------
    board
        Who knows them.
    """
    router = APIRouter(dependencies=[Depends(each_once)])

    @router.get(
        ALERTS,
        summary="Find alerts",
        operation_id="alerts",
        response_class=Response,
        responses={
            HTTPStatus.OK: {"model": list[Alert], "description": "the newest first"},
            **_ANSWERS,
        },
    )
    async def alerts(asked: Annotated[AskedForSome, Query()]) -> Response:
        """Alerts that are looked for, the newest first; go on with ``before``."""
        sought = asked.sought(asked.most)
        try:
            found = await board.ask(lambda there: encode(there.alerts(sought)))
        except SentinelError as error:
            return unavailable(error.what, error.hint).response()
        return Response(found, media_type=JSON)

    @router.get(
        CSV,
        summary="Find alerts, as CSV",
        operation_id="alerts_csv",
        response_class=Response,
        responses={
            HTTPStatus.OK: {
                "description": f"as many as there are, up to {_MOST_CSV:,}",
                "content": {"text/csv": {"schema": {"type": "string"}}},
            },
            **_ANSWERS,
        },
    )
    async def as_csv(asked: Annotated[Asked, Query()]) -> Response:
        """Alerts that are looked for, the newest first, to be kept as a file."""
        sought = asked.sought(MOST_ALERTS)
        try:
            first = await _part(board, sought)
        except SentinelError as error:
            return unavailable(error.what, error.hint).response()
        return StreamingResponse(
            _csv(board, sought, first),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="alerts.csv"'},
        )

    @router.get(
        f"{ALERTS}/{{sequence}}",
        summary="Open an alert",
        operation_id="alert",
        response_class=Response,
        responses={
            HTTPStatus.OK: {"model": Case, "description": "all that there is to know of it"},
            HTTPStatus.NOT_FOUND: {"model": Refused, "description": "no such alert"},
            **_ANSWERS,
        },
    )
    async def alert(sequence: Annotated[int, Path(ge=0, le=_LARGEST)]) -> Response:
        """One alert: what speaks against it, what the card did before, what the model saw."""
        try:
            found = await board.ask(lambda there: _encoded(there.opened(sequence)))
        except SentinelError as error:
            return unavailable(error.what, error.hint).response()
        return _NONE.response() if found is None else Response(found, media_type=JSON)

    return router


def _encoded(case: Case | None) -> bytes | None:
    return None if case is None else encode(case)


async def _part(board: KeepingUp, sought: rows.Query) -> Sequence[Alert]:
    return await board.ask(lambda there: there.alerts(sought))


async def _csv(board: KeepingUp, sought: rows.Query, part: Sequence[Alert]) -> AsyncIterator[str]:
    yield header()
    left = _MOST_CSV
    while part:
        yield lines(part)
        left -= len(part)
        if len(part) < sought.most or left <= 0:
            return
        sought = replace(sought, before=part[-1].sequence, most=min(left, MOST_ALERTS))
        part = await _part(board, sought)
