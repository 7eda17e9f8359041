"""Alerts that are looked for, opened, taken along as CSV, and judged."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from engine.errors import InputError
from engine.live.board.rows import Alert, Case
from engine.live.dashboard.csv_text import lines
from engine.live.errors import RefusedError
from engine.live.metrics import Metrics
from unit.live.api.cases import TOKEN, RefusesError, Scorer, asking
from unit.live.dashboard.cases import NOW, FakeBoard, alert, app_of
from unit.replay.judge.clients import run

SCRIPT = "<script>alert(1)</script>"
LABEL = {"event_id": "e1", "label": 1, "who": "Mia B."}


def ask(
    method: str,
    path: str,
    board: FakeBoard | None = None,
    scorer: Scorer | None = None,
    metrics: Metrics | None = None,
    **more: Any,  # noqa: ANN401
) -> httpx.Response:
    found: list[httpx.Response] = []

    async def test() -> None:
        async with asking(app_of(board or FakeBoard(), scorer, metrics=metrics)) as client:
            found.append(await client.request(method, path, **more))

    run(test())
    return found[0]


BOARD = FakeBoard(
    held=[
        alert(1, "a", state="TX", score=0.6),
        alert(
            2, "b", arrival_time=NOW + 1, state="NY", category="home", score=0.9, card="••••9876"
        ),
        alert(3, "c", arrival_time=NOW + 2, state="NY", merchant="<script>alert(1)</script>"),
    ]
)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", [3, 2, 1]),
        ("most=2", [3, 2]),
        ("before=3", [2, 1]),
        ("after=1", [3, 2]),
        ("state=NY&category=home", [2]),
        ("state=&category=&text=", [3, 2, 1]),
        ("text=987", [2]),
        ("text=KIRLIN", [2, 1]),
        ("text=%3Cscript", [3]),
        ("least_score=0.7", [3, 2]),
        (f"since_us={NOW + 1}&until_us={NOW + 1}", [2]),
    ],
)
def test_alerts_are_found(asked: str, found: list[int]) -> None:
    answer = ask("GET", f"/dashboard/alerts?{asked}", BOARD)
    assert answer.status_code == 200
    assert [one["sequence"] for one in answer.json()] == found


@pytest.mark.parametrize(
    "asked",
    [
        "most=0",
        "most=501",
        "before=x",
        "before=-1",
        f"after={2**63}",
        "least_score=2",
        "least_score=nan",
    ],
)
def test_what_cannot_be_asked(asked: str) -> None:
    answer = ask("GET", f"/dashboard/alerts?{asked}")
    assert answer.status_code == 422
    assert {"what", "hint"} <= set(answer.json())


def test_a_word_that_is_given_twice_is_refused() -> None:
    for path in ("alerts", "alerts.csv"):
        answer = ask("GET", f"/dashboard/{path}?state=NY&state=TX", BOARD)
        assert (answer.status_code, answer.json()["what"]) == (422, "state: given twice")


def test_an_alert_is_opened() -> None:
    case = Case(
        alert(7, merchant="<img src=x onerror=alert(1)>"),
        reasons=(("log_amt", 1.5, "the amount"),),
        card=(),
        features=(),
        labels=((1, "mia", NOW),),
    )
    board = FakeBoard(cases={7: case})
    found = ask("GET", "/dashboard/alerts/7", board)
    assert found.headers["content-type"] == "application/json"  # markup in it is none
    assert found.json()["reasons"] == [["log_amt", 1.5, "the amount"]]
    assert found.json()["labels"] == [[1, "mia", NOW]]
    assert ask("GET", "/dashboard/alerts/8", board).status_code == 404
    assert ask("GET", "/dashboard/alerts/x", board).status_code == 422


def test_a_board_that_cannot_be_asked() -> None:
    class Broken(FakeBoard):
        def alerts(self, _query: object) -> list[Alert]:
            raise InputError("live.db: damaged (was x)", hint="look at it")

        def opened(self, _sequence: int) -> Case | None:
            raise InputError("live.db: damaged (was x)", hint="look at it")

    for path in ("alerts", "alerts.csv", "alerts/1"):
        answer = ask("GET", f"/dashboard/{path}", Broken())
        assert (answer.status_code, answer.json()["hint"]) == (503, "look at it")


def test_csv_is_what_is_shown() -> None:
    answer = ask("GET", "/dashboard/alerts.csv?state=NY", BOARD)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="alerts.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["sequence"] for row in rows] == ["3", "2"]
    assert rows[0]["merchant"] == SCRIPT
    assert (rows[0]["label"], rows[0]["long"]) == ("", "-99.0")
    many = FakeBoard(held=[alert(sequence) for sequence in range(10_700)])
    text = ask("GET", "/dashboard/alerts.csv", many).text
    assert text.count("\n") == 10_001
    assert "\r\n700,e1," in text


@pytest.mark.parametrize(
    "start",
    [
        *("=", "+", "-", "@", "\t", "\r", "\n", "|", " =", "  @"),
        *("\uff1d", "\uff0b", "\ufe62", "\u00a0=", "\u2003=", "\ufeff-"),
    ],
)
def test_no_cell_is_a_formula(start: str) -> None:
    hostile = f"{start}HYPERLINK(1)"
    one = alert(1, hostile, merchant=hostile, state=hostile, reasons=(hostile, hostile))
    (row,) = csv.reader(io.StringIO(lines([one]), newline=""))
    assert row.count(f"'{hostile}") == 3
    assert f"'{hostile} · {hostile}" in row
    assert not any(cell.lstrip(" ").startswith(("=", "+", "@")) for cell in row)


def test_a_label_is_recorded() -> None:
    scorer, metrics = Scorer(), Metrics()
    answer = ask("POST", "/dashboard/labels", scorer=scorer, metrics=metrics, json=LABEL)
    assert (answer.status_code, answer.json()) == (200, LABEL)
    for label in (0, None):
        said = LABEL | {"label": label, "who": "O’Brien-Müller"}
        assert ask("POST", "/dashboard/labels", scorer=scorer, json=said).status_code == 200
    who = "O’Brien-Müller"
    assert scorer.labels == [("e1", 1, "Mia B."), ("e1", 0, who), ("e1", None, who)]
    assert metrics.requests[("/dashboard/labels", 200)] == 1


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"label": 2}, "label is not 0, 1 or null (was 2)"),
        ({"label": "1"}, "not a label"),
        ({"label": True}, "not a label"),
        ({"who": ""}, "not a label"),
        ({"who": " mia"}, "who is not a name"),
        ({"who": "x" * 41}, "not a label"),
        ({"who": "a\nb"}, "who is not a name"),
        ({"who": "=1+1"}, "who is not a name"),
        ({"who": "<b>"}, "who is not a name"),
        ({"event_id": ""}, "not a label"),
        ({"event_id": 7}, "not a label"),
        ({"more": 1}, "not a label"),
    ],
)
def test_what_is_no_label(changed: dict[str, Any], what: str) -> None:
    scorer = Scorer()
    answer = ask("POST", "/dashboard/labels", scorer=scorer, json=LABEL | changed)
    assert answer.status_code == 422
    assert answer.json()["what"].startswith(what)
    assert scorer.labels == []


def test_labels_that_cannot_be_recorded() -> None:
    assert ask("POST", "/dashboard/labels", json=LABEL | {"event_id": "x"}).status_code == 404
    stops = Scorer(fails=RefusesError())
    assert ask("POST", "/dashboard/labels", scorer=stops, json=LABEL).status_code == 503
    often = Scorer(fails=RefusedError("it has been said too often (was one more)", hint="rest"))
    assert ask("POST", "/dashboard/labels", scorer=often, json=LABEL).status_code == 409
    text = {"Content-Type": "text/plain"}
    body = json.dumps(LABEL)
    assert ask("POST", "/dashboard/labels", content=body, headers=text).status_code == 415
    assert ask("GET", "/dashboard/labels").status_code == 405


OURS = "http://127.0.0.1:8000"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin", "Origin": OURS}, 200),
        ({"Origin": OURS}, 200),
        # A form of a page whose address is told to nobody; what site it is of is told all the same.
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:9000"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9000"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:8000.evil.example"}, 403),
    ],
)
@pytest.mark.parametrize("path", ["/dashboard/labels", "/predict"])
def test_a_page_from_elsewhere_says_nothing(
    path: str, headers: dict[str, str], status: int
) -> None:
    scorer = Scorer()
    body = LABEL if path == "/dashboard/labels" else []
    assert ask("POST", path, scorer=scorer, json=body, headers=headers).status_code == status
    if status == 403:
        assert (scorer.labels, scorer.asked) == ([], [])


def test_a_page_from_elsewhere_may_look_at_nothing_either() -> None:
    """Other pages cannot read it: no answer says that they may."""
    answer = ask("GET", "/dashboard/alerts", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert TOKEN not in answer.text
