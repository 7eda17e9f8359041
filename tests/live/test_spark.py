"""The live scorer on Spark: killed in mid-stream, all of it, and started again."""

import asyncio
import json
import os
import random
import signal
import sys
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from backends import why_no_spark
from engine.build.cli import main as build
from engine.catalog import notebook
from engine.clock import elapsed
from engine.errors import InputError
from engine.live_spark.lines import Line, written
from live.cases import until
from live.processes_of import Process, ended, started
from live.scoring import assert_all_answered, assert_as_replayed, decisions_of, ids_of, rows_of
from replay.job import replay
from replay.options import Options as ReplayOptions
from unit.build.cases import assert_same_bits, write
from unit.model.cases import simulated
from unit.replay.cases import recorded
from unit.replay.judge.cases import faults
from unit.replay.judge.clients import Running, judging

EVENTS = 1_000
KILLS = 2
PATIENCE = 600.0  # each start is one of Java and of Python's workers, on whatever machine


NO_SPARK = why_no_spark()
pytestmark = pytest.mark.skipif(NO_SPARK is not None, reason=str(NO_SPARK))


@pytest.fixture(scope="module")
def longer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("longer")
    return write(simulated(EVENTS, days=20, seed=11), folder / "log.csv")


def command(port: int, folder: Path, scores: Path, *more: str) -> list[str]:
    url = f"http://127.0.0.1:{port}"
    where = ("--stream", f"{url}/stream", "--flag", f"{url}/api/flag")
    ours = ("--outbox", str(folder / "outbox.db"), "--checkpoint", str(folder / "checkpoint"))
    rest = ("--run", str(scores), "--files", str(folder / "events"), "--master", "local[2]")
    pace = ("--most-files", "1", "--deadline", str(PATIENCE))
    return [sys.executable, "-m", "engine.live_spark", *where, *ours, *rest, *pace, *more]


def decided(outbox: Path) -> int:
    """How many decisions there are, as somebody else may ask at any time."""
    try:
        return int(rows_of(outbox, "SELECT count(*) FROM decisions")[0][0])
    except InputError:  # it is being made
        return 0


async def killed(process: Process) -> None:
    """End it and all that it has started, without a chance to do anything about it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def test_kills_in_mid_stream_lose_nothing_and_contradict_nothing(
    longer: Path, boosted: Path, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox.db"
    chance = random.Random(5)  # noqa: S311 - when to kill

    async def test() -> None:
        chosen = faults("dup=0.05,reorder=20@0.05,garbage=0.01", timed=True)
        options = {"rate": 400.0, "faults": chosen, "deadline": PATIENCE}
        async with asyncio.timeout(PATIENCE), judging(longer, **options) as running:
            words = command(running.port, tmp_path, boosted)
            for kill in range(KILLS):
                async with started(words) as process:
                    share = EVENTS * (kill + 1) // (KILLS + 2)
                    await until(lambda: decided(outbox) > share)  # noqa: B023 - waited for
                    await asyncio.sleep(chance.uniform(0.0, 1.0))
                    await killed(process)
                assert decided(outbox) < EVENTS
            async with started(words) as process:
                await until(lambda: running.judge.done(elapsed()))
                process.send_signal(signal.SIGTERM)
                code, said = await ended(process)
            assert code == 0, said
            assert_all_answered(await running.score())
            assert_posted_as_decided(running, longer, outbox)

    asyncio.run(test())
    assert len(assert_as_replayed(outbox, boosted, tmp_path)) == EVENTS


def assert_posted_as_decided(running: Running, log: Path, outbox: Path) -> None:
    flagged = dict(rows_of(outbox, "SELECT event_id, flagged FROM decisions"))
    assert set(flagged) == ids_of(running, log)
    assert rows_of(outbox, "SELECT count(*) FROM pending") == [(0,)]
    ids = pl.read_csv(log, separator="|", infer_schema=False)["trans_num"].to_list()
    assert dict(zip(ids, running.judge.book.value.tolist(), strict=True)) == flagged


def test_a_state_of_batch_goes_on_in_parts(longer: Path, boosted: Path, tmp_path: Path) -> None:
    half = EVENTS // 2
    log = pl.read_csv(longer, separator="|", infer_schema=False)
    state = tmp_path / "online.state"
    before = write(log[:half], tmp_path / "before" / "log.csv")
    words = [str(before), "--out", str(tmp_path / "built"), "--state", str(state), "--quiet"]
    assert build([*words, "--set", "notebook"]) == 0
    events = log[half:].drop("is_fraud").to_dicts()
    folder = tmp_path / "events"
    folder.mkdir()
    lines = [Line(place, place, json.dumps(one)) for place, one in enumerate(events)]
    for part in range(3):  # the last comes first
        name = f"events-{3 - part}.json"
        (folder / name).write_bytes(written(lines[part * 200 : (part + 1) * 200]))
    outbox = tmp_path / "outbox.db"
    options = ReplayOptions((str(longer),), boosted, tmp_path / "replayed")

    async def test() -> None:
        words = command(0, tmp_path, boosted, "--state", str(state), "--most-files", "3")
        flagging = words.index("--stream")
        words = words[:flagging] + words[flagging + 4 :]
        async with asyncio.timeout(PATIENCE), started(words) as one:
            await until(lambda: decided(outbox) == len(events))
            one.send_signal(signal.SIGINT)
            code, said = await ended(one)
            assert code == 0, said

    asyncio.run(test())
    replay(options)
    theirs = recorded(tmp_path / "replayed")[half:]
    ours = decisions_of(outbox, tmp_path / "decided")
    assert ours["event_id"].to_list() == theirs["event_id"].to_list()
    for one, other in ((ours, theirs), (ours.unnest("features"), theirs.unnest("features"))):
        names = [name for name in one.columns if name in {"score", "flagged", *notebook.names}]
        assert_same_bits(one.select(names), other.select(names))
