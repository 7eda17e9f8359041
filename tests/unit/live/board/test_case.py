"""An alert, opened."""

from math import nan
from pathlib import Path

import msgspec
import numpy as np
import pytest

from engine.backends.online.formulas import haversine_km
from engine.catalog import notebook
from engine.live.board import cards as remembering
from engine.live.board import case as cases
from engine.live.board import kept as keeping
from engine.live.board.rows import Query
from engine.live.ledger.rows import Label, packed
from engine.live.ledger.writer import Ledger
from engine.model.feature_values import FeatureValues
from engine.model.reasons import HOLDER, Reason
from unit.live.board.cases import CARD, alert, caught_up, event, put, run_of
from unit.live.ledger.cases import BEGAN, SECOND, WIDTH, decision, opened

OTHER = 4_222_222_222_222_222
HIDDEN = {"age", "city_pop", "lat", "long", "gender_M", "gender_F"}


def fill(ledger: Ledger) -> None:
    """Alternating cards; the last is an alert on the first, whose digits a merchant has too."""
    put(
        ledger,
        [
            decision(
                n,
                event=event(
                    cc_num=(CARD, OTHER)[n % 2],
                    merchant=f"m{CARD}" if n % 2 else f"m{n}",
                    merch_lat=40.0 + n / 10,
                    unix_time=BEGAN // SECOND + n,
                ),
                features=packed(FeatureValues(np.full((1, WIDTH), float(n))))[0],
            )
            for n in range(60)
        ],
    )
    put(ledger, [alert(60, features=packed(FeatureValues(np.full((1, WIDTH), 60.0)))[0])])
    ledger.reasons([(60, [Reason("hour", 1.5, "late"), Reason(HOLDER, 0.5, "not shown")])])
    ledger.label([Label("e60", 1, BEGAN + 1, 0, "ann"), Label("e60", None, BEGAN + 2, 0, "bob")])


def test_a_case(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        board = caught_up(path, run=run_of({"hour": nan}))
        case = board.opened(60)
        assert case is not None
        assert case.alert == board.alerts(Query())[0]
        assert case.reasons == (("hour", 1.5, "late"), (HOLDER, 0.5, "not shown"))
        assert case.labels == ((1, "ann", BEGAN + 1), (None, "bob", BEGAN + 2))
        assert [past.sequence for past in case.card] == list(range(22, 61, 2))
        assert [past.is_this for past in case.card] == [False] * 19 + [True]
        assert [past.flagged for past in case.card] == [False] * 19 + [True]
        first, second = case.card[:2]
        assert (first.km, first.unix_time, first.amt) == (None, BEGAN // SECOND + 22, 12.5)
        assert second.km == haversine_km(42.2, -80.2, 42.4, -80.2)
        seen = {one.feature: one for one in case.features}
        assert set(notebook.names) - set(seen) == HIDDEN
        hour = seen["hour"]
        assert (hour.value, hour.card_usual, hour.usual) == (60.0, 40.0, None)
        assert hour.doc == next(f.doc for f in notebook.features if f.name == "hour")
        assert seen["dow"].usual == 1.0
        assert {name for name, one in seen.items() if one.is_yes} == {
            *("is_night", "seen_merchant_before")
        }
        assert {name: one.never for name, one in seen.items() if one.never is not None} == {
            "time_since_last_s": 1e9,
            "time_since_last_merchant_s": 1e9,
        }
        assert str(CARD) not in msgspec.json.encode(case.alert).decode()
        board.close()


@pytest.mark.parametrize("most", [0, 7, 25, 45])
def test_what_is_not_remembered_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(remembering, "_PARTS", 0)
    monkeypatch.setattr(keeping, "Remembered", lambda: remembering.Remembered(most or 1))
    monkeypatch.setattr(cases, "_AT_ONCE", 3)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        board = caught_up(path)
        case = board.opened(60)
        assert case is not None
        assert [past.sequence for past in case.card] == list(range(22, 61, 2))
        board.close()


def test_the_ledger_is_not_looked_through_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remembering, "_PARTS", 0)
    monkeypatch.setattr(keeping, "Remembered", lambda: remembering.Remembered(5))
    monkeypatch.setattr(cases, "_LOOKED_THROUGH", 10)
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        fill(ledger)
        board = caught_up(path)
        case = board.opened(60)
        assert case is not None
        assert [past.sequence for past in case.card] == list(range(46, 61, 2))
        board.close()


def test_a_first_transaction_has_nothing_before_it(tmp_path: Path) -> None:
    path = tmp_path / "live.db"
    with opened(path) as ledger:
        values = np.full((1, WIDTH), nan)
        put(
            ledger,
            [alert(0, features=packed(FeatureValues(values))[0], event=event(merch_lat=None))],
        )
        put(ledger, [alert(1, event=event(cc_num=9_999_999_999_999_999_999))])
        board = caught_up(path)
        case = board.opened(0)
        assert case is not None
        (past,) = case.card
        assert (past.km, past.lat, past.is_this) == (None, None, True)
        assert {(one.value, one.card_usual) for one in case.features} == {(None, None)}
        assert case.reasons == case.labels == ()
        large = board.opened(1)
        assert large is not None
        assert (len(large.card), large.alert.card) == (1, "••••9999")
        board.close()
