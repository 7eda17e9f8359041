"""Alerts that are looked for, opened, taken along as CSV, and judged."""

import csv
import io

import pytest

from engine.errors import InputError
from engine.live.board.rows import Alert, Case
from engine.live.dashboard.csv_text import lines
from unit.live.api.cases import TOKEN, Scorer
from unit.live.dashboard.cases import LABEL, NOW, FakeBoard, alert, ask

SCRIPT = "<script>alert(1)</script>"
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
@pytest.mark.parametrize("path", ["/labels", "/predict"])
def test_a_page_from_elsewhere_says_nothing(
    path: str, headers: dict[str, str], status: int
) -> None:
    scorer = Scorer()
    body = LABEL if path == "/labels" else []
    assert ask("POST", path, scorer=scorer, json=body, headers=headers).status_code == status
    if status == 403:
        assert (scorer.labels, scorer.asked) == ([], [])


def test_a_page_from_elsewhere_may_look_at_nothing_either() -> None:
    """Other pages cannot read it: no answer says that they may."""
    answer = ask("GET", "/dashboard/alerts", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert TOKEN not in answer.text
