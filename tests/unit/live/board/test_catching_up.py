"""A board keeps up: by parts, beside the writer, and with what is removed."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog import notebook
from engine.errors import InputError
from engine.live.board import parts
from engine.live.board.board import Board
from engine.live.board.rows import Query
from engine.live.ledger.reader import Reader
from engine.live.ledger.retention import retain
from unit.live.board.cases import (
    DEADLINE,
    alert,
    assert_same_answers,
    at_once,
    caught_up,
    event,
    exported,
    invented,
    put,
    read_on,
    run_of,
)
from unit.live.ledger.cases import BEGAN, DAY, SECOND, decision, opened

DAY_SECONDS = 86_400


def test_it_reads_by_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 10)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(n) for n in range(25)])
        board = Board(path, run_of, DEADLINE)
        assert not board.picture(BEGAN).caught_up
        assert [board.catch_up() for _ in range(4)] == [True, True, False, False]
        picture = board.picture(BEGAN + 30 * SECOND)
        assert (picture.events, picture.caught_up) == (25, True)
        assert picture.last_event == BEGAN + 24 * SECOND
        board.close()


def test_nothing_new_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(0)])  # its reasons and its answer are waited for
        board = caught_up(path)
        asked: list[str] = []
        rows = Reader.rows

        def noted_rows(reader: Reader, sql: str, values: tuple[object, ...] = ()) -> object:
            asked.append(sql)
            return rows(reader, sql, values)

        monkeypatch.setattr(Reader, "rows", noted_rows)
        assert not board.catch_up()
        assert asked == ["PRAGMA data_version"]
        put(ledger, [decision(1)])
        assert not board.catch_up()
        assert len(asked) > 2
        monkeypatch.undo()
        assert board.picture(BEGAN).events == 2
        board.close()


def test_what_was_removed_is_not_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 300)
    at_once(monkeypatch)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        old, _ = invented(0, 1_500, seed=5)
        put(ledger, [one._replace(arrival_time=one.arrival_time - 3 * DAY, post=0) for one in old])
        new, reasons = invented(1_500, 1_500, seed=6)
        put(ledger, new)
        ledger.reasons(reasons)
        board = caught_up(path)
        now = new[-1].arrival_time
        assert board.picture(now).events == 3_000
        retain(path, DAY_SECONDS, now, pause=lambda _: None)
        read_on(board)
        assert board.picture(now).events == 1_500
        assert board.alerts(Query(before=1_500)) == []
        assert_same_answers(board, exported(path, tmp_path / "export"), [now // SECOND])
        # Once is enough.
        kept = board._kept
        assert not board.catch_up()
        assert board._kept is kept
        board.close()


def test_while_rows_are_being_removed_nothing_is_read_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch, seconds=3_600.0)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(0, arrival_time=BEGAN - 3 * DAY, post=0), decision(1)])
        board = caught_up(path)
        retain(path, DAY_SECONDS, BEGAN, pause=lambda _: None)
        read_on(board)
        assert board.picture(BEGAN + SECOND).events == 2
        at_once(monkeypatch)
        read_on(board)
        assert board.picture(BEGAN + SECOND).events == 1
        board.close()


def test_it_keeps_up_beside_the_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 64)
    path = tmp_path / "live.db"
    decisions, reasons = invented(0, 2_000, seed=8)
    with opened(path) as ledger:
        put(ledger, decisions[:1])
        board = Board(path, run_of, DEADLINE)

        def write() -> None:
            for start in range(1, 2_000, 50):
                put(ledger, decisions[start : start + 50])
                ledger.reasons([one for one in reasons if start <= one[0] < start + 50])
            ledger.reasons([one for one in reasons if one[0] < 1])

        writer = threading.Thread(target=write)
        writer.start()
        now = decisions[-1].arrival_time
        while writer.is_alive():
            board.catch_up()
            board.alerts(Query(most=5))
            board.opened(17)
        writer.join()
        read_on(board)
        assert board.picture(now).events == 2_000
        assert_same_answers(board, exported(path, tmp_path / "export"), [now // SECOND])
        board.close()


def test_a_clock_that_was_wrong_leaves_the_present_to_be_seen(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(0, arrival_time=BEGAN + 900 * DAY), alert(1), alert(2)])
        board = caught_up(path)
        picture = board.picture(BEGAN + 10 * SECOND)
        assert (picture.alerts_2h, picture.last_event) == (2, BEGAN + 2 * SECOND)
        assert_same_answers(board, exported(path, tmp_path / "e"), [BEGAN // SECOND + 10])
        board.close()


def test_another_feature_set_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path):
        pass
    fewer = replace(notebook, features=notebook.features[:3])
    with pytest.raises(InputError, match="the ledger of another feature set"):
        Board(path, lambda: replace(run_of(), features=fewer), DEADLINE)
    with pytest.raises(InputError, match="there is no such file"):
        Board(tmp_path / "none.db", run_of, DEADLINE)


def test_a_damaged_event_is_told(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(0, event='{"cc_num":')])
        board = Board(path, run_of, DEADLINE)
        with pytest.raises(InputError, match="damaged, or written by something else"):
            board.catch_up()
        board.close()


def test_texts_of_all_kinds_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    hostile = 'a"},\n{"sequence":7,"x\u2028\x00é'
    with opened(path) as ledger:
        put(ledger, [alert(n, event=event(merchant=hostile, category=hostile)) for n in range(2)])
        board = caught_up(path)
        assert board.picture(BEGAN).events == 2
        assert {one.merchant for one in board.alerts(Query())} == {hostile}
        board.close()
