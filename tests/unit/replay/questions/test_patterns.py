"""The most common fraud patterns."""

from decimal import Decimal
from pathlib import Path

import pytest

from unit.replay.questions.cases import asked, decision, make_labels, make_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """In the last hour three alerts of velocity and amount, one of hour, one without reasons."""
    return make_ledger(
        tmp_path / "ledger",
        [
            decision("2025-08-01 10:59:59", why=["hour"]),
            decision("2025-08-01 11:00:00", why=["velocity", "amount", "age"], card=1, score=0.8),
            decision("2025-08-01 11:10:00", why=["amount", "velocity", "age"], card=2, score=0.95),
            decision("2025-08-01 11:20:00", why=["velocity", "amount", "lat"], card=1),
            decision("2025-08-01 11:30:00", why=["hour"], amt=5),
            decision("2025-08-01 11:40:00", why=[]),
            decision("2025-08-01 12:00:00"),
        ],
    )


def test_a_pattern_is_a_set_of_features(ledger: Path) -> None:
    rows = asked("patterns", ledger)
    assert rows[0] == {
        "pattern": "amount + velocity + age",  # as they weigh in the example
        "alerts": 2,
        "share": 0.4,
        "cards": 2,
        "money": Decimal("20.00"),
        "fraud": None,
        "example": "e2",
        "says": "words of amount",
    }
    assert [row["pattern"] for row in rows] == [
        "amount + velocity + age",
        "(no reasons recorded)",
        "velocity + amount + lat",
        "hour",
    ]  # equally common ones by their money
    assert [row["alerts"] for row in rows] == [2, 1, 1, 1]


def test_fewer_reasons_make_wider_patterns(ledger: Path) -> None:
    rows = asked("patterns", ledger, reasons=2, top=1)
    assert [(row["pattern"], row["alerts"], row["share"]) for row in rows] == [
        ("amount + velocity", 3, 0.6)
    ]


def test_another_span(ledger: Path) -> None:
    rows = asked("patterns", ledger, until="2025-08-01 11:00:00")
    assert {row["example"] for row in rows} == {"e0", "e1"}
    rows = asked("patterns", ledger, since="2025-08-01 10:00:00")
    assert {row["pattern"]: row["alerts"] for row in rows}["hour"] == 2
    assert asked("patterns", ledger, until="2025-07-01") == []


def test_labels_tell_how_many_were_fraud(ledger: Path, tmp_path: Path) -> None:
    labels = make_labels(tmp_path / "labels.parquet", {"e1": 1, "e2": 0, "e4": 1})
    rows = asked("patterns", ledger, labels=labels)
    assert {row["pattern"]: row["fraud"] for row in rows} == {
        "amount + velocity + age": 1,
        "(no reasons recorded)": None,
        "velocity + amount + lat": None,
        "hour": 1,
    }
