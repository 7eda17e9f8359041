"""What is old is forgotten, a little at a time, and nothing that is needed."""

from pathlib import Path

import pytest

from engine.errors import InputError, OutputError
from engine.live.ledger import retention
from engine.live.ledger.reader import reading
from engine.live.ledger.retention import Removed, retain
from engine.live.ledger.rows import Batch, Label
from engine.live.ledger.writer import Ledger
from engine.model.reasons import Reason
from unit.live.ledger.cases import (
    BEGAN,
    DAY,
    MODEL,
    SECOND,
    counts,
    decision,
    opened,
    quarantined,
    record,
    recorded,
)

_TABLES = ("decisions", "replies", "reasons", "labels", "quarantine", "pending")
_DAY_SECONDS = 86_400


def fill(ledger: Ledger, days: int = 10, each: int = 4) -> None:
    """Some events a day: the second stays pending, the third is flagged, explained and labelled."""
    ledger.enrol(MODEL)
    for day in range(days):
        start, came = day * each, BEGAN + day * DAY
        made = [decision(start + n, arrival_time=came, flagged=int(n == 2)) for n in range(each)]
        ledger.record(Batch(made[:-1], [quarantined(start + each - 1, came)]))
        ledger.reply([recorded(start), recorded(start + 2)])
        ledger.reasons([(start + 2, [Reason("amt", 1.0, "much")])])
        ledger.label([Label(f"e{start + 2}", 1, came, came, "bank")])


def test_what_is_old_is_removed_and_counted_but_never_what_is_pending(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        now = BEGAN + 9 * DAY
        removed = retain(path, 3 * _DAY_SECONDS, now, pause=lambda _: None)
        assert removed == Removed(decisions=12, replies=12, reasons=6, labels=6, quarantine=6)
        # On the day itself it is kept: day 6 came exactly three days ago.
        assert counts(ledger, *_TABLES) == [18, 8, 4, 4, 4, 10]
        left = [flag.sequence for flag in ledger.pending(-1, 99)]
        assert left == [1 + 4 * day for day in range(10)]
        assert retain(path, 3 * _DAY_SECONDS, now, pause=lambda _: None) == Removed()
        again = retain(path, 2 * _DAY_SECONDS, now, pause=lambda _: None)
        assert again == Removed(decisions=2, replies=2, reasons=1, labels=1, quarantine=1)
    with reading(path) as reader:
        about = reader.about()
    assert {name: value for name, value in about.items() if name.startswith("removed")} == {
        "removed_decisions": 14,
        "removed_replies": 14,
        "removed_reasons": 7,
        "removed_labels": 7,
        "removed_quarantine": 7,
        "removed_through": 27,
    }


def test_what_is_younger_than_is_kept_is_known_and_older_is_not(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        record(ledger, [0], arrival_time=BEGAN, post=0)
        record(ledger, [1], arrival_time=BEGAN + 1, post=0)
        retain(path, _DAY_SECONDS, BEGAN + DAY + 1, pause=lambda _: None)
        assert ledger.known(["e0", "e1"]) == {"e1"}


def test_places_of_what_was_removed_are_not_given_again(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        ledger.record(Batch([decision(0, arrival_time=BEGAN + 5 * DAY, post=0)]))
        ledger.record(Batch([decision(7, arrival_time=BEGAN, post=0)], [quarantined(9, BEGAN)]))
    retain(path, _DAY_SECONDS, BEGAN + 5 * DAY, pause=lambda _: None)
    with opened(path) as ledger:
        assert counts(ledger, "decisions", "quarantine") == [1, 0]
        assert ledger.next_sequence == 10


def test_the_other_process_writes_between_small_transactions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_ROWS", 5)
    path = tmp_path / "live.db"
    done = []
    with opened(path) as ledger:
        record(ledger, range(23), arrival_time=BEGAN, post=0)
        record(ledger, [23], arrival_time=BEGAN + 2 * DAY)

        def pause(_: float) -> None:
            record(ledger, [ledger.next_sequence], arrival_time=BEGAN + 2 * DAY)

        retain(path, _DAY_SECONDS, BEGAN + 2 * DAY, progress=done.append, pause=pause)
        assert done == [5, 5, 5, 5, 3]
        assert counts(ledger, "decisions") == [1 + 5]


def test_an_interrupt_leaves_what_was_not_removed_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_ROWS", 5)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        record(ledger, range(20), arrival_time=BEGAN, post=0)
        record(ledger, [20], arrival_time=BEGAN + 2 * DAY)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        retain(path, _DAY_SECONDS, BEGAN + 2 * DAY, pause=interrupted)
    with reading(path) as reader:
        assert reader.about()["removed_decisions"] == 5
        assert reader.row("SELECT count(*) FROM decisions") == (16,)


def test_a_clock_that_is_wrong_removes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        record(ledger, [0])
    with pytest.raises(InputError, match="perhaps the clock is wrong"):
        retain(path, 90 * _DAY_SECONDS, BEGAN + 4_000 * DAY)
    with reading(path) as reader:
        assert reader.row("SELECT count(*) FROM decisions") == (1,)


def test_a_day_is_kept_at_least_and_an_empty_ledger_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path):
        pass
    with pytest.raises(InputError, match=r"too short a time \(was 86,399 seconds\)"):
        retain(path, _DAY_SECONDS - 1, BEGAN)
    assert retain(path, _DAY_SECONDS, BEGAN) == Removed()


def test_what_was_removed_is_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        record(ledger, [0], arrival_time=BEGAN, event='{"dob":"1961-07-04"}', post=0)
        record(ledger, [1], arrival_time=BEGAN + 2 * DAY)
    assert b"1961-07-04" in path.read_bytes()
    retain(path, _DAY_SECONDS, BEGAN + 2 * DAY + SECOND, pause=lambda _: None)
    assert b"1961-07-04" not in path.read_bytes()


def test_a_ledger_that_is_held_is_left_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_PATIENCE_SECONDS", 0.05)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        ledger._connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(OutputError, match="another process holds it"):
            retain(path, _DAY_SECONDS, BEGAN + 9 * DAY)
        ledger._connection.execute("ROLLBACK")
        assert counts(ledger, "decisions") == [30]
