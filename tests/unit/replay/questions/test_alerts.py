"""How many alerts there were."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from unit.replay.questions.cases import asked, decision, make_labels, make_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return make_ledger(
        tmp_path / "ledger",
        [
            decision("2025-08-01 07:59:58", why=["a"]),
            decision("2025-08-01 07:59:59", why=["a"]),  # before: as long a time, with both ends
            decision("2025-08-01 09:59:59", why=["a"]),  # before
            decision("2025-08-01 10:00:00", card=1, amt=150, why=["a"]),  # two hours: in
            decision("2025-08-01 11:00:00", card=2),
            decision("2025-08-01 11:30:00", card=1, amt=275, why=[]),
            decision("2025-08-01 12:00:00", card=3),
        ],
    )


def test_the_last_two_hours_with_both_ends(ledger: Path) -> None:
    assert asked("alerts", ledger) == [
        {
            "since": datetime(2025, 8, 1, 10),  # noqa: DTZ001 - DuckDB's timestamps have no zone
            "until": datetime(2025, 8, 1, 12),  # noqa: DTZ001 - the same
            "events": 4,
            "alerts": 2,
            "before": 2,
            "share": 0.5,
            "cards": 1,
            "money": Decimal("4.25"),
            "fraud": None,
        }
    ]


def test_counted_back_from_another_instant(ledger: Path) -> None:
    (row,) = asked("alerts", ledger, until="2025-08-01 11:59:59")
    assert (row["events"], row["alerts"], row["before"]) == (4, 3, 2)
    (row,) = asked("alerts", ledger, since="2025-08-01", until="2025-08-02")
    assert (row["events"], row["alerts"], row["before"]) == (7, 5, 0)


def test_where_nothing_came_nothing_is_counted(ledger: Path) -> None:
    (row,) = asked("alerts", ledger, until="2025-07-01")
    assert (row["events"], row["alerts"], row["before"], row["share"]) == (0, 0, 0, None)
    assert row["money"] == 0


def test_labels_tell_how_many_were_fraud(ledger: Path, tmp_path: Path) -> None:
    labels = make_labels(tmp_path / "labels.parquet", {"e3": 1, "e4": 1, "e5": 0, "e1": 1})
    (row,) = asked("alerts", ledger, labels=labels)
    assert row["fraud"] == 1
    unknown = make_labels(tmp_path / "unknown.parquet", {"e3": None, "other": 1})
    (row,) = asked("alerts", ledger, labels=unknown)
    assert row["fraud"] is None
