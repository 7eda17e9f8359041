"""Events that the API was asked about first, and that come of the stream then: flagged, once."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.backends.online.snapshot import capture
from engine.backends.online.state import state_bytes
from engine.clock import elapsed, wall_us
from engine.live.deadlines import Deadlines
from engine.live.intake import API, STREAM, Piece
from engine.live.making import Manner, Posted
from engine.live.opening import Beginning, open_ledger, open_state
from engine.live.scorer import Scorer
from engine.live.sse import Event
from engine.model.loading import load_run
from live.cases import Heard
from live.scoring import (
    LEAP,
    answered,
    assert_all_answered,
    assert_as_replayed,
    options_of,
    rows_of,
    scoring,
)
from unit.replay.judge.clients import judging, run

COUNT = 400


@pytest.fixture(scope="module")
def events(transactions: Path) -> list[dict[str, Any]]:
    frame = pl.read_csv(transactions, separator="|", infer_schema=False).drop("is_fraud")
    return frame.to_dicts()


def test_the_stream_gets_the_flags_of_what_the_api_has_answered(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    stored = (
        "SELECT count(*), sum(post), max(deadline - arrival_time) FROM decisions "
        "WHERE source = 'api'"
    )

    async def test() -> None:
        async with judging(transactions, rate=200.0) as running:
            # What is asked about is days ahead of the stream, and believed.
            options = options_of(running.port, boosted, ledger, leap=2 * LEAP)
            async with scoring(options) as live:
                await live.until(lambda: live.app.figures.decided > 0)
                answers = await live.app.decide(events, store=True)
                await live.until(lambda: live.app.figures.duplicates > 300)
            # What is left is adopted by the next one.
            async with scoring(options) as live:
                assert_all_answered(await answered(running, live))
            flags = {one.event_id: one.flagged for one in answers}
            book = running.judge.book
            ids = [one["trans_num"] for one in events]
            assert [flags[one] for one in ids] == book.value.tolist()
            assert sum(flags.values()) > 0
        count, posted, longest = rows_of(ledger, stored)[0]
        assert count == posted > 300
        assert longest > 30_000_000  # 29.5 s from when the stream had them
        assert rows_of(ledger, "SELECT count(*) FROM pending") == [(0,)]
        replies = (
            "SELECT count(*), count(DISTINCT sequence) FROM replies WHERE outcome = 'recorded'"
        )
        assert rows_of(ledger, replies) == [(COUNT, COUNT)]

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def pieces_of(events: Sequence[dict[str, Any]], source: str, at: float) -> Piece:
    if source == API:
        return Piece(API, events, at, wall_us())
    sent = [Event("message", "", json.dumps(one).encode()) for one in events]
    return Piece(STREAM, sent, at, wall_us())


@pytest.mark.parametrize("post", ["all", "fraud"])
@pytest.mark.parametrize("together", [True, False])
def test_of_one_micro_batch_or_of_two(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path, *, together: bool, post: Posted
) -> None:
    read, heard = load_run(boosted), Heard()
    with open_ledger(read.features, tmp_path / "live.db", LEAP) as ledger:
        opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
        deadlines = Deadlines(30.0)
        scorer = Scorer(ledger, opened.online, read, Manner(post), deadlines)
        now = elapsed()
        pieces = [
            pieces_of(events, API, now),
            pieces_of(events[::2], STREAM, now + 5.0),
            pieces_of(events[::2], STREAM, now + 9.0),  # again: what came first counts
        ]
        if together:
            found = scorer.decide(pieces)
            flags = list(found.flags)
            assert not found.adopted
            assert found.figures[pieces[1]].duplicates == COUNT // 2
        else:
            first, second, third = (scorer.decide([piece]) for piece in pieces)
            assert not first.flags
            assert not second.flags
            assert not third.adopted
            flags = list(second.adopted)
        decided = rows_of(ledger.path, "SELECT event_id, flagged FROM decisions")
        wanted = {one["trans_num"] for one in events[::2]}
        expected = {
            (one, flag) for one, flag in decided if one in wanted and (flag or post == "all")
        }
        assert {(one.event_id, one.value) for one in flags} == expected
        assert len(flags) == len(expected) > 0
        assert {one.deadline for one in flags} == {deadlines.of(now + 5.0)}
        pending = ledger.pending(-1, 1_000)
        assert {(one.event_id, one.flag_value) for one in pending} == expected
        assert {one.deadline for one in pending} == {deadlines.recorded(deadlines.of(now + 5.0))}


@pytest.mark.parametrize("days", [-1_000, 1_000])
def test_who_asks_about_another_time_does_not_move_that_of_the_stream(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path, days: int
) -> None:
    read, heard = load_run(boosted), Heard()
    moved = [
        one | {"trans_num": f"{one['trans_num']}-{days}", "unix_time": str(time + days * 86_400)}
        for one in events[:20]
        for time in [int(one["unix_time"])]
    ]
    with open_ledger(read.features, tmp_path / "live.db", LEAP) as ledger:
        opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
        scorer = Scorer(ledger, opened.online, read, Manner(), Deadlines(30.0))
        scorer.decide([pieces_of(events[:-50], STREAM, elapsed())])
        before = state_bytes(read.features, capture(opened.online))
        found = scorer.decide([pieces_of(moved, API, elapsed())])
        assert found.counts.decided == 20
        assert found.counts.late == 0
        assert state_bytes(read.features, capture(opened.online)) == before
        scorer.decide([pieces_of(events[-50:], STREAM, elapsed())])
        sql = "SELECT source, observed, count(*) FROM decisions GROUP BY source, observed"
        assert rows_of(ledger.path, sql) == [("api", 0, 20), ("stream", 1, len(events))]


def test_who_asks_does_not_lead_the_time_away_step_by_step_nor_after_a_restart(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    read, heard = load_run(boosted), Heard()
    last = int(events[-1]["unix_time"])
    for start in range(3):
        steps = [
            events[-1] | {"trans_num": f"{start}-{step}", "unix_time": str(last + step * LEAP // 2)}
            for step in range(1, 10)
        ]
        with open_ledger(read.features, tmp_path / "live.db", LEAP) as ledger:
            opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
            scorer = Scorer(ledger, opened.online, read, Manner(), Deadlines(30.0))
            more = [one | {"trans_num": f"{one['trans_num']}-{start}"} for one in events[-20:]]
            scorer.decide([pieces_of(more if start else events, STREAM, elapsed())])
            scorer.decide([pieces_of(steps, API, elapsed())])
            assert opened.online.watermark == last + LEAP // 2
            sql = "SELECT sum(observed), count(*) FROM decisions WHERE source = 'api'"
            assert rows_of(ledger.path, sql) == [(start + 1, 9 * (start + 1))]
            assert opened.online.keys_held == len({one["cc_num"] for one in events})


def test_in_one_micro_batch_who_asks_is_held_to_where_the_stream_is_by_then(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    read, heard = load_run(boosted), Heard()

    def moved(part: Sequence[dict[str, Any]], what: str) -> list[dict[str, Any]]:
        days = 20 * 86_400
        return [
            one
            | {"trans_num": one["trans_num"] + what, "unix_time": str(int(one["unix_time"]) + days)}
            for one in part
        ]

    with open_ledger(read.features, tmp_path / "live.db", LEAP) as ledger:
        opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
        scorer = Scorer(ledger, opened.online, read, Manner(), Deadlines(30.0))
        scorer.decide([pieces_of(events[:300], STREAM, elapsed())])
        now = elapsed()
        scorer.decide(
            [
                pieces_of(moved(events[300:310], "later"), STREAM, now),
                pieces_of(events[310:330], API, now),  # where the stream was
                pieces_of(moved(events[330:350], "asked"), API, now),  # where it is
            ]
        )
        sql = "SELECT source, observed, count(*) FROM decisions GROUP BY source, observed"
        found = rows_of(ledger.path, sql)
        assert found == [("api", 0, 20), ("api", 1, 20), ("stream", 1, 310)]
        assert opened.online.keys_held == len({one["cc_num"] for one in events[:350]})


def test_a_stream_that_brings_what_was_asked_about_goes_on(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    """Each event is asked about just before it comes, for longer than clocks are believed."""
    read, heard = load_run(boosted), Heard()
    last = int(events[-1]["unix_time"])
    hours = [
        events[number] | {"trans_num": f"later-{number}", "unix_time": str(last + number * 3_600)}
        for number in range(1, 300)
    ]
    with open_ledger(read.features, tmp_path / "live.db", LEAP) as ledger:
        opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
        scorer = Scorer(ledger, opened.online, read, Manner(), Deadlines(30.0))
        scorer.decide([pieces_of(events, STREAM, elapsed())])
        for one in hours:
            scorer.decide([pieces_of([one], API, elapsed())])
            scorer.decide([pieces_of([one], STREAM, elapsed())])
        assert rows_of(ledger.path, "SELECT min(observed) FROM decisions") == [(1,)]
        assert opened.online.watermark == last + 299 * 3_600
        assert ledger.stream_time == opened.online.watermark


@pytest.mark.parametrize("days", [-1, -200])
def test_after_a_restart_the_stream_is_where_it_was(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path, days: int
) -> None:
    """What came last was late, or of a clock that is not believed."""
    read, heard = load_run(boosted), Heard()
    last = int(events[-1]["unix_time"])

    def moved(part: Sequence[dict[str, Any]], what: str, by: float) -> list[dict[str, Any]]:
        time = str(last + round(by * 86_400))
        return [one | {"trans_num": one["trans_num"] + what, "unix_time": time} for one in part]

    came = [
        pieces_of(events, STREAM, elapsed()),
        pieces_of(moved(events[:1], "stray", days), STREAM, elapsed()),
        pieces_of(moved(events[:9], "there", days), API, elapsed()),
        pieces_of(moved(events[9:18], "here", 3), API, elapsed()),
    ]
    found = []
    for restarts in (False, True):
        path = tmp_path / f"{restarts}.db"
        for pieces in (came[:2], came[2:]) if restarts else (came,):
            with open_ledger(read.features, path, LEAP) as ledger:
                opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
                scorer = Scorer(ledger, opened.online, read, Manner(), Deadlines(30.0))
                for piece in pieces:
                    scorer.decide([piece])
                assert ledger.stream_time == last
        rows = rows_of(path, "SELECT event_id, observed, score FROM decisions ORDER BY sequence")
        assert sum(observed for name, observed, _ in rows if name.endswith("here")) >= 9
        found.append((rows, opened.online.keys_held, opened.online.watermark))
    assert found[0] == found[1]


def test_where_there_is_no_stream_who_asks_tells_the_time(
    events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    read, heard = load_run(boosted), Heard()
    later = [
        one | {"trans_num": f"{one['trans_num']}-later", "unix_time": str(time + 1_000 * 86_400)}
        for one in events
        for time in [int(one["unix_time"])]
    ]
    with open_ledger(read.features, tmp_path / "live.db", LEAP) as ledger:
        opened = open_state(read.features, ledger, Beginning(leap=LEAP), heard)
        scorer = Scorer(ledger, opened.online, read, Manner(), Deadlines(30.0))
        for each in (events, later):
            scorer.decide([pieces_of(each, API, elapsed())])
        assert opened.online.watermark == max(int(one["unix_time"]) for one in later)
        assert rows_of(ledger.path, "SELECT sum(observed) FROM decisions") == [(2 * len(events),)]


def test_what_is_asked_about_after_it_came_is_posted_once(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with (
            judging(transactions) as running,
            scoring(options_of(running.port, boosted, ledger)) as live,
        ):
            assert_all_answered(await answered(running, live))
            answers = await live.app.decide(events, store=True)
            assert all(one.before for one in answers)
            await asyncio.sleep(0)
        assert rows_of(ledger, "SELECT count(*) FROM replies") == [(COUNT,)]

    run(test())
