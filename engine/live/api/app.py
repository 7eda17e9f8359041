"""The API, put together."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from engine.live.api import exposition, labels, predict, state, streaming
from engine.live.api.body import Body
from engine.live.api.documented import complete
from engine.live.api.envelope import Envelope
from engine.live.api.exposition import Exposition, metrics_routes
from engine.live.api.feed import Feed
from engine.live.api.gate import OPEN, Check, Gate, HostCheck, RateCheck, TokenCheck
from engine.live.api.labels import label_routes
from engine.live.api.options import ApiOptions
from engine.live.api.predict import predict_routes
from engine.live.api.rate import Rate
from engine.live.api.refusals import Refusal, Refused
from engine.live.api.state import state_routes
from engine.live.api.streaming import stream_routes
from engine.live.dashboard import routes
from engine.live.dashboard.origin import check_origin
from engine.live.dashboard.routes import Dashboard, dashboard_routes
from engine.live.dashboard.session import Sessions
from engine.live.metrics import Metrics
from engine.live.notices import Log
from engine.live.service import Service

_DOCUMENTATION: Final = "/openapi.json"
_FRONT: Final = "/"
_PATHS: Final = (
    *(_FRONT, _DOCUMENTATION, state.HEALTH, state.NAMES),
    *(predict.PATH, labels.PATH, exposition.PATH, streaming.PATH),
)
_HINTS: Final = {
    HTTPStatus.NOT_FOUND: f"what there is stands at {_DOCUMENTATION}",
    HTTPStatus.METHOD_NOT_ALLOWED: "use the method that Allow names",
}
_ANYWHERE: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.UNAUTHORIZED: {"model": Refused, "description": "the token is missing"},
    HTTPStatus.MISDIRECTED_REQUEST: {"model": Refused, "description": "meant for another host"},
    HTTPStatus.TOO_MANY_REQUESTS: {"model": Refused, "description": "more than a client may ask"},
    HTTPStatus.INTERNAL_SERVER_ERROR: {"model": Refused, "description": "a defect of ours"},
    HTTPStatus.SERVICE_UNAVAILABLE: {"model": Refused, "description": "not now"},
}


def make_app(
    service: Service,
    options: ApiOptions,
    *,
    metrics: Metrics,
    log: Log,
    feed: Feed | None = None,
    dashboard: Dashboard | None = None,
) -> FastAPI:
    """The API, as an ASGI application.

    Parameters
    ----------
    service
        Who decides.
    options
        Who may ask, and how much.
    metrics
        What /metrics tells; requests are counted there too.
    log
        Is told of requests that fail, not of others.
    feed
        What /api/stream sends; whoever gives it closes it. None for one that nobody closes.
    dashboard
        What the pages show; None for none, and a line at / instead.
    """
    rate = Rate(options.rate, options.burst)
    app = FastAPI(
        title="SentinelPOS",
        summary="Decisions on transactions, as the live scorer makes them",
        version="1",
        # Their pages would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url=_DOCUMENTATION,
        redirect_slashes=False,
        responses=_ANYWHERE,
    )
    app.include_router(predict_routes(service, options, rate))
    app.include_router(label_routes(service, options, rate))
    app.include_router(state_routes(service))
    app.include_router(metrics_routes(Exposition(service, metrics)))
    app.include_router(stream_routes(feed or Feed(service), options))
    sessions = None if options.token is None or dashboard is None else Sessions(options.token)
    if dashboard is None:
        app.include_router(_front_routes())
    else:
        app.include_router(dashboard_routes(dashboard, service, options, metrics, sessions))
    complete(
        app,
        service.run,
        streaming.MODELS,
        with_token=options.token is not None,
        without=OPEN,
    )
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _not_valid)
    checks: list[Check] = [RateCheck(rate)]
    if options.token is None:
        checks.insert(0, HostCheck(options))
    else:
        checks.append(TokenCheck(options.token, sessions))
    if dashboard is not None:
        checks.append(check_origin)
    # The last one is the first that a request meets.
    app.add_middleware(Body, most=options.most_body_bytes, patience=options.patience)
    app.add_middleware(Gate, checks=tuple(checks))
    paths = _PATHS if dashboard is None else (*_PATHS, *routes.PATHS)
    streams = [streaming.PATH, *routes.STREAMS]
    app.add_middleware(Envelope, metrics=metrics, log=log, paths=paths, streams=streams)
    return app


def _front_routes() -> APIRouter:
    """What stands where the dashboard would."""
    router = APIRouter()

    @router.get(
        _FRONT,
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        summary="What this is",
        operation_id="front",
    )
    async def front() -> Response:
        """One line."""
        return PlainTextResponse(
            f"SentinelPOS scores here; what may be asked stands at {_DOCUMENTATION}\n"
        )

    return router


async def _refused(_request: Request, error: Exception) -> Response:
    """What the framework refuses, in our words."""
    assert isinstance(error, HTTPException)  # noqa: S101 - for the type alone
    status = HTTPStatus(error.status_code)
    hint = _HINTS.get(status, "send what the documentation has")
    return Refusal(status, status.phrase.lower(), hint, dict(error.headers or {})).response()


async def _not_valid(_request: Request, error: Exception) -> Response:
    """A parameter that cannot be read; what it was is left out, as it may be anything."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - for the type alone
    faults = [
        {
            "place": None,
            "event_id": None,
            "field": str(one["loc"][-1]),
            "reason": f"{one['loc'][-1]}: {one['msg']}",
        }
        for one in error.errors()
    ]
    return Refusal(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        faults[0]["reason"] or "",
        f"send what {_DOCUMENTATION} has",
        more={"faults": faults, "answers": []},
    ).response()
