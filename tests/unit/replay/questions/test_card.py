"""What happened on a card around its alerts."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from unit.replay.questions.cases import asked, decision, make_labels, make_ledger

ONE, OTHER, SAME_END = 4_000_000_000_001_234, 4_000_000_000_005_678, 4_000_000_000_991_234


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return make_ledger(
        tmp_path / "ledger",
        [
            decision("2025-08-01 09:59:59", ONE),  # more than two hours before
            decision("2025-08-01 10:00:00", ONE, 250, merchant="m", category="c"),
            decision("2025-08-01 11:00:00", OTHER, why=["hour"]),
            decision("2025-08-01 12:00:00", ONE, why=["velocity", "hour"]),
            decision("2025-08-01 12:30:00", ONE, why=["velocity"]),
            decision("2025-08-01 14:30:00", ONE),
            decision("2025-08-01 14:30:01", ONE),
            decision("2025-08-01 15:00:00", SAME_END, why=["velocity"]),
        ],
    )


def ids(rows: list[dict[str, Any]]) -> list[str]:
    return [row["event"] for row in rows]


def test_the_card_of_the_most_alerts_as_far_as_they_are_near(ledger: Path) -> None:
    rows = asked("card", ledger)
    assert ids(rows) == ["e1", "e3", "e4", "e5"]
    assert {row["card"] for row in rows} == {"************1234"}
    assert rows[0] == {
        "card": "************1234",
        "time": datetime(2025, 8, 1, 10),  # noqa: DTZ001 - DuckDB's timestamps have no zone
        "merchant": "m",
        "category": "c",
        "amount": Decimal("2.50"),
        "score": 0.1,
        "alert": False,
        "fraud": None,
        "event": "e1",
        "why": None,
    }
    assert [row["why"] for row in rows[1:]] == ["words of velocity", "words of velocity", None]
    assert ids(asked("card", ledger, hours=0)) == ["e3", "e4"]


def test_of_many_events_the_latest_are_shown(ledger: Path) -> None:
    assert ids(asked("card", ledger, top=2)) == ["e4", "e5"]
    assert ids(asked("card", ledger, card="1234", top=3)) == ["e4", "e5", "e7"]


def test_a_card_by_its_number_or_its_end(ledger: Path) -> None:
    assert ids(asked("card", ledger, card=OTHER)) == ["e2"]
    assert ids(asked("card", ledger, card="5678")) == ["e2"]
    both = asked("card", ledger, card="1234")
    assert ids(both) == ["e1", "e3", "e4", "e5", "e7"]  # one card after the other
    assert asked("card", ledger, card="0000") == []


def test_numbers_are_whole_only_if_that_is_asked_for(ledger: Path) -> None:
    shown = {row["card"] for row in asked("card", ledger, card="1234", unmask="true")}
    assert shown == {str(ONE), str(SAME_END)}


def test_only_alerts_of_the_span_count(ledger: Path) -> None:
    assert ids(asked("card", ledger, since="2025-08-01 13:00")) == ["e7"]
    assert ids(asked("card", ledger, until="2025-08-01 12:00", hours=0.25)) == ["e3"]


def test_labels_are_shown(ledger: Path, tmp_path: Path) -> None:
    labels = make_labels(tmp_path / "labels.parquet", {"e3": 1, "e4": 0})
    assert [row["fraud"] for row in asked("card", ledger, labels=labels)] == [None, 1, 0, None]
