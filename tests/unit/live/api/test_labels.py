"""What people and systems say that events turned out to be."""

import json
from typing import Any

import pytest

from engine.live.api.options import ApiOptions
from engine.live.metrics import Metrics
from unit.live.api.cases import RefusesError, Scorer
from unit.live.dashboard.cases import LABEL, ask


def test_a_label_is_recorded() -> None:
    scorer, metrics = Scorer(), Metrics()
    answer = ask("POST", "/labels", scorer=scorer, metrics=metrics, json=LABEL)
    assert (answer.status_code, answer.json()) == (200, LABEL)
    for label in (0, None):
        said = LABEL | {"label": label, "who": "O’Brien-Müller"}
        assert ask("POST", "/labels", scorer=scorer, json=said).status_code == 200
    who = "O’Brien-Müller"
    assert scorer.labels == [("e1", 1, "Mia B."), ("e1", 0, who), ("e1", None, who)]
    assert metrics.requests[("/labels", 200)] == 1


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"label": 2}, "label is not 0, 1 or null (was 2)"),
        ({"label": "1"}, "neither a label nor a list of labels"),
        ({"label": True}, "neither a label nor a list of labels"),
        ({"who": ""}, "neither a label nor a list of labels"),
        ({"who": " mia"}, "who is not a name"),
        ({"who": "x" * 41}, "neither a label nor a list of labels"),
        ({"who": "a\nb"}, "who is not a name"),
        ({"who": "=1+1"}, "who is not a name"),
        ({"who": "<b>"}, "who is not a name"),
        ({"event_id": ""}, "neither a label nor a list of labels"),
        ({"event_id": 7}, "neither a label nor a list of labels"),
        ({"more": 1}, "neither a label nor a list of labels"),
    ],
)
def test_what_is_no_label(changed: dict[str, Any], what: str) -> None:
    scorer = Scorer()
    answer = ask("POST", "/labels", scorer=scorer, json=LABEL | changed)
    assert answer.status_code == 422
    assert answer.json()["what"].startswith(what)
    assert scorer.labels == []


def test_labels_that_cannot_be_recorded() -> None:
    assert ask("POST", "/labels", json=LABEL | {"event_id": "x"}).status_code == 404
    stops = Scorer(fails=RefusesError())
    assert ask("POST", "/labels", scorer=stops, json=LABEL).status_code == 503
    often = ask("POST", "/labels", json=LABEL | {"event_id": "often"})
    assert (often.status_code, often.json()["hint"]) == (409, "rest")
    text = {"Content-Type": "text/plain"}
    body = json.dumps(LABEL)
    assert ask("POST", "/labels", content=body, headers=text).status_code == 415
    assert ask("GET", "/labels").status_code == 405


def test_many_labels_at_once() -> None:
    scorer, metrics = Scorer(), Metrics()
    said = [LABEL, LABEL | {"label": 0}, LABEL | {"label": None, "who": "bank"}]
    answer = ask("POST", "/labels", scorer=scorer, metrics=metrics, json=said)
    assert (answer.status_code, answer.json()) == (200, {"recorded": 3, "faults": []})
    assert scorer.told_at_once == [3]  # what is recorded at once is there wholly or not
    assert scorer.labels == [("e1", 1, "Mia B."), ("e1", 0, "Mia B."), ("e1", None, "bank")]
    assert ask("POST", "/labels", json=[]).json() == {"recorded": 0, "faults": []}


def test_labels_of_events_that_are_not_there_are_told_and_the_others_recorded() -> None:
    scorer = Scorer()
    said = [LABEL | {"event_id": "x"}, LABEL, LABEL | {"event_id": "often"}]
    answer = ask("POST", "/labels", scorer=scorer, json=said)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["recorded"], scorer.labels) == (1, [("e1", 1, "Mia B.")])
    assert told["faults"] == [
        {"place": 0, "event_id": "x", "reason": "no such event"},
        {"place": 2, "event_id": "often", "reason": "it has been said too often (was one more)"},
    ]
    stops = Scorer(fails=RefusesError())
    assert ask("POST", "/labels", scorer=stops, json=said).status_code == 503


def test_a_list_is_read_whole_before_anything_is_recorded() -> None:
    scorer = Scorer()
    most = ApiOptions().most_events
    for said in (
        [LABEL, LABEL | {"label": 3}],
        [LABEL, LABEL | {"who": "<b>"}],
        [LABEL] * (most + 1),
    ):
        answer = ask("POST", "/labels", scorer=scorer, json=said)
        assert answer.status_code == 422
    assert answer.json()["what"] == f"more than {most:,} labels (was {most + 1:,})"
    assert scorer.labels == []


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ('{"event_id":"e1","label":1,"label":0,"who":"mia"}', "label"),
        ('{"event_id":"e1","label":1,"\\u006cabel":1,"who":"mia"}', "label"),
        ('{"event_id":"e1","event_id":"e2","label":1,"who":"mia"}', "event_id"),
        ('[{"event_id":"e1","label":1,"who":"mia","who":"bob"}]', "who"),
        (f'{{"event_id":"e1","label":{"1" * 4_000},"label":0,"who":"mia"}}', "label"),
    ],
)
def test_what_is_given_twice_is_not_guessed(body: str, name: str) -> None:
    scorer, sent = Scorer(), {"Content-Type": "application/json"}
    answer = ask("POST", "/labels", scorer=scorer, content=body, headers=sent)
    assert answer.status_code == 422
    assert answer.json()["what"] == f"{name} is given twice"
    assert scorer.labels == []
