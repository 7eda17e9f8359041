"""Who is exposed: rates, and how far they can be trusted."""

from decimal import Decimal
from math import isclose, sqrt
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

from unit.replay.questions.cases import asked, decision, make_labels, make_ledger

Z = NormalDist().inv_cdf(0.975)
ALL = {"least_events": 1, "least_cards": 1, "top": 100}


def one(rows: list[dict[str, Any]], kind: str, segment: str) -> dict[str, Any]:
    (found,) = [row for row in rows if (row["kind"], row["segment"]) == (kind, segment)]
    return found


def assert_wilson(row: dict[str, Any], independent: float) -> None:
    """The ends are where a rate lies just Z of its own deviations from the one that was seen."""
    for end in (row["low"], row["high"]):
        deviation = sqrt(end * (1 - end) / independent)
        assert isclose(abs(row["rate"] - end), Z * deviation, abs_tol=1e-9)
    assert 0 <= row["low"] <= row["rate"] <= row["high"] <= 1


def cards(number: int, flagged: int, *, events: int = 1, **event: object) -> list[dict[str, Any]]:
    """Events of so many cards; those of the first few are flagged, all of them."""
    return [
        decision(f"2025-08-01 10:{minute:02}:00", card, why=[] if card < flagged else None, **event)
        for card in range(number)
        for minute in range(events)
    ]


def test_the_interval_is_wilsons(tmp_path: Path) -> None:
    row = one(asked("exposed", make_ledger(tmp_path / "l", cards(20, 3)), **ALL), "hour", "10:00")
    assert (row["events"], row["hits"], row["rate"]) == (20, 3, 0.15)
    # Of m cards with one event each, the variance of the rate is p (1 − p) / (m − 1).
    assert_wilson(row, independent=19)


def test_a_burst_tells_no_more_than_one_event(tmp_path: Path) -> None:
    row = one(
        asked("exposed", make_ledger(tmp_path / "l", cards(20, 3, events=7)), **ALL),
        "hour",
        "10:00",
    )
    assert (row["events"], row["hits"], row["rate"], row["cards"]) == (140, 21, 0.15, 20)
    assert_wilson(row, independent=19)


def test_cards_that_are_all_alike_leave_each_event_to_tell_something(tmp_path: Path) -> None:
    decisions = [
        decision(f"2025-08-01 10:0{minute}:00", card, why=[] if minute == 0 else None)
        for card in range(10)
        for minute in range(4)
    ]
    row = one(asked("exposed", make_ledger(tmp_path / "l", decisions), **ALL), "hour", "10:00")
    assert row["rate"] == 0.25
    assert_wilson(row, independent=40)


@pytest.mark.parametrize(("flagged", "low", "high"), [(0, 0.0, None), (9, None, 1.0)])
def test_where_all_are_alike_cards_are_counted(
    tmp_path: Path, flagged: int, low: float | None, high: float | None
) -> None:
    ledger = make_ledger(tmp_path / "l", cards(9, flagged, events=5))
    row = one(asked("exposed", ledger, **ALL), "hour", "10:00")
    # At a rate of 0 or 1, the other end is Z² of n + Z² away.
    away = Z * Z / (9 + Z * Z)
    assert isclose(row["low"], 1 - away if low is None else low, abs_tol=1e-9)
    assert isclose(row["high"], away if high is None else high, abs_tol=1e-9)


def test_segments_of_each_kind(tmp_path: Path) -> None:
    ca = {"state": "CA", "category": "fuel", "merchant": "fraud_A"}
    tx = {"state": "TX", "category": "fuel", "merchant": "fraud_B"}
    decisions = [
        # The day before the 30th birthday, and that day.
        decision("2025-08-01 23:59:59", 1, 200, why=[], dob="1995-08-02", **ca),
        decision("2025-08-02 00:00:00", 1, 300, why=[], dob="1995-08-02", **ca),
        decision("2025-08-02 00:10:00", 2, 400, dob="1945-08-02", **ca),
        decision("2025-08-02 00:20:00", 3, 500, dob="1945-08-03", **tx),
        decision("2025-08-02 00:30:00", 4, 600, dob="2010-01-01", **tx),
        decision("2025-08-02 00:40:00", 5, 700, dob="?", **tx),
        decision("2025-08-02 00:50:00", 6, 800),
    ]
    rows = asked("exposed", make_ledger(tmp_path / "l", decisions), **ALL)

    def counts(kind: str) -> dict[str, tuple[int, int]]:
        return {r["segment"]: (r["events"], r["hits"]) for r in rows if r["kind"] == kind}

    assert counts("age") == {
        "20 to 29": (1, 1),
        "30 to 39": (1, 1),
        "80 and over": (1, 0),
        "70 to 79": (1, 0),
        "under 20": (1, 0),
        "unknown": (2, 0),
    }
    assert counts("state") == {"CA": (3, 2), "TX": (3, 0), "unknown": (1, 0)}
    assert counts("category") == {"fuel": (6, 2), "unknown": (1, 0)}
    assert counts("hour") == {"23:00": (1, 1), "00:00": (6, 1)}
    assert counts("merchant") == {"fraud_A": (3, 2), "fraud_B": (3, 0), "unknown": (1, 0)}
    ca_row = one(rows, "state", "CA")
    assert (ca_row["cards"], ca_row["cards_hit"], ca_row["money"]) == (2, 1, Decimal("5.00"))
    assert isclose(ca_row["times"], (2 / 3) / (2 / 7))
    assert {row["counted"] for row in rows} == {"alerts"}


def test_little_is_not_much(tmp_path: Path) -> None:
    few = cards(2, 1, state="AA")  # a rate of 0.5, of two cards
    many = cards(60, 20, state="BB")
    ledger = make_ledger(tmp_path / "l", few + many, part_rows=50)
    states = [row["segment"] for row in asked("exposed", ledger, **ALL) if row["kind"] == "state"]
    assert states == ["BB", "AA"]
    shown = asked("exposed", ledger, least_events=60, least_cards=1)
    assert [row["segment"] for row in shown if row["kind"] == "state"] == ["BB"]
    assert not asked("exposed", ledger, least_events=1, least_cards=63)
    assert not asked("exposed", ledger)  # 100 events by default
    (first,) = [
        row for row in asked("exposed", ledger, **ALL | {"top": 1}) if row["kind"] == "state"
    ]
    assert first["segment"] == "BB"


def test_with_labels_it_is_fraud_that_counts(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l", cards(5, 3))
    labels = make_labels(tmp_path / "labels.parquet", {"e0": 0, "e1": 1, "e4": 0, "e3": None})
    row = one(asked("exposed", ledger, labels=labels, **ALL), "hour", "10:00")
    assert (row["counted"], row["events"], row["hits"]) == ("fraud", 3, 1)


def test_a_span_of_arrivals(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path / "l", cards(1, 1, events=10))
    rows = asked("exposed", ledger, since="2025-08-01 10:02", until="2025-08-01 10:05", **ALL)
    assert one(rows, "hour", "10:00")["events"] == 4
