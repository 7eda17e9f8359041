"""Small parts of the live scorer: deadlines, events as they are kept, models that fail, …."""

import asyncio
import json

import numpy as np
import pytest

from engine.catalog import notebook
from engine.clock import elapsed, wall_us
from engine.definition import POS
from engine.live import deadlines
from engine.live.deadlines import Deadlines
from engine.live.guarded import judged
from engine.live.incoming import NO_OBJECT, NOT_JSON, TOO_LARGE, read_pieces
from engine.live.intake import STREAM, Piece
from engine.live.kept import KeptEvents, row_reader
from engine.live.readable import EventReader
from engine.live.sse import Event
from engine.live.troubles import Troubles
from engine.live.watching import Watchers, shower
from engine.model.feature_values import FeatureValues
from live.cases import Heard
from unit.live.ledger.cases import decision, fallback

COLUMNS = ("cc_num", "unix_time", "amt", "merchant", "lat", "zip")


def test_a_deadline_comes_back_from_the_ledger_and_never_later_than_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = Deadlines(30.0)
    now = elapsed()
    deadline = ours.of(now)
    assert 29.0 < deadline - now < 30.0
    assert abs(ours.recorded(deadline) - wall_us() - 29_500_000) < 1_000_000
    assert abs(ours.revived(ours.recorded(deadline), now) - deadline) < 1e-5
    assert abs(ours.revived(ours.recorded(deadline), now - 5.0) - (deadline - 5.0)) < 1e-5
    # Another process, whose clock was set back by a day, or ahead.
    for day in (-86_400, 86_400):
        shifted = wall_us() + day * 1_000_000
        monkeypatch.setattr(deadlines, "wall_us", lambda shifted=shifted: shifted)
        theirs = Deadlines(30.0)
        found = theirs.revived(ours.recorded(deadline), now)
        assert found == (theirs.of(now) if day < 0 else found)
        assert (found < now) == (day > 0)


def test_a_short_deadline_keeps_most_of_its_time() -> None:
    assert Deadlines(1.0).of(0.0) == pytest.approx(0.95)
    assert Deadlines(0.1).of(0.0) == pytest.approx(0.095)


def test_events_are_kept_without_nulls_and_read_back_by_any_columns() -> None:
    values = (18_446_744_073_709_551_615, 1_758_834_000, 1_250, 'a "b" é 日', 1e-7, None)
    text = KeptEvents(COLUMNS).text(values)
    assert json.loads(text) == dict(zip(COLUMNS[:-1], values[:-1], strict=True))
    assert row_reader(COLUMNS)(text) == values
    assert row_reader(("zip", "lat", "cc_num"))(text) == (None, 1e-7, values[0])
    assert row_reader(("absent",))(text) == (None,)


def piece(*data: bytes | None, name: str = "message") -> Piece:
    events = [Event(name, str(place + 1), one) for place, one in enumerate(data)]
    return Piece(STREAM, events, 0.0, 0)


GOOD = (
    b'{"trans_num":"a","cc_num":4111111111111111,"unix_time":1758834000,"amt":1.255,'
    b'"merchant":"m","lat":1}'
)


def test_what_cannot_be_read_is_told_apart() -> None:
    reader = EventReader(notebook)
    half = GOOD.replace(b'"m"', b'"\\ud800"')
    found = read_pieces(
        reader,
        [
            piece(GOOD, None, b"\xff\xfe", b"[]", b"{}", GOOD[:-5], half, b"[" * 100_000),
            piece(b'{"alive":true}', name="ping"),
        ],
    )
    assert [(one.event_id, one.values is None) for one in found.taken] == [
        ("a", False),
        *[(None, True)] * 5,
        ("a", True),  # half of a surrogate pair: the id is well, and so it is answered
        (None, True),
    ]
    reasons = [one.reason for one in found.taken]
    assert reasons[1:4] == [TOO_LARGE, NOT_JSON, NO_OBJECT]
    assert reasons[5] == reasons[7] == NOT_JSON
    assert all(reason for reason in reasons[1:])
    figures = list(found.figures.values())
    assert [(one.beats, one.rounded) for one in figures] == [(0, 1), (1, 0)]
    assert found.stream_id == "1"
    assert [one.field for one in found.taken][4:7] == ["trans_num", None, "merchant"]


def test_bytes_that_are_no_text_keep_no_event_from_being_decided_on() -> None:
    (taken,) = read_pieces(EventReader(notebook), [piece(GOOD.replace(b"num", b"n\xe9m", 1))]).taken
    assert taken.event_id is None  # the name of the id itself, trans_num, is broken
    (taken,) = read_pieces(EventReader(notebook), [piece(GOOD.replace(b'"m"', b'"Jos\xe9"'))]).taken
    assert (taken.event_id, taken.reason) == ("a", None)
    assert taken.values is not None
    assert "Jos\ufffd" in taken.values


def test_what_no_feature_needs_may_be_unreadable() -> None:
    reader = EventReader(notebook)
    whole = json.loads(GOOD) | {"zip": "01234", "city": "x"}
    fine, odd, bad = (
        reader.read({**whole, **more}) for more in ({}, {"zip": ["?"]}, {"amt": ["?"], "zip": []})
    )
    assert fine.reason is None
    assert odd.reason == "zip cannot be read as text (was a list)"
    assert fine.values is not None
    assert odd.values == tuple(
        None if name == "zip" else value
        for name, value in zip(reader.columns, fine.values, strict=True)
    )
    assert (bad.event_id, bad.values) == ("a", None)
    assert str(bad.reason).startswith("amt cannot be read")


class Judge:
    """Stands in for a decider."""

    def __init__(self, scores: list[float], *, fails_at: float | None = None) -> None:
        self._scores, self._fails_at = scores, fails_at

    def judge(self, values: FeatureValues) -> tuple[np.ndarray, np.ndarray]:
        if self._fails_at is not None and (values.numbers == self._fails_at).any():
            raise RuntimeError("broken")
        scores = np.array([self._scores[int(row[0])] for row in values.numbers])
        return scores, scores >= 0.5


def test_of_what_a_model_fails_the_others_do_not_suffer() -> None:
    values = FeatureValues(np.arange(4.0).reshape(4, 1))
    found = judged(Judge([0.1, 0.9, 0.5, 0.7], fails_at=2.0), values)  # type: ignore[arg-type]
    assert found.failed.tolist() == [False, False, True, False]
    assert found.flagged.tolist() == [False, True, False, True]
    assert found.scores[[0, 1, 3]].tolist() == [0.1, 0.9, 0.7]
    assert found.why == "RuntimeError: broken"


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1.5, -0.1])
def test_what_is_no_score_is_a_failure(bad: float) -> None:
    values = FeatureValues(np.arange(3.0).reshape(3, 1))
    found = judged(Judge([0.1, bad, 0.9]), values)  # type: ignore[arg-type]
    assert found.failed.tolist() == [False, True, False]
    assert found.flagged.tolist() == [False, False, True]
    assert found.why is not None


def test_what_is_shown_tells_no_card_and_no_person() -> None:
    event = {
        "cc_num": 4_111_111_111_111_234,
        "unix_time": 1_758_834_000,
        "amt": 1_250,
        "merchant": "m",
        "category": "c",
        "state": "NY",
        "dob": "1990-01-01",
        "zip": "01234",
        "merch_lat": 1.5,
    }
    shown = shower(POS)(decision(3, event=json.dumps(event), flagged=1, score=0.75))
    assert (shown.sequence, shown.event_id, shown.flagged, shown.score) == (3, "e3", 1, 0.75)
    assert shown.event == {
        "card": "••••1234",
        "amt": 12.5,
        "merchant": "m",
        "category": "c",
        "state": "NY",
        "merch_lat": 1.5,
        "merch_long": None,
        "unix_time": 1_758_834_000,
    }
    assert shower(POS)(fallback(4)).fallback == "malformed"


def test_who_watches_slowly_misses_the_oldest_and_nobody_waits() -> None:
    async def test() -> None:
        watchers = Watchers(POS, most=3)
        watchers.tell([decision(0)])  # nobody watches yet
        with watchers.watch() as quick, watchers.watch() as slow:
            assert len(watchers) == 2
            for number in range(1, 6):
                watchers.tell([decision(number)])
                assert (await anext(quick)).sequence == number
            watchers.close()
            assert [one.sequence async for one in slow] == [3, 4, 5]
            assert [one.sequence async for one in quick] == []
        assert len(watchers) == 0

    asyncio.run(asyncio.wait_for(test(), 10))


def test_a_trouble_is_told_once_and_once_that_it_is_over() -> None:
    heard = Heard()
    troubles = Troubles(heard)
    for _ in range(3):
        troubles.begin("ledger", "full")
    assert troubles.words == ("ledger: full",)
    troubles.end("ledger")
    troubles.end("ledger")
    assert [what for what, _ in heard.said] == ["ledger: trouble", "ledger: well again"]
    assert troubles.words == ()
