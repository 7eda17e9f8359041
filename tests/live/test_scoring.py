"""Every event is answered, once, in time and as a replay has it, whatever happens on the way."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from live.scoring import (
    Live,
    answered,
    assert_all_answered,
    assert_as_replayed,
    decisions_of,
    ids_of,
    options_of,
    rows_of,
    scoring,
)
from replay.job import replay
from replay.options import Options as ReplayOptions
from unit.replay.cases import recorded
from unit.replay.judge.cases import faults
from unit.replay.judge.clients import judging, run


def test_it_decides_as_a_replay_of_the_same_log(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions) as running:
            async with scoring(options_of(running.port, boosted, ledger, batch=37)) as live:
                assert_all_answered(await answered(running, live))
                count = "SELECT count(*) FROM reasons"
                await live.until(lambda: rows_of(ledger, count) == [(live.app.figures.flagged,)])
            assert live.app.figures.decided == 400
            assert live.app.figures.flagged > 0
            health = live.app.health()
            assert (health.queue, health.pending, health.lag_seconds) == (0, 0, 0.0)

    run(test())
    replayed = ReplayOptions((str(transactions),), boosted, tmp_path / "replayed")
    replay(replayed)
    ours, theirs = decisions_of(ledger, tmp_path / "out"), recorded(tmp_path / "replayed")
    for name in ("event_id", "score", "flagged"):
        assert ours[name].equals(theirs[name]), name
    served, played = (one["features"].struct.unnest().to_numpy() for one in (ours, theirs))
    assert served.tobytes() == played.tobytes()
    # Those that were flagged were explained afterwards, as the replay explains them.
    why = pl.col("reasons").list.eval(pl.element().struct.field("words"))
    assert ours.select(why).equals(theirs.select(why))


ALL = (
    "drop=0.05,dup=0.1,reorder=8@0.1,clock-back=1h@0.005,missing=0.05,wrong=0.05,unknown=0.05,"
    "named=0.05,comment=0.05,retry=10ms@0.01,ping=0.05,garbage=0.05,disconnect=0.005,cut=0.005,"
    "stream-503=0.1,flag-429=0.02,flag-503=0.02,flag-reset=0.05,flag-lost=0.05,flag-slow=50ms@0.1"
)
FAULTS = [
    "stall=300ms@0.005",
    "disconnect=0.02,cut=0.02,stream-503=0.3",
    "garbage=0.1,ping=0.1,comment=0.1,named=0.2",
    "long=10MB@0.005",
    "unknown=0.3",
    "missing=0.3,wrong=0.2",
    "dup=0.2,reorder=20@0.2",
    "clock-back=1h@0.01",
    "flag-slow=50ms@0.1,flag-429=0.05,flag-503=0.05,flag-reset=0.1,flag-lost=0.1",
    ALL,
]


@pytest.mark.parametrize("what", FAULTS)
def test_every_event_is_answered_whatever_goes_wrong(
    transactions: Path, boosted: Path, tmp_path: Path, what: str
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        chosen = faults(what, timed=False)
        async with judging(transactions, faults=chosen) as running:
            options = options_of(running.port, boosted, ledger, stall=0.1, fallback=1)
            async with scoring(options) as live:
                assert_all_answered(await answered(running, live))
                figures = live.app.figures
            sent = ids_of(running, transactions)
        assert {one for (one,) in rows_of(ledger, "SELECT event_id FROM decisions")} == sent
        assert figures.decided + figures.fallbacks == len(sent)
        assert ("dup" in what) == (figures.duplicates > 0)
        assert ("ping" in what) == (figures.beats > 0)
        assert ("missing" in what) == (figures.fallbacks > 0)
        assert figures.fallbacks <= figures.unreadable
        assert ("garbage" in what or "long" in what) == (figures.quarantined > 0)
        for event_id, fallback, flagged, reason in rows_of(
            ledger,
            "SELECT decisions.event_id, fallback, flagged, reason FROM decisions "
            "JOIN quarantine USING (sequence)",
        ):
            assert event_id in sent
            assert reason
            # What no feature is computed from may be what it likes.
            harmless = reason.split(" ")[0] in {"city", "state", "zip", "job"}
            assert (fallback is None) == harmless
            assert harmless or (fallback, flagged) == ("unreadable", 1)

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_numbers_may_come_as_strings_and_ids_not_at_all(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with (
            judging(transactions, strings=True, ids=False) as running,
            scoring(options_of(running.port, boosted, ledger)) as live,
        ):
            assert_all_answered(await answered(running, live))
            assert live.app.figures.decided == 400
            assert live.ledger.stream_id is None

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_flags_of_fraud_alone_may_be_posted(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        ledger = tmp_path / "live.db"
        async with judging(transactions) as running:
            async with scoring(options_of(running.port, boosted, ledger, post="fraud")) as live:
                await live_until_decided(live, 400)
            posted = (await running.score())["flags"]["recorded"]
        assert 0 < posted == live.app.figures.flagged < 400

    run(test())


def test_what_cannot_be_posted_in_time_expires_on_the_record(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        ledger = tmp_path / "live.db"
        async with judging(transactions) as running:
            options = options_of(running.port, boosted, ledger, deadline=0.4)
            nowhere = replace(options, flag="http://127.0.0.1:9/api/flag")
            async with scoring(nowhere) as live:
                await live_until_decided(live, 400)
                await live.until(lambda: live.app.poster.figures.expired == 400)
        ends = rows_of(ledger, "SELECT count(*) FROM replies WHERE outcome = 'expired'")
        assert ends == [(400,)]
        assert rows_of(ledger, "SELECT count(*) FROM pending") == [(0,)]

    run(test())


async def live_until_decided(live: Live, count: int) -> None:
    await live.until(lambda: live.app.figures.decided >= count)
