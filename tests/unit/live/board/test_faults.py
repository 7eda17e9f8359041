"""What went wrong: each way once, without anybody's values, and no longer than for an hour."""

from pathlib import Path

import pytest

from engine.live.board import faults
from engine.live.board.rows import Fault
from engine.live.flag import Outcome, Reply
from engine.live.ledger.rows import Batch, Quarantined
from engine.live.ledger.writer import Ledger
from unit.live.board.cases import caught_up, put
from unit.live.ledger.cases import BEGAN, SECOND, decision, fallback, opened, recorded

HOUR = 3_600 * SECOND
NOW = BEGAN + 100 * SECOND


def told(path: Path, now_us: int = NOW) -> list[Fault]:
    board = caught_up(path)
    try:
        return board.faults(now_us)
    finally:
        board.close()


def reply(sequence: int, attempt: int, status: int | None, outcome: Outcome, why: str) -> Reply:
    return Reply(sequence, attempt, BEGAN + attempt, status, outcome, why)


def fill(ledger: Ledger) -> None:
    put(ledger, [decision(0), fallback(1)._replace(fallback="unreadable"), decision(2)])
    failed = {"features": None, "score": None, "model": None}
    put(ledger, [decision(3, fallback="features failed", **failed)])
    ledger.record(
        Batch(
            [],
            [
                Quarantined(
                    4 + n, BEGAN + n, None, f"amt is not a number (was 'secret {n}')", "stream"
                )
                for n in range(3)
            ],
        )
    )
    ledger.reply(
        [
            reply(0, 1, 503, Outcome.RETRY, "busy"),
            reply(0, 2, 503, Outcome.RETRY, "busy"),
            reply(0, 3, None, Outcome.RETRY, "no connection: refused"),
            reply(0, 4, 404, Outcome.REFUSED, "no such transaction (was 'e0')"),
            Reply(1, 1, BEGAN, None, Outcome.EXPIRED, None),
            recorded(2),
        ]
    )


def test_each_way_is_told_once(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        found = told(path)
    assert found[:2] == [
        Fault("quarantined", "amt is not a number", 3, BEGAN + 2),
        Fault("retry", "503 busy", 2, BEGAN + 2),
    ]
    assert sorted(found[2:], key=lambda one: (one.what, one.why)) == [
        Fault("expired", "", 1, BEGAN),
        Fault("fallback", "features failed", 1, BEGAN + 3 * SECOND),
        Fault("fallback", "unreadable", 1, BEGAN + SECOND),
        Fault("refused", "404 no such transaction", 1, BEGAN + 4),
        Fault("retry", "no connection: refused", 1, BEGAN + 3),
    ]


def test_what_is_over_is_told_no_more(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        assert len(told(path, BEGAN + HOUR)) == 7
        later = told(path, BEGAN + 2 * SECOND + HOUR)
        assert later == [Fault("fallback", "features failed", 1, BEGAN + 3 * SECOND)]
        assert not told(path, NOW + HOUR)


def test_of_many_the_latest_are_looked_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "live.db"
    monkeypatch.setattr(faults, "LATEST", 2)
    with opened(path) as ledger:
        fill(ledger)
        found = told(path)
    assert found == [Fault("quarantined", "amt is not a number", 2, BEGAN + 2)]


def test_a_ledger_in_which_nothing_is(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path):
        assert told(path) == []


def test_looking_takes_no_longer_where_there_is_more(tmp_path: Path) -> None:
    """Each of the three is found by its place, so that what is older is not read."""
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        plan = ledger._connection.execute(
            f"EXPLAIN QUERY PLAN {faults._FAULTS}", {"after": 0, "since": 0}
        ).fetchall()
    steps = [row[3] for row in plan]
    assert any("decisions USING INDEX fallbacks (fallback=? AND rowid>?)" in s for s in steps)
    assert any("quarantine USING INTEGER PRIMARY KEY (rowid>?)" in step for step in steps)
    assert any("replies USING PRIMARY KEY (sequence>?)" in step for step in steps)
    assert not any(step.startswith("SCAN decisions") for step in steps)
