"""A board's answers are those of sql/questions on the exported ledger, to the last bit."""

from pathlib import Path

import msgspec
import pytest

from engine.live.board import parts
from engine.live.board.board import Board
from engine.live.ledger.rows import Batch
from engine.live.ledger.writer import Ledger
from engine.model.reasons import Reason
from unit.live.board.cases import (
    DEADLINE,
    alert,
    answers,
    assert_same_answers,
    caught_up,
    event,
    exported,
    invented,
    put,
    read_on,
    run_of,
)
from unit.live.ledger.cases import BEGAN, SECOND, decision, opened

HOUR = 3_600


def fill(ledger: Ledger, count: int, seed: int) -> int:
    """Fill a ledger, and tell the second in which its last decision arrived."""
    decisions, reasons = invented(0, count, seed)
    put(ledger, decisions)
    ledger.reasons(reasons)
    return decisions[-1].arrival_time // SECOND


@pytest.mark.parametrize(("seed", "rows"), [(0, 97), (1, 25_000)])
def test_the_answers_are_those_of_sql(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int, rows: int
) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", rows)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        last = fill(ledger, 4_000, seed)
        folder = exported(path, tmp_path / "export")
        board = caught_up(path)
        assert board.picture((last - HOUR) * SECOND).by_hour  # there is something to compare
        assert_same_answers(board, folder, [last - HOUR, last - 1, last + 900])
        board.close()


def test_the_answers_stay_those_of_sql_while_the_ledger_grows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 250)
    path = tmp_path / "live.db"
    late: list[tuple[int, list[Reason]]] = []
    with opened(path) as ledger:
        put(ledger, [])
        board = Board(path, run_of, DEADLINE)
        for turn in range(3):
            decisions, reasons = invented(turn * 900, 900, seed=turn)
            put(ledger, decisions)
            # Some reasons are known at once, others when the next decisions are there.
            ledger.reasons([*late, *reasons[::2]])
            late = reasons[1::2]
            read_on(board)
            last = decisions[-1].arrival_time // SECOND
            folder = exported(path, tmp_path / f"export-{turn}")
            assert_same_answers(board, folder, [last])
        board.close()


def test_both_ends_of_a_span_are_in(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(n, arrival_time=BEGAN + n * 900 * SECOND) for n in range(9)])
        board = caught_up(path)
        folder = exported(path, tmp_path / "export")
        now = BEGAN + 8 * 900 * SECOND
        picture = board.picture(now + SECOND - 1)
        assert (picture.alerts_2h, picture.patterns[0].alerts) == (9, 5)
        assert_same_answers(board, folder, [now // SECOND])
        assert board.picture(now + SECOND).alerts_2h == 8
        assert board.picture(now + SECOND).patterns[0].alerts == 4
        board.close()


def test_of_equal_scores_the_first_is_the_example(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(n, score=0.7 if n == 0 else 0.8) for n in range(4)])
        swapped = [("hour", "log_amt"), ("log_amt", "hour")]
        ledger.reasons(
            [(n, [Reason(f, 1.0, f"{f} {n}") for f in swapped[n % 2]]) for n in range(4)]
        )
        board = caught_up(path)
        (pattern,) = board.picture(BEGAN + 9 * SECOND).patterns
        assert (pattern.pattern, pattern.words) == ("log_amt + hour", "log_amt 1")
        assert (pattern.alerts, pattern.example, pattern.cards) == (4, 1, 1)
        assert (pattern.share, pattern.money) == (1.0, 50.0)
        board.close()


def test_fallbacks_count_as_transactions_and_as_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    failed = {"fallback": "model failed", "score": None, "features": None, "model": None}
    with opened(path) as ledger:
        put(ledger, [alert(0), alert(1, **failed), decision(2)])
        board = caught_up(path)
        picture = board.picture(BEGAN + 5 * SECOND)
        assert (picture.events, picture.alerts_2h) == (3, 1)
        assert sum(minute.events for minute in picture.minutes) == 3
        assert sum(minute.alerts for minute in picture.minutes) == 1
        assert [place.alerts for place in picture.places] == [1]
        board.close()


def test_segments_may_be_many(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(
            ledger,
            [
                decision(n, event=event(category=f"c{n % 90}", cc_num=n // 90 % 40), flagged=n % 2)
                for n in range(9_000)
            ],
        )
        board = caught_up(path)
        until = BEGAN // SECOND + 9_000
        assert len(board.picture(until * SECOND).by_category) == 90
        assert_same_answers(board, exported(path, tmp_path / "export"), [until])
        board.close()


def test_too_many_that_wait_are_counted_by_and_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 100)
    monkeypatch.setattr("engine.live.board.exposure._MOST_WAITING", 250)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        last = fill(ledger, 1_000, seed=9)
        board = caught_up(path)
        assert sum(map(len, board._kept._exposure._waiting)) <= 250
        assert_same_answers(board, exported(path, tmp_path / "export"), [last])
        board.close()


def test_an_empty_ledger_has_an_empty_picture(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        board = caught_up(path)
        picture = board.picture(BEGAN)
        assert (picture.last_event, picture.events, picture.alerts_2h) == (None, 0, 0)
        assert picture.patterns == picture.exposed == picture.by_hour == picture.places == ()
        assert len(picture.minutes) == 60
        assert picture.caught_up
        ledger.record(Batch([decision(0)]))
        board.close()


def test_a_picture_is_json_by_its_names(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        last = fill(ledger, 900, seed=2)
        board = caught_up(path)
        picture = board.picture(last * SECOND)
        told = msgspec.json.decode(msgspec.json.encode(picture))
        assert set(told) == set(picture.__dataclass_fields__)
        assert told["patterns"][0]["example"] == picture.patterns[0].example
        assert told["minutes"][-1] == {
            "minute": last // 60 * 60,
            "events": picture.minutes[-1].events,
            "alerts": picture.minutes[-1].alerts,
        }
        board.close()


def test_minutes_are_those_of_arrival(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    start = BEGAN // SECOND // 60 * 60
    with opened(path) as ledger:
        put(
            ledger,
            [
                alert(0, arrival_time=(start - 1) * SECOND),
                decision(1, arrival_time=start * SECOND),
                alert(2, arrival_time=(start + 60) * SECOND - 1),
                decision(3, arrival_time=(start + 60) * SECOND),
            ],
        )
        board = caught_up(path)
        minutes = board.picture((start + 61) * SECOND).minutes
        assert [(m.minute - start, m.events, m.alerts) for m in minutes[-3:]] == [
            (-60, 1, 1),
            (0, 2, 1),
            (60, 1, 0),
        ]
        assert board.picture((start + 59 * 60) * SECOND).minutes[0].events == 2
        assert answers("alerts", exported(path, tmp_path / "e"), start + 60)[0]["alerts"] == 2
        board.close()
