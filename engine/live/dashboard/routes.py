"""The dashboard, put together."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Response
from fastapi.sse import EventSourceResponse
from starlette.responses import HTMLResponse

from engine.errors import SentinelError
from engine.live.api.options import ApiOptions
from engine.live.api.refusals import Refusal, Refused, unavailable
from engine.live.dashboard import alerts, drift, faults, pages, session, streaming
from engine.live.dashboard.figures import Figures
from engine.live.dashboard.files import static_routes
from engine.live.dashboard.keeping_up import KeepingUp
from engine.live.dashboard.made import Made
from engine.live.dashboard.model_page import REPORT_PATH, REPORT_POLICY, report_of
from engine.live.metrics import Metrics
from engine.live.service import Service

# As requests are counted; an opened alert and a static file are counted with all others.
PATHS: Final = frozenset(
    {*pages.PATHS, session.LOGIN, streaming.PATH, alerts.ALERTS, alerts.CSV}
    | {REPORT_PATH, drift.PATH, faults.PATH}
)
STREAMS: Final = frozenset({streaming.PATH, alerts.CSV})


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What the pages need besides the scorer.

    Parameters
    ----------
    board
        What is new in the ledger; whoever gives it closes it.
    deadline
        Seconds within which a flag has to be answered.
    made
        What is made once.
    """

    board: KeepingUp
    deadline: float
    made: Made


def dashboard_routes(
    dashboard: Dashboard,
    service: Service,
    options: ApiOptions,
    metrics: Metrics,
    sessions: session.Sessions | None,
) -> APIRouter:
    """All of its routes.

    Parameters
    ----------
    dashboard
        What it shows.
    service
        Who decides, and records what analysts say.
    options
        How many may watch.
    metrics
        What happened since the start.
    sessions
        Who has told the token; None if none is needed.
    """
    router = APIRouter()
    router.include_router(pages.page_routes(service))
    router.include_router(session.session_routes(sessions))
    router.include_router(static_routes(dashboard.made))
    router.include_router(alerts.alert_routes(dashboard.board))
    router.include_router(drift.drift_routes(dashboard.board))
    router.include_router(faults.fault_routes(dashboard.board))
    figures = Figures(service, metrics, dashboard.deadline)

    @router.get(
        streaming.PATH,
        summary="Watch the dashboard",
        operation_id="dashboard_stream",
        response_class=Response,
        responses={
            HTTPStatus.OK: {
                "description": "picture, alerts, health and missed",
                "content": {EventSourceResponse.media_type: {"itemSchema": streaming.ITEMS}},
            },
            HTTPStatus.SERVICE_UNAVAILABLE: {"model": Refused, "description": "too many watch"},
        },
    )
    async def stream() -> Response:
        """What the first screen shows, as it changes: all of it each time, and new alerts."""
        if dashboard.board.ended:
            return unavailable("the scorer stops", "ask again when it runs").response()
        if dashboard.board.watchers >= options.most_streams:
            return unavailable(
                f"{options.most_streams} watch already", "close one of the others"
            ).response()
        return streaming.Watching(dashboard.board, figures)

    @router.get(
        REPORT_PATH,
        summary="The report of the model that decides",
        operation_id="report",
        response_class=Response,
        responses={
            HTTPStatus.OK: {"content": {"text/html": {"schema": {"type": "string"}}}},
            HTTPStatus.NOT_FOUND: {"model": Refused, "description": "there is none"},
        },
    )
    def report() -> Response:
        """How the run was judged, as it was written when it was trained."""
        try:
            content = report_of(service.run)
        except SentinelError as error:
            return Refusal(HTTPStatus.NOT_FOUND, error.what, error.hint).response()
        return HTMLResponse(content, headers={"Content-Security-Policy": REPORT_POLICY})

    return router
