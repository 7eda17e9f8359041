"""``GET /dashboard/faults``: what went wrong in the last hour, and why."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response

from engine.clock import wall_us
from engine.errors import SentinelError
from engine.live.api.refusals import JSON, encode, unavailable
from engine.live.board.rows import Fault
from engine.live.dashboard.keeping_up import KeepingUp

PATH: Final = "/dashboard/faults"


def fault_routes(board: KeepingUp) -> APIRouter:
    """The route.

    Parameters
    ----------
    board
        Who knows them.
    """
    router = APIRouter()

    @router.get(
        PATH,
        summary="What went wrong in the last hour",
        operation_id="faults",
        response_class=Response,
        responses={
            HTTPStatus.OK: {"model": list[Fault], "description": "the most frequent first"},
        },
    )
    async def faults() -> Response:
        """Decisions without the model, transactions in quarantine, flags that failed; and why."""
        try:
            found = await board.ask(lambda there: encode(there.faults(wall_us())))
        except SentinelError as error:
            return unavailable(error.what, error.hint).response()
        return Response(found, media_type=JSON)

    return router
