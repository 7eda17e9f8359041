"""What fails around the scorer: the disk, the ledger, the model, keys, clocks. Nothing is lost."""

import asyncio
import json
import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.errors import InputError, OutputError
from engine.live.errors import KeyRejectedError
from engine.live.options import Options
from engine.model.kinds import Floats
from engine.model.loading import load_run
from engine.model.run import MANIFEST, Run
from live.scoring import (
    Live,
    answered,
    assert_all_answered,
    assert_as_replayed,
    options_of,
    rows_of,
    scoring,
)
from unit.replay.judge.clients import judging, run

COUNT = 400


def troubled(live: Live, what: str) -> bool:
    return any(one.startswith(what) for one in live.app.health().troubles)


def test_a_full_disk_holds_events_up_and_loses_none(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions, rate=2_000.0) as running:
            options = options_of(running.port, boosted, ledger, batch=16)
            async with scoring(options) as live:
                connection = live.ledger._connection
                pages = connection.execute("PRAGMA page_count").fetchone()[0]
                connection.execute(f"PRAGMA max_page_count = {pages + 12}")
                await live.until(lambda: troubled(live, "ledger"))
                health = live.app.health()
                assert not health.ready
                assert "database or disk is full" in health.troubles[0]
                decided = rows_of(ledger, "SELECT count(*) FROM decisions")[0][0]
                assert decided < COUNT
                # Nothing is posted that is not recorded.
                assert (await running.score())["events"]["on_time"] <= decided
                connection.execute("PRAGMA max_page_count = 1000000")
                assert_all_answered(await answered(running, live))
                assert live.app.health().ready
                assert live.app.figures.decided == COUNT

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_a_ledger_that_is_locked_holds_events_up_and_loses_none(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with (
            judging(transactions, rate=2_000.0) as running,
            scoring(options_of(running.port, boosted, ledger)) as live,
        ):
            live.ledger._connection.execute("PRAGMA busy_timeout = 20")
            with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
                while not troubled(live, "ledger"):
                    other.execute("BEGIN IMMEDIATE")
                    await asyncio.sleep(0.1)
                    other.execute("ROLLBACK")
                other.execute("BEGIN IMMEDIATE")
                await asyncio.sleep(0.2)
                other.execute("ROLLBACK")
            assert_all_answered(await answered(running, live))

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_a_stop_while_nothing_can_be_recorded_says_so_and_events_come_again(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions, rate=2_000.0) as running:
            options = options_of(running.port, boosted, ledger, batch=16, grace=0.1)
            with pytest.raises(OutputError, match="could not all be recorded"):
                await stopped_on_a_full_disk(options)
            async with scoring(options) as live:
                assert_all_answered(await answered(running, live))

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


async def stopped_on_a_full_disk(options: Options) -> None:
    async with scoring(options) as live:
        connection = live.ledger._connection
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 12}")
        await live.until(lambda: troubled(live, "ledger"))


@dataclass(frozen=True)
class Failing:
    """A model that fails of some rows, or gives of them what is no score."""

    model: Any
    how: str

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - of the model
        return getattr(self.model, name)

    def scores(self, values: Floats) -> Floats:
        bad = values[:, 0] % 3 == 0  # the age
        if self.how == "raises" and bad.any():
            raise ZeroDivisionError("division by zero")
        if self.how == "too few":
            return self.model.scores(values)[:-1]  # type: ignore[no-any-return]  # of the model
        return np.where(bad, np.nan, self.model.scores(values))


@pytest.mark.parametrize("how", ["raises", "nan", "too few"])
def test_a_model_that_fails_has_events_answered_all_the_same(
    transactions: Path, boosted: Path, tmp_path: Path, how: str
) -> None:
    ledger = tmp_path / "live.db"

    def failing(run: Run) -> Run:
        return replace(run, model=Failing(run.model, how))

    async def test() -> None:
        async with judging(transactions) as running:
            options = options_of(running.port, boosted, ledger, fallback=1)
            async with scoring(options, failing) as live:
                assert_all_answered(await answered(running, live))
                figures = live.app.figures
                assert figures.fallbacks > 50
                assert figures.fallbacks < COUNT or how == "too few"
                assert figures.decided + figures.fallbacks == COUNT
                assert troubled(live, "scoring")

    run(test())
    sql = "SELECT DISTINCT flagged, score, observed, event IS NULL, features IS NULL FROM decisions"
    assert rows_of(ledger, f"{sql} WHERE fallback = 'model failed'") == [(1, None, 1, 0, 0)]


@pytest.mark.parametrize("where", ["stream", "flag"])
def test_a_key_that_is_not_taken_ends_it(
    transactions: Path, boosted: Path, tmp_path: Path, where: str
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions) as running, judging(transactions, key=b"other") as other:
            options = options_of(running.port, boosted, ledger)
            url = f"http://127.0.0.1:{other.port}"
            paths = {"stream": f"{url}/stream", "flag": f"{url}/api/flag"}
            with pytest.raises(KeyRejectedError, match=f"--{where}: the key is not taken"):
                async with scoring(replace(options, **{where: paths[where]})) as live:
                    await asyncio.wait([live.working])

    run(test())
    # What was decided is not lost, and is posted by whoever has the key.
    decided, pending, refused = rows_of(
        ledger,
        "SELECT count(*), (SELECT count(*) FROM pending), "
        "(SELECT count(*) FROM replies WHERE outcome = 'refused') FROM decisions",
    )[0]
    assert decided == pending + refused
    assert (decided > 0) == (where == "flag")


def test_jumps_of_the_walls_clock_change_nothing(
    transactions: Path, boosted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = tmp_path / "live.db"
    real, jump = time.time_ns, [0]
    monkeypatch.setattr(time, "time_ns", lambda: real() + jump[0])

    async def test() -> None:
        async with (
            judging(transactions, rate=800.0) as running,
            scoring(options_of(running.port, boosted, ledger)) as live,
        ):
            for hours in (24, -24, 24 * 365, 0):
                await live.until(lambda: live.app.figures.decided > 20)
                live.app.figures.decided = 0
                jump[0] = hours * 3_600 * 10**9
            assert_all_answered(await answered(running, live))
            assert live.app.poster.figures.expired == 0

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_another_run_is_taken_up_without_losing_an_event(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger, current = tmp_path / "live.db", tmp_path / "current"
    again = tmp_path / "again"
    shutil.copytree(boosted, again)
    manifest = json.loads((again / MANIFEST).read_text())
    (again / MANIFEST).write_text(json.dumps(manifest | {"id": "again"}))
    current.symlink_to(boosted)

    async def test() -> None:
        async with (
            judging(transactions, rate=80.0) as running,
            scoring(options_of(running.port, current, ledger)) as live,
        ):
            live.app._models._look = 0.02
            await live.until(lambda: live.app.figures.decided > 20)
            led(current, tmp_path / "nothing")
            await live.until(lambda: troubled(live, "model"))
            led(current, again)
            await live.until(lambda: live.app.run.manifest["id"] == "again")
            assert not troubled(live, "model")
            switched = live.ledger.next_sequence
            assert_all_answered(await answered(running, live))
            assert 20 < switched < COUNT
        models = rows_of(ledger, "SELECT run_id, since FROM models ORDER BY model")
        assert [name for name, _ in models] == ["boosted", "again"]
        decided = rows_of(ledger, "SELECT model, count(*), max(sequence) FROM decisions GROUP BY 1")
        assert [number for number, *_ in decided] == [1, 2]
        assert sum(count for _, count, _ in decided) == COUNT
        assert decided[0][2] < models[1][1] <= decided[0][2] + 1

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def led(current: Path, run: Path) -> None:
    aside = current.with_name("aside")
    aside.symlink_to(run)
    aside.replace(current)


def test_a_run_that_was_tampered_with_is_refused_and_the_other_goes_on(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger, current, bad = tmp_path / "live.db", tmp_path / "current", tmp_path / "bad"
    shutil.copytree(boosted, bad)
    (bad / "model.txt").write_bytes((bad / "model.txt").read_bytes() + b"\n")
    with pytest.raises(InputError, match="not the file that was trained"):
        load_run(bad)
    current.symlink_to(boosted)

    async def test() -> None:
        async with (
            judging(transactions, rate=300.0) as running,
            scoring(options_of(running.port, current, ledger)) as live,
        ):
            live.app._models._look = 0.02
            await live.until(lambda: live.app.figures.decided > 20)
            led(current, bad)
            await live.until(lambda: troubled(live, "model"))
            assert_all_answered(await answered(running, live))
            warned = [what for what, _ in live.said.said if what.startswith("model")]
            assert warned == ["model: trouble"]  # once
            assert live.app.health().ready
            assert live.app.figures.decided == COUNT

    run(test())
    assert_as_replayed(ledger, boosted, tmp_path)


def test_features_that_fail_have_the_event_answered_and_the_work_goes_on(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    ledger = tmp_path / "live.db"

    async def test() -> None:
        async with judging(transactions, rate=2_000.0) as running:
            options = options_of(running.port, boosted, ledger, fallback=1)
            async with scoring(options) as live:
                online = live.app._scorer.online
                observe = online._observe

                def failing(state: Any, row: tuple[Any, ...]) -> Any:  # noqa: ANN401 - of the state
                    if row[0].endswith("7"):
                        raise ZeroDivisionError(f"of {row}")
                    return observe(state, row)

                online._observe = failing  # type: ignore[method-assign] # that is the defect
                assert_all_answered(await answered(running, live))
                figures = live.app.figures
                assert figures.fallbacks == figures.unreadable > 5
                assert figures.decided + figures.fallbacks == COUNT
                said = [more["why"] for what, more in live.said.said if what == "scoring: trouble"]
                assert said
                assert all("ZeroDivisionError in failing" in str(one) for one in said)

    run(test())
    failed = "SELECT event_id FROM decisions WHERE event_id LIKE '%7' ORDER BY sequence"
    assert rows_of(ledger, failed) == rows_of(
        ledger, "SELECT event_id FROM quarantine ORDER BY sequence"
    )
    sql = "SELECT DISTINCT flagged, score, observed, event IS NULL, features IS NULL FROM decisions"
    assert rows_of(ledger, f"{sql} WHERE fallback = 'features failed'") == [(1, None, 0, 0, 1)]
    ((reason,),) = rows_of(ledger, "SELECT DISTINCT reason FROM quarantine")
    assert reason.startswith("features cannot be computed (was ZeroDivisionError in failing:")


def test_a_lost_stream_is_among_the_troubles(
    transactions: Path, boosted: Path, tmp_path: Path
) -> None:
    async def test() -> None:
        async with (
            judging(transactions, rate=50.0) as running,
            scoring(options_of(running.port, boosted, tmp_path / "live.db")) as live,
        ):
            await live.until(lambda: live.app.figures.decided > 0)
            assert not troubled(live, "stream")
            await running.judge.server.close()
            await live.until(lambda: troubled(live, "stream"))
            assert live.app.health().ready

    run(test())
