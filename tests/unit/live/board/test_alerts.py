"""The feed: the newest alerts, what came later of them, and what is looked for."""

from pathlib import Path

import pytest

from engine.live.board import alerts, parts
from engine.live.board import kept as keeping
from engine.live.board.alerts import Feed
from engine.live.board.rows import Alert, Query
from engine.live.ledger.rows import Label
from engine.model.reasons import Reason
from unit.live.board.cases import CARD, alert, caught_up, event, put, read_on
from unit.live.ledger.cases import BEGAN, SECOND, decision, opened

HOSTILE = "<script>alert(1)</script>"


def test_an_alert(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [decision(0), alert(1, score=0.1 + 0.2)])
        ledger.reasons([(1, [Reason(f"f{n}", 1.0, f"words {n}") for n in range(5)])])
        board = caught_up(path)
        assert board.alerts(Query()) == [
            Alert(
                sequence=1,
                event_id="e1",
                arrival_time=BEGAN + SECOND,
                card="••••1111",
                amt=12.5,
                merchant="fraud_Abc",
                category="fuel",
                state="CA",
                lat=40.1,
                long=-80.2,
                score=0.1 + 0.2,
                threshold=0.5,
                fallback=None,
                reasons=("words 0", "words 1", "words 2"),
                answered_after=None,
                label=None,
                asked=False,
            )
        ]
        board.close()


def test_a_fallback_without_an_event_is_an_alert_too(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    nothing = {"event": None, "features": None, "score": None, "model": None}
    with opened(path) as ledger:
        put(ledger, [alert(0, fallback="unreadable", **nothing)])
        board = caught_up(path)
        (found,) = board.alerts(Query())
        assert (found.card, found.amt, found.merchant, found.lat) == ("••••", None, None, None)
        assert (found.score, found.threshold, found.fallback) == (None, None, "unreadable")
        case = board.opened(0)
        assert case is not None
        assert [(past.sequence, past.is_this) for past in case.card] == [(0, True)]
        assert case.features == ()
        board.close()


def test_what_comes_later_is_taken_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PART_ROWS", 2)
    path = tmp_path / "live.db"

    def said(*labels: int | None) -> list[Label]:
        return [Label("e0", label, BEGAN, BEGAN, "ann") for label in labels]

    with opened(path) as ledger:
        put(ledger, [alert(0), alert(1), decision(2)])
        ledger.label(said(0, 1))
        board = caught_up(path)
        assert [one.label for one in board.alerts(Query())] == [None, 1]
        assert board.changed() == []
        ledger.reasons([(0, [Reason("hour", 1.0, "late")])])
        ledger.label([*said(1, 0), *[Label(f"e{n}", 1, BEGAN, BEGAN, "bob") for n in (2, 1, 99)]])
        read_on(board)
        newest, oldest = board.alerts(Query())
        assert (oldest.reasons, oldest.label) == (("late",), 0)
        assert (newest.reasons, newest.label) == ((), 1)
        assert board.changed() == [newest, oldest]
        ledger.label(said(None))
        read_on(board)
        newest, oldest = board.alerts(Query())
        assert (oldest.label, newest.label, oldest.reasons) == (None, 1, ("late",))
        assert board.changed() == [oldest]
        assert board.changed() == []
        board.close()


def test_of_many_that_change_all_are_told_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "MOST_ALERTS", 2)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(n) for n in range(6)])
        board = caught_up(path)
        ledger.label([Label(f"e{n}", 1, BEGAN, BEGAN, "ann") for n in range(5)])
        read_on(board)
        assert [one.sequence for one in board.changed()] == [4, 3]
        ledger.label([Label(f"e{n}", 0, BEGAN, BEGAN, "ann") for n in (1, 5)])
        read_on(board)
        told = [[(one.sequence, one.label) for one in board.changed()] for _ in range(3)]
        assert told == [[(5, 0), (2, 1)], [(1, 0), (0, 1)], []]
        board.close()


def test_what_the_api_was_asked_about_says_so(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(0), alert(1, source="api", post=0)])
        board = caught_up(path)
        assert [one.asked for one in board.alerts(Query())] == [True, False]
        board.close()


def test_only_the_newest_are_kept_and_older_ones_still_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "Feed", lambda columns, deadline: Feed(columns, deadline, 5))
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(ledger, [alert(n) for n in range(12)])
        board = caught_up(path)
        assert [one.sequence for one in board.alerts(Query())] == [11, 10, 9, 8, 7]
        assert board.picture(BEGAN + 60 * SECOND).alerts_2h == 12
        case = board.opened(2)
        assert case is not None
        assert case.alert.sequence == 2
        board.close()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), [5, 4, 3, 2, 1, 0]),
        (Query(most=2), [5, 4]),
        (Query(most=0), []),
        (Query(most=-1), []),
        (Query(before=3), [2, 1, 0]),
        (Query(after=3), [5, 4]),
        (Query(after=1, before=4, most=1), [3]),
        (Query(text="<SCRIPT"), [2]),
        (Query(text="4242"), [3]),
        (Query(text="••••4242"), [3]),
        (Query(text="abc"), [5, 4, 3, 1, 0]),
        (Query(text="FRAUD_"), []),  # it is not shown
        (Query(text="(.*"), []),
        (Query(text=""), [5, 4, 3, 2, 1, 0]),
        (Query(state="TX"), [4]),
        (Query(state=""), []),
        (Query(category="food"), [1]),
        (Query(least_score=0.8), [4, 3, 2, 1, 0]),
        (Query(since_us=BEGAN + 2 * SECOND, until_us=BEGAN + 4 * SECOND), [4, 3, 2]),
        (Query(text="abc", state="CA", least_score=0.9, before=3), [1, 0]),
    ],
)
def test_alerts_are_found(tmp_path: Path, query: Query, expected: list[int]) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        put(
            ledger,
            [
                alert(0),
                alert(1, event=event(category="food")),
                alert(2, event=event(merchant=HOSTILE)),
                alert(3, event=event(cc_num=CARD // 10_000 * 10_000 + 4_242)),
                alert(4, event=event(state="TX"), score=0.8),
                alert(5, event=event(state=None), fallback="model failed", score=None, model=None),
            ],
        )
        board = caught_up(path)
        assert [one.sequence for one in board.alerts(query)] == expected
        board.close()


def test_no_alerts_are_none(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        board = caught_up(path)
        assert board.alerts(Query()) == []
        put(ledger, [decision(0)])
        read_on(board)
        assert board.alerts(Query()) == []
        assert board.opened(0) is None
        assert board.opened(7) is None
        board.close()
