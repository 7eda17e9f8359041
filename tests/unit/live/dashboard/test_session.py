"""Who may see it where a token is needed: those who have told it, for as long as a shift."""

from typing import Any

import httpx
import pytest

from engine.clock import wall_us
from engine.live.dashboard import session
from engine.live.dashboard.pages import PATHS
from engine.live.dashboard.session import COOKIE, Sessions
from unit.live.api.cases import EVENT, TOKEN, Scorer, asking
from unit.live.dashboard.cases import FakeBoard, alert, app_of
from unit.replay.judge.clients import run

PAGE = {"Accept": "text/html,application/xhtml+xml"}
LABEL = {"event_id": "e1", "label": 1, "who": "mia"}


def asked(*requests: tuple[str, str, dict[str, Any]], **options: Any) -> list[httpx.Response]:  # noqa: ANN401
    """The answers to one browser, which keeps its cookies."""
    found: list[httpx.Response] = []

    async def test() -> None:
        app = app_of(FakeBoard(held=[alert(1)]), Scorer(), **{"token": TOKEN} | options)
        async with asking(app, "example.org") as client:
            for method, path, more in requests:
                found.append(await client.request(method, path, **more))

    run(test())
    return found


def cookie(value: str) -> dict[str, Any]:
    return {"headers": PAGE | {"Cookie": f"{COOKIE}={value}"}}


LOG_IN = ("POST", "/login", {"data": {"token": TOKEN}})


@pytest.mark.parametrize("path", sorted(PATHS))
def test_who_has_not_told_the_token_is_asked_for_it(path: str) -> None:
    (answer,) = asked(("GET", path, {"headers": PAGE}))
    assert answer.status_code == 401
    assert 'action="/login"' in answer.text
    assert "unsafe" not in answer.headers["content-security-policy"]
    for word in ("Kirlin", "run-1", "chart-map"):
        assert word not in answer.text


@pytest.mark.parametrize(
    ("wanted", "comes_to"),
    [
        ("/operations", "/operations"),
        ("/model", "/model"),
        ("//example.com/", "/"),
        ("https://example.com/", "/"),
        ("/metrics", "/"),
        ("", "/"),
    ],
)
def test_who_tells_the_token_comes_to_the_page_that_was_asked_for(
    wanted: str, comes_to: str
) -> None:
    method, path, more = LOG_IN
    (answer,) = asked((method, path, more | {"params": {"page": wanted}}))
    assert (answer.status_code, answer.headers["location"]) == (303, comes_to)


@pytest.mark.parametrize(
    "path",
    [
        *("/dashboard/alerts", "/dashboard/alerts/1", "/dashboard/alerts.csv"),
        *("/dashboard/stream", "/report/current", "/static/front.js", "/static/vega.js"),
        *("/metrics", "/openapi.json"),
    ],
)
def test_what_is_no_page_is_refused(path: str) -> None:
    (answer,) = asked(("GET", path, {"headers": PAGE}))
    assert answer.status_code == 401
    assert set(answer.json()) == {"what", "hint"}


@pytest.mark.parametrize(
    "path", ["/login", "/static/style.css", "/static/theme.js", "/static/icon.svg"]
)
def test_what_asks_for_the_token_is_there_for_all(path: str) -> None:
    assert asked(("GET", path, {}))[0].status_code == 200


def test_who_has_told_it_sees_the_dashboard_and_no_more() -> None:
    logged, *seen = asked(
        LOG_IN,
        *(("GET", path, {"headers": PAGE}) for path in ("/", "/model", "/operations")),
        ("GET", "/dashboard/alerts", {}),
        ("GET", "/static/front.js", {}),
        ("POST", "/labels", {"json": LABEL}),
        ("POST", "/predict", {"json": EVENT}),
        ("GET", "/metrics", {}),
        ("GET", "/api/stream", {}),
    )
    assert (logged.status_code, logged.headers["location"]) == (303, "/")
    assert [one.status_code for one in seen] == [200] * 6 + [401] * 3
    made = logged.headers["set-cookie"]
    assert TOKEN not in made
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(made.split("; "))


@pytest.mark.parametrize("said", ["", "x", TOKEN[:-1], f"{TOKEN}x"])
def test_another_token_opens_nothing(said: str) -> None:
    answer, page = asked(
        ("POST", "/login", {"data": {"token": said}}), ("GET", "/", {"headers": PAGE})
    )
    assert (answer.status_code, page.status_code) == (401, 401)
    assert "This is not the token." in answer.text
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"&" * 50, b"token=%ff", b"{"])
def test_a_form_that_is_none(body: bytes) -> None:
    (answer,) = asked(("POST", "/login", {"content": body}))
    assert answer.status_code == 401


def test_a_page_from_elsewhere_cannot_log_anybody_in() -> None:
    more = {"data": {"token": TOKEN}, "headers": {"Origin": "https://evil.example"}}
    (answer,) = asked(("POST", "/login", more))
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_cookies_are_ours_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    good = Sessions(TOKEN).made()
    until, _, signature = good.partition(".")
    assert asked(("GET", "/", cookie(good)))[0].status_code == 200
    later = str(int(until) + 1)
    for bad in (
        *("", "x", TOKEN, until, f".{signature}", f"{later}.{signature}", f"{until}.{'0' * 64}"),
        Sessions(f"{TOKEN}x").made(),
    ):
        assert asked(("GET", "/", cookie(bad)))[0].status_code == 401
    shift = 12 * 3_600 * 1_000_000
    monkeypatch.setattr(session, "wall_us", lambda: wall_us() + shift + 1_000_000)
    assert asked(("GET", "/", cookie(good)))[0].status_code == 401


def test_a_wrong_token_in_the_head_is_not_made_good_by_a_cookie() -> None:
    more = cookie(Sessions(TOKEN).made())
    more["headers"]["Authorization"] = "Bearer x"
    assert asked(("GET", "/", more))[0].status_code == 401


def test_the_token_in_the_head_opens_all_of_it() -> None:
    bearer = {"headers": {"Authorization": f"Bearer {TOKEN}"}}
    paths = ("/", "/dashboard/alerts", "/metrics", "/openapi.json")
    answers = asked(*(("GET", path, bearer) for path in paths))
    assert [one.status_code for one in answers] == [200] * len(paths)


def test_where_no_token_is_needed_nobody_logs_in() -> None:
    async def test() -> None:
        async with asking(app_of(FakeBoard())) as client:
            for method in ("GET", "POST"):
                answer = await client.request(method, "/login")
                assert (answer.status_code, answer.headers["location"]) == (303, "/")
                assert "set-cookie" not in answer.headers

    run(test())


def test_tries_are_bounded() -> None:
    tries = [("POST", "/login", {"data": {"token": "x"}})] * 3
    answers = asked(*tries, rate=0.001, burst=2, most_events=1)
    assert [one.status_code for one in answers] == [401, 401, 429]
    (large,) = asked(("POST", "/login", {"content": b"x" * 2_000}), most_body_bytes=1_000)
    assert large.status_code == 413
