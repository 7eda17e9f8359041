"""The pages: their frame, and what browsers may do on them."""

from collections.abc import Callable, Mapping
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template
from typing import Any, Final

from fastapi import APIRouter, Response
from starlette.responses import HTMLResponse

from engine.live.dashboard.model_page import model_pieces
from engine.live.service import Service

FRONT: Final = "/"
MODEL: Final = "/model"
OPERATIONS: Final = "/operations"
PATHS: Final = frozenset({FRONT, MODEL, OPERATIONS})

# Nothing from elsewhere, and no text of the page becomes style or script.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    # Without it browsers would not say that a form comes from here: Origin would be null.
    "Referrer-Policy": "same-origin",
}
_LINKS: Final = ((FRONT, "Alerts"), (MODEL, "Model"), (OPERATIONS, "Operations"))
_HTML: Final[dict[int | str, dict[str, Any]]] = {
    HTTPStatus.OK: {"content": {"text/html": {"schema": {"type": "string"}}}},
}


def page_routes(service: Service) -> APIRouter:
    """The routes.

    Parameters
    ----------
    service
        Whose model is shown.
    """
    router = APIRouter()
    front = _page(FRONT, "Alerts", "front")
    operations = _page(OPERATIONS, "Operations", "operations")
    shown: tuple[tuple[str, str, str, Callable[[], str]], ...] = (
        (FRONT, "front", "Alerts as they come", lambda: front),
        (
            MODEL,
            "model",
            "The model that decides",
            lambda: _page(MODEL, "Model", "model", model_pieces(service.run)),
        ),
        (OPERATIONS, "operations", "How the scorer does", lambda: operations),
    )
    for path, name, summary, make in shown:
        router.add_api_route(
            path,
            _answering(make),
            methods=["GET"],
            summary=summary,
            operation_id=name,
            response_class=Response,
            responses=_HTML,
        )
    return router


def login_page(status: HTTPStatus = HTTPStatus.OK, wrong: str = "") -> Response:
    """The page that asks for the token.

    Parameters
    ----------
    status
        Of the answer.
    wrong
        What was wrong with what was said before.
    """
    text = _page("", "Log in", "login", {"wrong": escape(wrong)})
    return HTMLResponse(text, status, _HEADERS)


def _answering(make: Callable[[], str]) -> Callable[[], Response]:
    def page() -> Response:
        return HTMLResponse(make(), headers=_HEADERS)

    return page


def _page(path: str, title: str, kind: str, pieces: Mapping[str, str] | None = None) -> str:
    """A page; its pieces are marked up already, and safe."""
    links = "".join(
        f'<a href="{to}"{" aria-current=page" if to == path else ""}>{words}</a>'
        for to, words in _LINKS
        if path
    )
    script = f'<script type="module" src="/static/{kind}.js"></script>'
    main = Template(_read(f"{kind}.html")).substitute(pieces or {})
    return Template(_read("frame.html")).substitute(
        title=escape(title), kind=kind, links=links, scripts=script, main=main
    )


def _read(name: str) -> str:
    return files("engine.live.dashboard").joinpath("pages", name).read_text("utf-8")
