"""Live scorers in the loop of a test, and what their ledgers hold against what a replay says."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from engine.clock import elapsed
from engine.ledger.cli import main as ledger_main
from engine.live.app import App, Patience
from engine.live.ledger.reader import reading
from engine.live.ledger.writer import Ledger
from engine.live.observing import Observer
from engine.live.opening import Beginning, open_ledger, open_state
from engine.live.options import Options
from engine.live.outside import outside_of
from engine.live.posting import PosterOptions
from engine.live.serving import Nothing, Serve
from engine.model.loading import load_run
from engine.model.run import Run
from live.cases import QUICK, Heard, until
from replay.job import replay
from replay.options import Options as ReplayOptions
from unit.build.cases import assert_same_bits
from unit.replay.cases import recorded
from unit.replay.judge.cases import KEY
from unit.replay.judge.clients import Running

LEAP = 7 * 86_400
PATIENT = Patience(QUICK, PosterOptions(last=0.3, backoff=QUICK, cut_off=QUICK))


def options_of(port: int, run: Path, ledger: Path, **changes: Any) -> Options:  # noqa: ANN401
    url = f"http://127.0.0.1:{port}"
    usual: dict[str, Any] = {
        "stream": f"{url}/stream",
        "flag": f"{url}/api/flag",
        "key": KEY.decode(),
        "run": run,
        "ledger": ledger,
        "state": None,
        "warm": None,
        "accept_gap": False,
        "deadline": 30.0,
        "post": "all",
        "fallback": 0,
        "ca_file": None,
        "insecure": False,
        "api": None,
        "leap": LEAP,
        "stall": 60.0,
        "queue": 20_000,
        "batch": 512,
        "connections": 64,
        "snapshot_every": 1_000_000,
        "reasons": 3,
        "grace": 10.0,
    }
    return Options(**usual | changes)


@dataclass
class Live:
    """A live scorer at work."""

    app: App
    ledger: Ledger
    working: "asyncio.Task[None]"
    said: Heard = field(default_factory=Heard)

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for what it does; what it ends with before is raised."""
        await until(lambda: self.working.done() or done())
        if self.working.done():
            self.working.result()
            assert done()

    async def ended(self) -> None:
        """Have it end, and raise what it ends with."""
        self.app.stop()
        await self.working


@asynccontextmanager
async def scoring(
    options: Options,
    change: Callable[[Run], Run] = lambda run: run,
    serve: Serve = Nothing,
    observers: Sequence[Observer] = (),
) -> AsyncIterator[Live]:
    """A live scorer at work, ended with the block unless it has ended."""
    run, heard = change(load_run(options.run)), Heard()
    with open_ledger(run.features, options.ledger, options.leap) as ledger:
        beginning = Beginning(options.state, options.warm, options.leap, options.accept_gap)
        opened = open_state(run.features, ledger, beginning, heard)
        app = App(options, outside_of(options), run, ledger, opened, heard, observers, PATIENT)
        live = Live(app, ledger, asyncio.create_task(app.work(serve)), heard)
        try:
            yield live
        finally:
            app.stop()
            await asyncio.wait([live.working])
        live.working.result()


async def answered(running: Running, live: Live | None = None) -> dict[str, Any]:
    """Wait until all events are sent and flagged; the score then."""
    judge = running.judge

    if live is None:
        await until(lambda: judge.done(elapsed()))
    else:
        await live.until(lambda: judge.done(elapsed()))
    return await running.score()


def assert_all_answered(score: dict[str, Any]) -> None:
    events, flags = score["events"], score["flags"]
    assert score["response_rate"] == 1.0
    assert (events["expired"], events["pending"], events["to_send"]) == (0, 0, 0)
    assert events["on_time"] == events["sent"] > 0
    assert (flags["contradictory"], flags["late"], flags["not_found"]) == (0, 0, 0)


def rows_of(ledger: Path, sql: str) -> list[tuple[Any, ...]]:
    with reading(ledger) as reader:
        return reader.rows(sql)


def ids_of(running: Running, log: Path) -> set[str]:
    """The ids of what a judge has sent of a log whose ids are all different."""
    ids = pl.read_csv(log, separator="|", infer_schema=False)["trans_num"]
    return {one for number, one in enumerate(ids) if running.judge.book.is_sent(number)}


def decisions_of(ledger: Path, out: Path) -> pl.DataFrame:
    """What a model decided, in order, as replays record it."""
    assert ledger_main(["export", str(ledger), "--out", str(out), "--quiet"]) == 0
    return recorded(out)


def assert_as_replayed(ledger: Path, run: Path, folder: Path) -> pl.DataFrame:
    """What was decided live is what a replay of the same events decides, bit for bit."""
    log = folder / "arrived.parquet"
    assert ledger_main(["export", str(ledger), "--as", "log", "--out", str(log), "--quiet"]) == 0
    options = ReplayOptions((str(log),), run, folder / "replayed", order="arrival")
    replay(options)
    ours, theirs = decisions_of(ledger, folder / "decided"), recorded(folder / "replayed")
    shared = ["event_id", "event", "features", "score", "threshold", "flagged", "model"]
    for name in shared:
        one, other = ours.select(name), theirs.select(name)
        if name in {"event", "features"}:
            one, other = one.unnest(name), other.unnest(name)
        assert_same_bits(one, other)
    return ours
