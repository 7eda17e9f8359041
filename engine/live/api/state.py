"""``GET /health`` and ``GET /feature-names``: how things are, and what a model looks at."""

from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from engine.definition.fingerprint import fingerprint
from engine.live.api.refusals import JSON
from engine.live.service import Service

HEALTH: Final = "/health"
NAMES: Final = "/feature-names"


class Health(BaseModel):
    """How things are. Who has no token where one is needed is told the first two alone."""

    alive: bool = Field(description="always true: something answers")
    ready: bool = Field(description="whether events are decided on")
    stream: str | None = Field(None, description="connecting, open or waiting")
    lag_seconds: float | None = Field(None, description="how long the oldest event has waited")
    last_event_seconds: float | None = Field(None, description="how long ago the last one came")
    queue: int | None = Field(None, description="events without a decision")
    pending: int | None = Field(None, description="flags without a final answer")
    snapshot_seconds: float | None = Field(None, description="how long ago the state was saved")
    run_id: str | None = Field(None, description="of the model that decides")
    troubles: list[str] | None = Field(None, description="what somebody should look at")


class Names(BaseModel):
    """The features, in the order in which a model gets them."""

    feature_set: str
    fingerprint: str = Field(description="of its definition: SHA-256")
    names: list[str]


def state_routes(service: Service) -> APIRouter:
    """The routes.

    Parameters
    ----------
    service
        Who knows.
    """
    router = APIRouter()

    @router.get(
        HEALTH,
        summary="How things are",
        operation_id="health",
        responses={
            HTTPStatus.OK: {"model": Health, "description": "events are decided on"},
            HTTPStatus.SERVICE_UNAVAILABLE: {"model": Health, "description": "they are not"},
        },
    )
    async def health(request: Request) -> Response:
        """Whether events are decided on, and what else there is to know."""
        now = service.health()
        told: dict[str, Any] = {}
        if not getattr(request.state, "stranger", False):
            told = {
                name: getattr(now, name)
                for name in Health.model_fields
                if name not in {"alive", "ready", "troubles"}
            } | {"troubles": list(now.troubles)}
        status = HTTPStatus.OK if now.ready else HTTPStatus.SERVICE_UNAVAILABLE
        body = Health(alive=True, ready=now.ready, **told)
        return Response(body.model_dump_json(), status, media_type=JSON)

    @router.get(NAMES, summary="The features' names", operation_id="feature_names")
    async def names() -> Names:
        """What a model looks at, in its order."""
        features = service.run.features
        return Names(
            feature_set=features.name,
            fingerprint=fingerprint(features),
            names=list(features.names),
        )

    return router
