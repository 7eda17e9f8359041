"""Events in, decisions out; what cannot be read is said."""

import json
from typing import Any

import pytest

from engine.catalog import notebook
from unit.live.api.cases import CARD, EVENT, RefusesError, Scorer, app_of, asking
from unit.replay.judge.clients import run

HIDDEN = {"age", "city_pop", "lat", "long", "gender_M", "gender_F"}


def ask(
    scorer: Scorer,
    content: object,
    query: str = "",
    kind: str = "application/json",
    **options: Any,  # noqa: ANN401
) -> tuple[int, Any]:
    """Ask, and return status and body."""
    found: list[tuple[int, Any]] = []

    async def test() -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        async with asking(app_of(scorer, **options)) as client:
            answer = await client.post(
                f"/predict{query}", content=body, headers={"Content-Type": kind}
            )
        found.append((answer.status_code, answer.json()))

    run(test())
    return found[0]


def test_an_event_is_answered() -> None:
    scorer = Scorer()
    status, body = ask(scorer, EVENT | {"amt": "1500.25"})
    assert status == 200
    assert body == {
        "event_id": "a1",
        "is_fraud": 1,
        "proba": 0.75,
        "threshold": 0.5,
        "features": {name: None if name == "amt_z_user" else 1.5 for name in notebook.names},
        "reasons": [{"feature": "log_amt", "contribution": 0.5, "words": "the amount is high"}],
        "fallback": None,
        "duplicate": False,
    }
    assert scorer.asked == [([EVENT | {"amt": "1500.25"}], False)]


def test_a_list_is_answered_in_its_order() -> None:
    scorer = Scorer()
    events = [EVENT | {"trans_num": f"e{number}", "amt": number * 400} for number in range(4)]
    status, body = ask(scorer, events, "?store=1")
    assert status == 200
    assert [(one["event_id"], one["is_fraud"]) for one in body] == [
        ("e0", 0),
        ("e1", 0),
        ("e2", 0),
        ("e3", 1),
    ]
    assert scorer.asked == [(events, True)]


def test_an_empty_list_asks_nobody() -> None:
    scorer = Scorer()
    assert ask(scorer, []) == (200, [])
    assert scorer.asked == []


def test_whole_numbers_keep_all_their_digits() -> None:
    scorer = Scorer()
    body = json.dumps(EVENT).replace(f'"{CARD}"', "4000111122223333987").encode()
    assert ask(scorer, body)[0] == 200
    assert scorer.asked[0][0][0]["cc_num"] == 4000111122223333987


def test_what_was_decided_before_tells_nothing_of_the_card_holder() -> None:
    scorer = Scorer()
    _, first = ask(scorer, EVENT, "?store=1")
    # Whoever knows the id, and nothing else of the event.
    _, again = ask(scorer, EVENT | {"amt": 1, "lat": 0, "long": 0, "dob": "2000-01-01"})
    assert not first["duplicate"]
    assert again["duplicate"]
    assert set(first["features"]) == set(notebook.names)
    assert set(notebook.names) - set(again["features"]) == HIDDEN
    assert again | {"features": 0, "duplicate": 0} == first | {"features": 0, "duplicate": 0}


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"amt": None}, "amt", "amt is missing"),
        ({"amt": "much"}, "amt", "amt is not a number (was 'much')"),
        ({"amt": [1]}, "amt", "amt cannot be read as money(scale=2) (was a list)"),
        ({"lat": 1_000}, "lat", "lat above 90.0 (was 1000)"),
        (
            {"cc_num": "x" + CARD},
            "cc_num",
            "cc_num is not a number of up to 19 digits (was '*************3333')",
        ),
        ({"trans_num": None}, "trans_num", "event id is missing"),
        ({"trans_num": [1]}, "trans_num", "event id 'trans_num' is neither text nor whole"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_field(
    change: dict[str, Any], field: str, reason: str
) -> None:
    event_id = None if "trans_num" in change else "a1"
    status, body = ask(Scorer(), EVENT | change)
    assert status == 422
    assert body["what"].startswith(reason)
    assert body["hint"]
    (fault,) = body["faults"]
    assert fault == {
        "place": 0,
        "event_id": event_id,
        "field": field,
        "reason": body["what"],
    }
    (answer,) = body["answers"]
    assert answer["fallback"] == "could not be read"
    assert answer["proba"] is None
    assert CARD not in json.dumps(body)


def test_of_a_list_all_answers_come_with_the_faults() -> None:
    events = [EVENT, EVENT | {"trans_num": "b", "amt": "x"}, EVENT | {"trans_num": "c"}]
    status, body = ask(Scorer(), events)
    assert status == 422
    assert [(one["place"], one["event_id"], one["field"]) for one in body["faults"]] == [
        (1, "b", "amt")
    ]
    assert [one["event_id"] for one in body["answers"]] == ["a1", "b", "c"]
    assert [one["proba"] for one in body["answers"]] == [0.25, None, 0.25]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"amt": NaN}', 400),
        (b'{"amt": "\xff"}', 400),
        (b'{"amt": 1e400}', 400),
        (b'{"amt": -Infinity}', 400),
        (b'{"amt": ' + b"1" * 5_000 + b"}", 400),
        (b'{"merchant": "\\ud83d"}', 400),
        (b'{"\\udc00": 1}', 400),
        (b"\xef\xbb\xbf{}", 400),
        ("{}".encode("utf-16"), 400),
        (b"{} {}", 400),
        (b"[" * 100_000, 400),
        (b'[{"a":' + b"[" * 100_000, 400),
        (b'{"a":' * 100_000, 400),
        (b"1", 422),
        (b"null", 422),
        (b'"x"', 422),
        (b"[1]", 422),
        (b"[[{}]]", 422),
        (b"[{}, null]", 422),
    ],
)
def test_bodies_that_are_no_events(body: bytes, status: int) -> None:
    scorer = Scorer()
    found, said = ask(scorer, body)
    assert found == status
    assert said["what"].startswith("not JSON" if status == 400 else "neither an event nor a list")
    assert said["hint"]
    assert scorer.asked == []


@pytest.mark.parametrize(
    ("twice", "name"),
    [
        ('"amt": 1, "amt": 900', "amt"),
        ('"more": {"a": 1, "\\u0061": 1}', "a"),
        ('"\\ud83d": 1, "\\ud83d": 2', "?"),
        (f'"{"x" * 999}": 1, "{"x" * 999}": 2', "x" * 80),
    ],
)
def test_what_is_given_twice_is_not_guessed(twice: str, name: str) -> None:
    scorer = Scorer()
    status, body = ask(scorer, f'[{json.dumps(EVENT)}, {{"trans_num": "b", {twice}}}]'.encode())
    assert (status, body["what"]) == (422, f"{name} is given twice")
    assert body["faults"][0]["reason"] == body["what"]
    assert scorer.asked == []


def test_letters_that_two_escapes_write_are_whole() -> None:
    scorer = Scorer()
    body = json.dumps(EVENT | {"merchant": "\N{SLICE OF PIZZA} \\ud83d"}).encode()
    assert b"\\ud83c\\udf55" in body
    assert ask(scorer, body)[0] == 200
    assert scorer.asked[0][0][0]["merchant"] == "\N{SLICE OF PIZZA} \\ud83d"


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"]
)
def test_what_any_page_may_send_is_not_taken(kind: str) -> None:
    scorer = Scorer()
    status, body = ask(scorer, EVENT, "?store=1", kind)
    assert (status, body["what"]) == (415, "not sent as JSON")
    assert scorer.asked == []


def test_the_kind_may_name_its_charset() -> None:
    assert ask(Scorer(), EVENT, kind="Application/JSON; charset=utf-8")[0] == 200


@pytest.mark.parametrize("query", ["?store=2", "?store=-1", "?store=yes", "?store="])
def test_a_parameter_that_cannot_be_read(query: str) -> None:
    scorer = Scorer()
    status, body = ask(scorer, EVENT, query)
    assert status == 422
    assert body["faults"][0]["field"] == "store"
    assert body["what"].startswith("store: ")
    assert body["hint"]
    assert scorer.asked == []


def test_too_many_events() -> None:
    scorer = Scorer()
    events = [EVENT | {"trans_num": str(number)} for number in range(4)]
    assert ask(scorer, events[:3], most_events=3)[0] == 200
    status, body = ask(scorer, events, most_events=3)
    assert (status, body["what"]) == (422, "more than 3 events (was 4)")
    assert len(scorer.asked) == 1


def test_a_scorer_that_stops_says_so() -> None:
    status, body = ask(Scorer(fails=RefusesError()), EVENT)
    assert (status, body) == (
        503,
        {"what": "the scorer stops (was SIGTERM)", "hint": "ask the next one"},
    )


def test_a_scorer_that_takes_too_long() -> None:
    status, body = ask(Scorer(slow=60), EVENT, patience=0.05)
    assert (status, body["what"]) == (503, "no decision within 0.05 s")


def test_a_defect_is_told_without_what_was_asked() -> None:
    async def test() -> None:
        scorer = Scorer(fails=KeyError(CARD))
        app = app_of(scorer)
        async with asking(app) as client:
            answer = await client.post("/predict", json=EVENT)
        assert answer.status_code == 500
        assert answer.json()["what"] == "the request failed for a reason that is ours"
        (envelope,) = [one for one in app.user_middleware if "log" in one.kwargs]
        ((event, particulars),) = envelope.kwargs["log"].said
        assert (event, particulars["error"]) == ("a request failed", "KeyError")
        assert particulars["path"] == "/predict"
        assert particulars["at"].startswith("decide:")
        assert CARD not in repr(particulars)

    run(test())


@pytest.mark.parametrize("asked", ["stroe=1", "store=1&more=1", "store=0&=null"])
def test_a_word_that_is_not_known_is_refused(asked: str) -> None:
    scorer = Scorer()

    async def test() -> None:
        async with asking(app_of(scorer)) as client:
            answer = await client.post(f"/predict?{asked}", json=EVENT)
            assert answer.status_code == 422
            assert answer.json()["hint"] == "send what /openapi.json has"

    run(test())
    assert scorer.asked == []
