"""Processes that are asked to end or killed at any instant: what is decided stands, once.

``LIVE_KILLS`` and ``LIVE_EVENTS`` make it longer, as ``make live-kill`` does.
"""

import asyncio
import os
import random
import signal
from pathlib import Path

import polars as pl
import pytest

from engine.clock import elapsed
from engine.live.ledger.snapshot_files import snapshots_of
from live.cases import until
from live.processes_of import command, ended, heard, started
from live.scoring import (
    assert_all_answered,
    assert_as_replayed,
    ids_of,
    options_of,
    rows_of,
    scoring,
)
from live.test_scoring import ALL
from processes import PATIENCE_SECONDS
from unit.build.cases import write
from unit.model.cases import simulated
from unit.replay.judge.cases import faults
from unit.replay.judge.clients import Running, judging, run

KILLS = int(os.environ.get("LIVE_KILLS", "4"))
EVENTS = int(os.environ.get("LIVE_EVENTS", "2000"))
RATE = 500.0 if EVENTS < 10_000 else 700.0
PATIENCE = PATIENCE_SECONDS + EVENTS / 50


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longer")
    return write(simulated(EVENTS, days=20, seed=11), folder / "log.csv")


def on_time(running: Running) -> int:
    return int((running.judge.book.value >= 0).sum())


def test_a_stop_decides_and_posts_what_has_come_and_the_next_start_goes_on(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions, rate=400.0) as running:
            words = command(running.port, boosted, ledger)
            async with started(words) as process:
                await until(lambda: on_time(running) > 50)
                process.send_signal(signal.SIGTERM)
                code, said = await ended(process)
            assert code == 0, said
            assert '"stopped"' in said
            decided = rows_of(ledger, "SELECT count(*) FROM decisions")[0][0]
            assert decided == on_time(running) >= 50
            assert rows_of(ledger, "SELECT count(*) FROM pending") == [(0,)]
            async with started(words) as process:
                await heard(process, f'"before": {decided}, "caught_up": 0')
                await until(lambda: running.judge.done(elapsed()))
                process.send_signal(signal.SIGINT)
                assert (await ended(process))[0] == 0
            assert_all_answered(await running.score())

    run(test())
    assert len(assert_as_replayed(ledger, boosted, tmp_path)) == 400


def test_a_key_that_is_not_taken_has_a_code_of_its_own(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        async with judging(transactions) as running:
            words = command(running.port, boosted, tmp_path / "live.db")
            async with started(words, key="other") as process:
                code, said = await ended(process)
        assert code == 3, said
        assert "--stream: the key is not taken" in said
        assert "hint: set SENTINELPOS_API_KEY" in said
        assert "other" not in said

    run(test())


def test_kills_at_any_instant_lose_nothing_and_contradict_nothing(
    longer: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"
    chance = random.Random(7)  # noqa: S311 - when to kill

    async def test() -> None:
        chosen = faults(ALL, timed=True)
        options = {"rate": RATE, "faults": chosen, "deadline": PATIENCE}
        async with asyncio.timeout(PATIENCE), judging(longer, **options) as running:
            words = command(running.port, boosted, ledger, "--snapshot-every", "1000")
            for kill in range(KILLS):
                async with started(words) as process:
                    before = on_time(running)
                    share = EVENTS * (kill + 1) // (KILLS + 2)
                    await until(lambda: on_time(running) > max(before, share))  # noqa: B023 - waited for
                    await asyncio.sleep(chance.uniform(0.0, 0.3))
                    process.kill()
                    await process.wait()
            async with started(words) as process:
                await until(lambda: running.judge.done(elapsed()))
                process.send_signal(signal.SIGTERM)
                code, said = await ended(process)
            assert code == 0, said
            assert_all_answered(await running.score())
            sent, values = ids_of(running, longer), running.judge.book.value.tolist()
        decided = dict(rows_of(ledger, "SELECT event_id, flagged FROM decisions"))
        assert set(decided) == sent
        ids = pl.read_csv(longer, separator="|", infer_schema=False)["trans_num"].to_list()
        posted = {one: value for one, value in zip(ids, values, strict=True) if value >= 0}
        assert posted == decided
        assert rows_of(ledger, "SELECT count(*) FROM pending") == [(0,)]

    asyncio.run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_recovery_is_the_same_from_any_snapshot_and_from_none(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions, rate=4_000.0) as running:
            options = options_of(running.port, boosted, ledger)
            for share in (100, 200, 300):
                async with scoring(options) as live:
                    await until(lambda: live.ledger.next_sequence > share)  # noqa: B023 - waited for
                created = live.ledger.created
            found = snapshots_of(ledger, created)
            assert len(found) == 2  # the newest two
            found[0].path.write_bytes(b"damaged")
            async with scoring(options) as live:
                said = dict(live.said.said)
                assert said["snapshot passed over"]["before"] == found[0].before
                assert said["state ready"]["before"] == found[1].before
                await asyncio.sleep(0.05)
            for one in snapshots_of(ledger, created):
                one.path.unlink()
            async with scoring(options) as live:
                assert dict(live.said.said)["state ready"]["before"] == 0
                await until(lambda: running.judge.done(elapsed()))
            assert_all_answered(await running.score())

    run(test())
    assert len(assert_as_replayed(ledger, boosted, tmp_path)) == 400
