"""Who may ask, by which name, and how often; what browsers are told; what is not told."""

from typing import Any

import httpx
import pytest

from engine.errors import InputError
from engine.live.api.options import ApiOptions
from engine.live.metrics import Metrics
from engine.live.service import Health
from unit.live.api.cases import EVENT, TOKEN, WELL, Scorer, app_of, asking
from unit.replay.judge.clients import run

PATHS = ["/", "/openapi.json", "/feature-names", "/metrics", "/api/stream", "/nothing"]


def get(
    path: str,
    headers: dict[str, str] | None = None,
    *,
    host: str = "127.0.0.1:8000",
    scorer: Scorer | None = None,
    metrics: Metrics | None = None,
    **options: Any,  # noqa: ANN401
) -> httpx.Response:
    found: list[httpx.Response] = []

    async def test() -> None:
        async with asking(app_of(scorer or Scorer(), metrics, **options), host) as client:
            found.append(await client.get(path, headers=headers))

    run(test())
    return found[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "example.org"])  # noqa: S104
def test_others_need_a_token(host: str) -> None:
    with pytest.raises(InputError, match="without a token"):
        ApiOptions(host=host)
    assert not ApiOptions(host=host, token=TOKEN).is_local
    assert TOKEN not in repr(ApiOptions(host=host, token=TOKEN))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_this_machine_needs_none(host: str) -> None:
    assert ApiOptions(host=host).is_local


@pytest.mark.parametrize("token", ["", "short", "x" * 201, "with a space in it", "ümläut-ümläut-x"])
def test_tokens_that_are_none(token: str) -> None:
    with pytest.raises(InputError, match="not a token") as caught:
        ApiOptions(token=token)
    assert not token or token not in str(caught.value)


def test_a_list_must_fit_the_burst() -> None:
    with pytest.raises(InputError, match="never be answered"):
        ApiOptions(most_events=10, burst=9)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "given",
    [None, "", "Bearer", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN],
)
def test_without_the_token_nothing_is_answered(path: str, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    answer = get(path, headers, token=TOKEN)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert set(answer.json()) == {"what", "hint"}
    assert TOKEN not in answer.text


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token_it_is(scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    # By any name: who brings a page's name with it does not have the token.
    assert get("/feature-names", headers, token=TOKEN, host="example.org").status_code == 200


def test_two_tokens_are_none() -> None:
    async def test() -> None:
        async with asking(app_of(Scorer(), token=TOKEN)) as client:
            given = [("Authorization", f"Bearer {TOKEN}"), ("Authorization", "Bearer x")]
            assert (await client.get("/metrics", headers=given)).status_code == 401

    run(test())


def test_health_is_told_to_everybody_but_not_all_of_it() -> None:
    troubled = Health(
        **{name: getattr(WELL, name) for name in Health.__slots__}
        | {"ready": False, "troubles": ("the disk is full",)}
    )
    scorer = Scorer(now=troubled)
    stranger = get("/health", token=TOKEN, scorer=scorer)
    assert stranger.status_code == 503
    known = {name: value for name, value in stranger.json().items() if value is not None}
    assert known == {"alive": True, "ready": False}
    friend = get("/health", {"Authorization": f"Bearer {TOKEN}"}, token=TOKEN, scorer=scorer)
    assert friend.json()["troubles"] == ["the disk is full"]


def test_health() -> None:
    answer = get("/health")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "alive": True,
            "ready": True,
            "stream": "open",
            "lag_seconds": 0.25,
            "last_event_seconds": 1.5,
            "queue": 3,
            "pending": 4,
            "snapshot_seconds": 60.0,
            "run_id": "run-1",
            "troubles": [],
        },
    )


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:9", "LOCALHOST:1", "pos"])
def test_names_of_this_machine(host: str) -> None:
    assert get("/health", host=host, hosts=("pos",)).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "localhost.x"])
@pytest.mark.parametrize("path", [*PATHS, "/health"])
def test_a_name_that_was_led_here_is_refused(host: str, path: str) -> None:
    answer = get(path, host=host)
    assert answer.status_code == 421
    assert answer.json()["what"] == "not a name of this server"


def test_who_asks_too_often_waits_but_not_for_health() -> None:
    async def test() -> None:
        metrics = Metrics()
        app = app_of(Scorer(), metrics, rate=0.001, burst=500, most_events=500)
        async with asking(app) as client:
            events = [EVENT | {"trans_num": str(number)} for number in range(499)]
            assert (await client.post("/predict", json=events)).status_code == 200
            refused = await client.post("/predict", json=events[:2])
            assert refused.status_code == 429
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.json()["hint"]
            assert (await client.get("/metrics")).status_code == 429
            for _ in range(3):
                assert (await client.get("/health")).status_code == 200
        assert metrics.requests[("/predict", 429)] == 1

    run(test())


def test_wrong_tokens_are_tried_at_the_rate_too() -> None:
    async def test() -> None:
        app = app_of(Scorer(), token=TOKEN, rate=0.001, burst=2, most_events=1)
        async with asking(app) as client:
            statuses = [(await client.get("/metrics")).status_code for _ in range(3)]
        assert statuses == [401, 401, 429]

    run(test())


@pytest.mark.parametrize("path", [*PATHS[:-2], "/health", "/nothing"])
def test_what_browsers_heed(path: str) -> None:
    headers = get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"
    assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in headers
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/nothing", "/docs", "/redoc", "/health/", "/predict/x"])
def test_what_there_is_not(path: str) -> None:
    answer = get(path)
    assert answer.status_code == 404
    assert answer.json() == {"what": "not found", "hint": "what there is stands at /openapi.json"}


def test_the_wrong_method() -> None:
    answer = get("/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["hint"] == "use the method that Allow names"


def test_names_and_front() -> None:
    assert get("/feature-names").json()["names"][:2] == ["age", "log_amt"]
    assert get("/").text == ("SentinelPOS scores here; what may be asked stands at /openapi.json\n")
