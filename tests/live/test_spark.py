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
from engine.live_spark.lines import NO_LINE, Line, written
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
        words = without_stream(tmp_path, boosted, "--state", str(state), "--most-files", "3")
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


def without_stream(folder: Path, scores: Path, *more: str) -> list[str]:
    """The command for files that a test writes itself."""
    words = command(0, folder, scores, *more)
    at = words.index("--stream")
    return words[:at] + words[at + 4 :]


def put(folder: Path, events: list[dict[str, str]], first: int, count: int, more: str = "") -> None:
    """Some events as a file, and lines that are none."""
    lines = [Line(place, 1, json.dumps(events[place])) for place in range(first, first + count)]
    partial = folder / f".{first}"
    partial.write_bytes(written(lines) + more.encode())
    partial.rename(folder / f"events-{first:04}.json")


async def refused(words: list[str]) -> str:
    async with started(words) as one:
        code, said = await ended(one)
    assert code == 2, said
    assert "Traceback" not in said
    return said


async def decided_in_all(words: list[str], outbox: Path, count: int) -> str:
    async with started(words) as one:
        await until(lambda: decided(outbox) == count or one.returncode is not None)
        if one.returncode is None:
            one.send_signal(signal.SIGTERM)
        code, said = await ended(one)
        assert code == 0, said
    return said


def open_to_others(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.stat().st_mode & 0o077]


def test_what_does_not_go_together_is_refused_and_what_others_may_not_see_is_hidden(
    longer: Path, boosted: Path, tmp_path: Path
) -> None:
    log = pl.read_csv(longer, separator="|", infer_schema=False)
    events = log.drop("is_fraud").to_dicts()
    outbox, folder = tmp_path / "outbox.db", tmp_path / "events"
    folder.mkdir()
    # A first start that was killed while it noted what the checkpoint is of.
    (tmp_path / "checkpoint" / "sentinelpos" / "_temporary").mkdir(parents=True)
    put(folder, events, 0, 20, 'not a line\n{"trans_num": "x"}\n')
    words = without_stream(tmp_path, boosted)

    async def test() -> None:
        async with asyncio.timeout(PATIENCE):
            await decided_in_all(words, outbox, 20)
            reasons = rows_of(outbox, "SELECT reason FROM quarantine ORDER BY sequence")
            assert reasons == [(NO_LINE,)] * 2
            assert open_to_others(tmp_path / "checkpoint" / "state") == []
            assert open_to_others(tmp_path / "checkpoint" / "offsets") == []
            put(folder, events, 20, 20)
            kept = outbox.read_bytes()
            said = await decided_in_all([*words, "--leap", "3d"], outbox, 40)
            assert "the state has its own" in said
            # What was decided on before is sure to be committed when more is.
            put(folder, events, 40, 20)
            await decided_in_all(words, outbox, 60)
            outbox.write_bytes(kept)
            put(folder, events, 60, 20)
            said = await refused(words)
            assert "older than this checkpoint (was at 22, and the checkpoint at " in said
            assert "hint: give both as they were left" in said
            elsewhere = [*words, "--files", str(tmp_path / "elsewhere")]
            assert f"was --files {folder}" in await refused(elsewhere)

    asyncio.run(test())
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".scratch-")]
