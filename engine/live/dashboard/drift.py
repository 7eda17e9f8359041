"""``GET /dashboard/drift``: how far the latest transactions have moved from training."""

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response

from engine.errors import SentinelError
from engine.live.api.refusals import JSON, Refusal, Refused, encode, unavailable
from engine.live.board.rows import Drift
from engine.live.dashboard.boards import Board
from engine.live.dashboard.keeping_up import KeepingUp

PATH: Final = "/dashboard/drift"

_UNKNOWN: Final = Refusal(
    HTTPStatus.NOT_FOUND,
    "drift is not known: there are too few transactions, or the run tells nothing to compare with",
    "ask again later; runs of the present python -m engine.train can be compared with",
)


def drift_routes(board: KeepingUp) -> APIRouter:
    """The route.

    Parameters
    ----------
    board
        Who knows it.
    """
    router = APIRouter()

    @router.get(
        PATH,
        summary="How far transactions have moved from training",
        operation_id="drift",
        response_class=Response,
        responses={
            HTTPStatus.OK: {"model": Drift, "description": "the feature that moved most first"},
            HTTPStatus.NOT_FOUND: {"model": Refused, "description": "not known"},
        },
    )
    async def drift() -> Response:
        """The population stability index of each feature over the latest transactions."""
        try:
            found = await board.ask(_encoded)
        except SentinelError as error:
            return unavailable(error.what, error.hint).response()
        return _UNKNOWN.response() if found is None else Response(found, media_type=JSON)

    return router


def _encoded(board: Board) -> bytes | None:
    found = board.drift()
    return None if found is None else encode(found)
