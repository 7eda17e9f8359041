"""What the scorer is asked by those who answer people: the same decisions, the same ledger."""

import asyncio
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from engine.errors import OutputError
from engine.live.errors import UnknownError
from engine.live.service import Answer, Service, Shown, Told
from live.scoring import LEAP, Live, assert_as_replayed, options_of, rows_of, scoring
from unit.replay.judge.clients import Running, judging, run

COUNT = 400


@pytest.fixture(scope="module")
def events(transactions: Path) -> list[dict[str, Any]]:
    """The log as objects, numbers as the text that they are in the file."""
    frame = pl.read_csv(transactions, separator="|", infer_schema=False).drop("is_fraud")
    return frame.to_dicts()


def service_of(live: Live) -> Service:
    return live.app


def without_reasons(answer: Answer) -> tuple[object, ...]:
    return (answer.event_id, answer.flagged, answer.score, answer.threshold, answer.features)


async def only_stream(running: Running, live: Live) -> None:
    """Wait until the stream has come."""
    await live.until(lambda: running.judge.stream.furthest > 0 and live.app.figures.decided > 0)


def test_what_is_asked_and_stored_is_decided_as_of_the_stream(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        # The judge serves one event of its own, which is not among those that are asked about.
        async with (
            judging(transactions, events=1) as running,
            # Half of it is more than all the log.
            scoring(options_of(running.port, boosted, ledger, batch=64, leap=2 * LEAP)) as live,
        ):
            await only_stream(running, live)
            service, asked = service_of(live), events[1:]
            answers = await service.decide(asked, store=True)
            assert [one.event_id for one in answers] == [one["trans_num"] for one in asked]
            assert not any(one.before for one in answers)
            assert (await running.score())["flags"]["recorded"] == 1  # none of these is posted
            again = await service.decide(asked, store=True)
            assert all(one.before for one in again)
            assert list(map(without_reasons, again)) == list(map(without_reasons, answers))
            flagged = [one for one in answers if one.flagged]
            assert flagged
            assert all(one.reasons for one in flagged)
            assert not any(one.reasons for one in answers if not one.flagged)
        stored = "SELECT source, count(*), sum(post) FROM decisions GROUP BY source ORDER BY 1"
        assert rows_of(ledger, stored) == [("api", COUNT - 1, 0), ("stream", 1, 1)]
        scores = dict(rows_of(ledger, "SELECT event_id, score FROM decisions"))
        assert all(scores[one.event_id or ""] == one.score for one in answers)

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_what_is_not_stored_changes_nothing(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with (
            judging(transactions, events=1) as running,
            scoring(options_of(running.port, boosted, ledger)) as live,
        ):
            await only_stream(running, live)
            looked = await service_of(live).decide(events[1:3], store=False)
            assert looked == await service_of(live).decide(events[1:3], store=False)
            stored = await service_of(live).decide(events[1:2], store=True)
            assert without_reasons(stored[0]) == without_reasons(looked[0])
            bad = [{**events[3], "amt": "much"}, {"amt": 1}]
            for store in (False, True):
                one, other = await service_of(live).decide(bad, store=store)
                assert (one.event_id, one.fallback) == (events[3]["trans_num"], "unreadable")
                assert (one.score, one.features, other.event_id) == (None, {}, None)
                assert "amt" in (one.refused or "")
                assert other.refused
            (before,) = await service_of(live).decide([events[3]], store=False)
            assert before.before
        assert rows_of(ledger, "SELECT count(*) FROM decisions") == [(3,)]

    run(test())


def test_decisions_can_be_watched_and_the_watch_ends_with_the_scorer(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    shown: list[Shown] = []

    async def watched(service: Service) -> None:
        with service.watch() as decisions:
            shown.extend([one async for one in decisions])

    async def test() -> None:
        async with judging(transactions, rate=2_000.0) as running:
            async with scoring(options_of(running.port, boosted, tmp_path / "live.db")) as live:
                watching = asyncio.create_task(watched(live.app))
                await live.until(lambda: live.app.figures.decided >= COUNT)
            await asyncio.wait_for(watching, 10)

    run(test())
    assert [one.sequence for one in shown] == list(range(COUNT))
    assert all(str(one.event["card"]).startswith("••••") for one in shown)
    said = json.dumps([dict(one.event) for one in shown])
    assert "dob" not in said


def test_who_asks_while_it_stops_is_told(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        async with (
            judging(transactions, rate=500.0) as running,
            scoring(options_of(running.port, boosted, tmp_path / "live.db")) as live,
        ):
            await only_stream(running, live)
            await live.ended()
            assert not live.app.health().ready
            with pytest.raises(OutputError, match="the scorer stops"):
                await live.app.decide(events[:1], store=True)

    run(test())


def test_who_asks_too_much_is_told(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        async with (
            judging(transactions, events=1) as running,
            scoring(options_of(running.port, boosted, tmp_path / "live.db", queue=10)) as live,
        ):
            await only_stream(running, live)
            first = asyncio.create_task(live.app.decide(events[:200], store=True))
            await asyncio.sleep(0)
            with pytest.raises(OutputError, match="overloaded"):
                await live.app.decide(events[200:201], store=True)
            assert len(await first) == 200

    run(test())


def test_what_people_say_is_recorded_as_known_from_the_stream_s_time_on(
    transactions: Path, events: list[dict[str, Any]], boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with (
            judging(transactions, events=5) as running,
            scoring(options_of(running.port, boosted, ledger)) as live,
        ):
            await live.until(lambda: live.app.figures.decided >= 5)
            service, event_id = service_of(live), events[0]["trans_num"]
            assert await service.label([Told(event_id, 1, "mb")]) == [None]
            told = [Told(event_id, None, "mb"), Told("nothing", 1, "mb")]
            there, unknown = await service.label(told)
            assert there is None
            assert isinstance(unknown, UnknownError)

    run(test())
    stream = max(int(event["unix_time"]) for event in events[:5])
    sql = "SELECT event_id, label, known_at, who FROM labels ORDER BY rowid"
    first = events[0]["trans_num"]
    assert rows_of(ledger, sql) == [(first, 1, stream + 1, "mb"), (first, None, stream + 1, "mb")]
